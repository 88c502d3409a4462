"""What has no HLS C++, and how that is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from lstmir.backends.hls_cpp import print_design
from lstmir.ir.builder import Builder
from lstmir.ir.diagnostics import UserError
from lstmir.ir.types import I32, TensorType
from lstmir.numeric.fixed import FixedType

if TYPE_CHECKING:
    from tests.backends.hls_cpp.conftest import Small

MEMORY = "tensor<2x!fx.s<8,0>>"

AHEAD = "note: the HLS C++ printer reads the level that tile and block-layout make"

REFUSED = {
    "floats": (
        {"after": "%y = tensor.constant @half : tensor<2xf32>", "more": ', half: "0x0000003f0000003f"'},
        "'tensor.constant' works on tensor<2xf32>; HLS C++ has fixed-point and truth values",
    ),
    "unknown": (
        {"body": f"%c = tensor.gather %p {{axis = 0, indices = [1, 0]}} : ({MEMORY}) -> {MEMORY}"},
        "'tensor.gather' has no HLS C++",
    ),
    "level3": (
        {"body": f"%c = arith.neg %p : ({MEMORY}) -> tensor<2x!fx.s<9,0>>"},
        f"'arith.neg' works on one number at a time, not on {MEMORY}",
    ),
    "slice": (
        {"before": "%g = tensor.reshape %zero : (tensor<2x!fx.s<8,0>>) -> tensor<1x2x!fx.s<8,0>>\n"
         "%h = tensor.slice %g {axis = 1, start = 0, size = 1} : "
         "(tensor<1x2x!fx.s<8,0>>) -> tensor<1x1x!fx.s<8,0>>"},
        "'tensor.slice' is printed along the first axis, from a fixed start",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_has_no_hls_cpp(small: Small, case: str) -> None:
    words, message = REFUSED[case]
    with pytest.raises(UserError) as error:
        print_design(small(**words))
    first, *_, last = str(error.value).splitlines()
    assert first.startswith("small.lstmir:")
    assert first.endswith(f"error: {message}")
    assert last.strip() == AHEAD


def test_the_shape_of_a_result_is_nothing_on_a_stream(small: Small) -> None:
    shape = "tensor<1x2x!fx.s<8,0>>"
    after = f"%y = tensor.reshape %p : ({MEMORY}) -> {shape}"
    files = print_design(small(after=after, returned="y", result=shape))
    assert not any("reshape(" in text for name, text in files.items() if name.startswith("small"))


def test_an_unpacked_matrix_is_named(small: Small) -> None:
    body = (
        "%g = tensor.reshape %p : (tensor<2x!fx.s<8,0>>) -> tensor<2x1x!fx.s<8,0>>\n"
        "%n = tile.for index (%k) carry (%c = %p) capture (%m = %g) {\n"
        "%w = tile.fetch %m, %k, %k, %k {rows = 1, columns = 1, gates = 1} : "
        "(tensor<2x1x!fx.s<8,0>>, i32, i32, i32) -> tensor<1x1x!fx.s<8,0>>\n"
        f"tile.yield %c : {MEMORY}\n}} {{trip = 1}} : "
        f"({MEMORY}, tensor<2x1x!fx.s<8,0>>) -> {MEMORY}"
    )
    with pytest.raises(UserError, match="'tile\\.fetch' has no HLS C"):
        print_design(small(body=body, state="n"))


def test_a_network_without_a_recurrence(small: Small) -> None:
    made = small()
    region = made.main.region
    region.set_operands(region.end, [region.operations()[0].result])
    scan = next(op for op in region.operations() if op.name == "rnn.scan")
    region.erase(scan)
    with pytest.raises(UserError, match="a design runs a recurrence, this has none"):
        print_design(made)


def test_a_step_alone(small: Small) -> None:
    made = small()
    region = made.main.region
    Builder(made, region, before=region.end).value(
        "tensor.slice", region.arguments[0], axis=0, start=0, size=1
    )
    with pytest.raises(
        UserError, match=r"'tensor.slice' takes steps out of tensor<\?x2x!fx.s<8,0>>"
    ):
        print_design(made)


def test_another_input(small: Small) -> None:
    made = small()
    made.main.region.add_argument(TensorType((2,), FixedType(True, 8, 0)), "h0")
    with pytest.raises(UserError, match="a step of the input is a vector, not that of tensor<2x"):
        print_design(made)


def test_a_stream_has_no_length_but_its_own(small: Small) -> None:
    made = small()
    region = made.main.region
    scan = next(op for op in made.walk() if op.name == "rnn.scan")
    build = Builder(made, region, before=scan)
    three = build.constant(np.array([3]), TensorType((1,), I32), "three")
    length = build.value("tensor.reshape", three, type=I32)
    inputs, _, *others = scan.attributes["segments"]
    region.set_operands(scan, [*scan.operands[:inputs], length, *scan.operands[inputs:]])
    scan.attributes["segments"] = (inputs, 1, *others)
    with pytest.raises(UserError) as refused:
        print_design(made)
    said = {each.message for each in refused.value.diagnostics}
    assert "'tensor.reshape' is printed of arrays, not of a single number" in said
    assert "a recurrence runs to the end of its packet, not to a length" in said
