"""Modules that somebody wrote or changed by hand, and that arrays cannot be fed to."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from tests.flow.refused import refused
from tests.flow.tiny import data, write_data

X = '{name = "x", kind = "input", dtype = "f32", shape = [3]}'
Y = '{name = "y", kind = "output", dtype = "f32", shape = [3]}'
WORDS = ["--feed", "feed.npz", "-o", "y.npz"]


def module(ports: str | None, functions: str = "main") -> str:
    attributes = "" if ports is None else f' attributes {{interface = [{ports}], form = "sample"}}'
    bodies = [
        f"  func @{name}(%x: tensor<3xf32>) -> tensor<3xf32> {{\n    return %x : tensor<3xf32>\n  }}"
        for name in functions.split()
    ]
    return "\n".join([f"module @m{attributes} {{", *bodies, "}\n"])


MODULES = {
    "no interface": (
        module(None),
        "1:8",
        "the module has no 'interface', so it does not say which arrays it takes and gives",
    ),
    "no main function": (
        module(f"{X}, {Y}", "a b"),
        "1:8",
        "the module has no main function: name one @main (its functions: @a, @b)",
    ),
    "no output": (module(X), "2:8", "the interface has 0 output(s), @main has 1"),
    "two inputs": (module(f"{X}, {X}, {Y}"), "2:8", "the interface has 2 input(s), @main has 1"),
    "an unknown dtype": (
        module(f"{X}, {Y}".replace("f32", "q7", 1)),
        "2:8",
        "the port 'x' has the dtype 'q7'; known are f16, f32, f64, i1, i32, i64",
    ),
    "another length": (
        module(f"{X}, {Y}".replace("[3]", "[4]", 1)),
        "2:8",
        "the input 'x' is [4] in the interface, and tensor<3xf32> in @main",
    ),
    "another rank": (
        module(f"{X}, {Y.replace('[3]', '[3, 1]')}"),
        "2:8",
        "the output 'y' is [3, 1] in the interface, and tensor<3xf32> in @main",
    ),
}


@pytest.mark.parametrize("case", MODULES)
def test_interfaces_that_are_not_those_of_the_function(
    case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text, place, message = MODULES[case]
    Path("m.lstmir").write_text(text)
    write_data(Path("feed.npz"), {"x": np.zeros(3, np.float32)})
    status, found = refused(capsys, "run", "m.lstmir", *WORDS)
    assert status == 1
    assert found.splitlines()[0] == f"m.lstmir:{place}: error: {message}"


STAGE = "out/stages/16-lower-to-rtl.lstmir"
DESIGNS = {
    "no format": (
        r", format = !fx.s<8,\d+>",
        "",
        "the interface has no format for the input 'x', so wires have no meaning",
    ),
    "a design that never answers": (
        r"rtl.next output \(%receiver_ready, (%\w+), %sender_valid,",
        r"rtl.next output (%receiver_ready, \1, %sender_is_error,",
        "@tiny: stopped in cycle ",
    ),
    "another result": (
        r"shape = \[-1, 2\]",
        "shape = [-1, 1]",
        "@tiny: the output is not in packets of 1 beats: the last ones are [1, 3, 5]",
    ),
}


@pytest.mark.usefixtures("out")
@pytest.mark.parametrize("case", DESIGNS)
def test_designs_that_give_no_results(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    pattern, replacement, message = DESIGNS[case]
    text, count = re.subn(pattern, replacement, Path(STAGE).read_text(), count=1)
    assert count == 1
    Path("m.lstmir").write_text(text)
    write_data(Path("feed.npz"), {"x": np.moveaxis(data()["x_test"], 0, 1)})
    status, found = refused(capsys, "run", "m.lstmir", *WORDS)
    assert status == 1
    assert re.fullmatch(rf"m.lstmir:2:\d+: error: {re.escape(message)}.*", found.splitlines()[0])
