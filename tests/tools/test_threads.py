"""Searches run on one thread, unless the environment says otherwise."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

_PROGRAM = """
import sys
from lstmir.tools.lstmir import main
assert "numpy" not in sys.modules
main([{command!r}, "none.onnx", "--data", "none.npz", "-o", "out.lstmir", *{words!r}])
import os
print(os.environ["OPENBLAS_NUM_THREADS"])
"""


@pytest.mark.parametrize(
    ("command", "words"), [("compress", ["--max-loss", "1"]), ("compile", ["--no-synthesis"])]
)
@pytest.mark.parametrize("given", [None, "3"])
def test_numpy_is_loaded_with_one_thread(command: str, words: list[str], given: str | None) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "OPENBLAS_NUM_THREADS"}
    if given is not None:
        environment["OPENBLAS_NUM_THREADS"] = given
    program = _PROGRAM.format(command=command, words=words)
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == (given or "1")
