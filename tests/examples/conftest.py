"""Examples are run from the repository; nothing installs them."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes `examples` and `benchmarks` importable while a test runs, however pytest was started.

    In front of all else: installed packages may have such names, as xdsl has `benchmarks`.
    """
    monkeypatch.syspath_prepend(ROOT)
