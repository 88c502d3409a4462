"""The tables of the grammar are kept in the user's cache; whatever is there, texts are read."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

TEXT = "module @m {\n}\n"
PROGRAM = "import sys; from lstmir.tools.lstmir_opt import main; sys.exit(main())"


def _read(cache: Path) -> str:
    """What `lstmir-opt` prints of a text, with its cache in this folder."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "-"], input=TEXT, capture_output=True, text=True,
        env={**os.environ, "XDG_CACHE_HOME": str(cache)},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def _cut(tables: Path) -> None:
    tables.write_bytes(tables.read_bytes()[:2000])


def _without_folder(tables: Path) -> None:
    tables.unlink()
    tables.parent.rmdir()
    tables.parent.touch()


@pytest.mark.parametrize(
    "damage",
    [lambda tables: None, lambda tables: tables.write_bytes(b"junk\n"), _cut, _without_folder],
    ids=["kept", "junk", "cut", "no folder"],
)
def test_a_text_is_read_with_any_cache(damage: Callable[[Path], object], tmp_path: Path) -> None:
    assert _read(tmp_path) == TEXT
    tables = tmp_path / "lstmir" / "fast.lark.tables"
    assert tables.is_file()
    damage(tables)
    assert _read(tmp_path) == TEXT
