"""Ctrl-C: exit status 130, and nothing is left of what was begun."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

# A shell that runs the tests in the background has told them to ignore the signal.
PROGRAM = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from lstmir.tools.lstmir import main
sys.exit(main())
"""

WORDS = ["compile", "tiny.json", "--data", "tiny.npz", "--macs", "4", "-o", "build/out"]
STEPS = [
    "compressing",
    pytest.param("compiling the HLS C++", marks=pytest.mark.needs("g++", "hls4ml")),
    pytest.param("building a simulator", marks=pytest.mark.needs("g++", "verilator")),
]


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("step", STEPS)
def test_nothing_is_left(step: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    before = sorted(Path.cwd().rglob("*"))
    scratch = tmp_path_factory.mktemp("scratch")
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *WORDS],
        env={**os.environ, "TMPDIR": str(scratch)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    while step not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert errors.splitlines()[-1] == "interrupted"
    assert "Traceback" not in errors
    assert output == ""
    assert sorted(Path.cwd().rglob("*")) == before
    assert list(scratch.iterdir()) == []
