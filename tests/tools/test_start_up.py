"""What `lstmir-opt` loads for a small file: only what that needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import sys
from lstmir.tools.lstmir_opt import main
assert main(sys.argv[1:]) == 0
print(*(name for name in ("numpy", "networkx", "rich", "pygments", "onnx") if name in sys.modules))
"""
PLAIN = """module @m {
  func @main(%x: f32) -> f32 {
    %y = arith.add %x, %x : f32
    return %y : f32
  }
}
"""


@pytest.mark.parametrize("arguments", [[], ["--cse"], ["--print-generic"], ["-p", "dce"]])
def test_a_small_file_takes_neither_arrays_nor_graphs(arguments: list[str], tmp_path: Path) -> None:
    path = tmp_path / "plain.lstmir"
    path.write_text(PLAIN)
    command = [sys.executable, "-c", SCRIPT, str(path), "-o", str(tmp_path / "out"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_what_is_needed_is_loaded(tmp_path: Path) -> None:
    """The check above would notice: constants take numpy."""
    path = tmp_path / "constant.lstmir"
    path.write_text(
        "module @m {\n  func @main() -> tensor<1xi1> {\n    %w = tensor.constant @w : tensor<1xi1>\n"
        '    return %w : tensor<1xi1>\n  }\n}\n{-# resources: {w: "0x00"} #-}\n'
    )
    command = [sys.executable, "-c", SCRIPT, str(path), "-o", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["numpy"]
