"""Commands that cannot do what they are asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from lstmir.tools.lstmir import main


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """The status and the message of a command that must leave the current folder as it is."""
    before = sorted(Path.cwd().rglob("*"))
    status = main(words)
    assert sorted(Path.cwd().rglob("*")) == before
    output = capsys.readouterr()
    assert output.out == ""
    lines = [line for line in output.err.splitlines() if not line.startswith("... ")]
    return status, "\n".join(lines)
