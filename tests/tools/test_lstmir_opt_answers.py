"""What `lstmir-opt` says of itself."""

from __future__ import annotations

import subprocess
import sys

import pytest

from lstmir import dialects, passes
from lstmir.ir.definition import DEFINITIONS
from lstmir.pipeline.passes import PASSES
from lstmir.tools.lstmir_opt import main
from tests.tools.opt_input import Capture

dialects.load()
passes.load()


def test_passes_and_dialects(capsys: Capture) -> None:
    assert main(["--list-passes"]) == 0
    listed = [line.split()[:2] for line in capsys.readouterr().out.splitlines()]
    assert listed[:2] == [["canonicalize", "exact"], ["cse", "exact"]]
    assert main(["--pass-help", "fold-constants"]) == 0
    assert "limit  an integer (default 1048576)" in capsys.readouterr().out
    assert main(["--show-dialects"]) == 0
    assert "\narith: exact elementwise arithmetic" in capsys.readouterr().out


def test_help_has_a_line_for_each_pass(capsys: Capture) -> None:
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("usage: lstmir-opt [option ...] [--PASS[=OPTIONS] ...] [FILE]\n")
    said = " ".join(out.split("passes:\n")[1].split())
    for name, pass_class in PASSES.items():
        assert f"--{name} {pass_class.summary}" in said
    assert not any(line.endswith(" ") for line in out.splitlines())


def test_asking_for_help_does_not_load_the_compiler() -> None:
    script = (
        "import sys; from lstmir.tools.lstmir_opt import main; main(['--help']);"
        "sys.exit(any(name in sys.modules for name in ('networkx', 'numpy', 'lark')))"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True).returncode == 0


SHOWN = {
    "linalg.matvec": """linalg.matvec: {summary}

  operands  matrix, vector
  results   product

example:
  %y = linalg.matvec %w, %x : (tensor<9x32xf32>, tensor<32xf32>) -> tensor<9xf32>
""",
    "rnn.scan": """rnn.scan: {summary}

  operands  values (any number)
  results   values (any number)
  parts     (...), length (...), state (...), capture (...)
  region    one

attributes:
  direction  one of forward, reverse (may be absent)  how the input is read; absent for forward

example:
  %ys, %h = rnn.scan (%xt = %x) state (%hp = %h0) {{
    %ht = arith.add %xt, %hp : tensor<4xf32>
    rnn.yield state (%ht) emit (%ht) : tensor<4xf32>
  }} : (tensor<?x4xf32>, tensor<4xf32>) -> (tensor<?x4xf32>, tensor<4xf32>)
""",
}


@pytest.mark.parametrize("name", SHOWN)
def test_an_operation(name: str, capsys: Capture) -> None:
    assert main(["--show-op", name]) == 0
    assert capsys.readouterr().out == SHOWN[name].format(summary=DEFINITIONS[name].summary)


def test_every_operation_is_described(capsys: Capture) -> None:
    for name, definition in DEFINITIONS.items():
        assert main(["--show-op", name]) == 0
        out = capsys.readouterr().out
        assert out.startswith(f"{name}: {definition.summary}\n")
        said = [*definition.operands, *definition.results, *(a.name for a in definition.attributes)]
        assert all(word.rstrip("*?") in out for word in said)


def test_the_operations_of_a_dialect(capsys: Capture) -> None:
    assert main(["--show-op", "linalg"]) == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert listed == [name for name in DEFINITIONS if name.startswith("linalg.")]
