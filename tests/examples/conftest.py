"""Examples are run from the repository; nothing installs them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes `examples` importable while a test runs, however pytest was started.

    Behind all else: the root has folders whose names are no packages of anybody's.
    """
    monkeypatch.setattr(sys, "path", [*sys.path, str(ROOT)])
