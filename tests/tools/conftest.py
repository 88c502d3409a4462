"""A file of IR to work on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.opt_input import TEXT


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A module with an operation that nothing uses."""
    path = tmp_path / "m.lstmir"
    path.write_text(TEXT)
    return path
