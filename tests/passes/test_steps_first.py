"""Steps that a model moves to another axis, for work on single elements and back, are no obstacle."""

from __future__ import annotations

import numpy as np
import pytest

from lstmir.interpreter.rtl import Clocked
from lstmir.interpreter.streams import encode
from lstmir.ir.types import element_of
from lstmir.numeric.fixed import FixedType
from lstmir.syntax.parser import parse_module
from tests.passes.levels import apply, bits, refusal

TEXT = """module @m attributes {form = "sample", interface = [
  {name = "x", kind = "input", dtype = "f32", shape = [-1, 3], time = 0},
  {name = "y", kind = "output", dtype = "f32", shape = [SIZES], time = TIME}
]} {
  func @main(%xs: tensor<?x3x!fx.s<6,3>>) -> RESULT {
    %w = tensor.constant @w : tensor<1x3x!fx.s<4,2>>
    %half = tensor.constant @half : tensor<1x!fx.s<4,3>>
    %ys = rnn.scan (%x = %xs) capture (%m = %w) {
      %y = linalg.matvec %m, %x : (tensor<1x3x!fx.s<4,2>>, tensor<3x!fx.s<6,3>>) -> tensor<1x!fx.s<11,5>>
      rnn.yield emit (%y) : tensor<1x!fx.s<11,5>>
    } : (tensor<?x3x!fx.s<6,3>>, tensor<1x3x!fx.s<4,2>>) -> tensor<?x1x!fx.s<11,5>>
    %moved = MOVE : (tensor<?x1x!fx.s<11,5>>) -> tensor<1x?x!fx.s<11,5>>
    %sum = arith.add %moved, %half : (tensor<1x?x!fx.s<11,5>>, tensor<1x!fx.s<4,3>>) -> tensor<1x?x!fx.s<12,5>>
    %low = fx.requantize %sum {rounding = "half_up", overflow = "saturate"} : (tensor<1x?x!fx.s<12,5>>) -> tensor<1x?x!fx.s<6,3>>
    %back = BACK : (tensor<1x?x!fx.s<6,3>>) -> RESULT
    return %back : RESULT
  }
}
{-# resources: {w: "0x0302fd", half: "0x04"} #-}
"""  # noqa: E501
RESHAPE, TRANSPOSE = "tensor.reshape %{}", "tensor.transpose %{} {{order = [1, 0]}}"
FLAT, COLUMN = ("-1", "0", "tensor<?x!fx.s<6,3>>"), ("-1, 1", "0", "tensor<?x1x!fx.s<6,3>>")


def text(move: str, back: str, sizes: str, time: str, result: str) -> str:
    changed = TEXT.replace("MOVE", move.format("ys"))
    changed = changed.replace("BACK", back.format("low")).replace("SIZES", sizes)
    return changed.replace("TIME", time).replace("RESULT", result)


@pytest.mark.parametrize(
    ("move", "back", "result"),
    [
        (RESHAPE, RESHAPE, FLAT),
        (TRANSPOSE, RESHAPE, FLAT),
        (TRANSPOSE, TRANSPOSE, COLUMN),
        (RESHAPE, TRANSPOSE, COLUMN),
    ],
)
def test_work_between_two_moves(move: str, back: str, result: tuple[str, str, str]) -> None:
    module = parse_module(text(move, back, *result))
    format_ = element_of(module.main.parameters[0].type)
    assert isinstance(format_, FixedType)
    data = np.random.default_rng(0).integers(-32, 31, (1, 6, 3), endpoint=True)
    wanted = bits(module, data).ravel().tolist()
    tiled = apply(module, "tile{macs=4},block-layout,schedule")
    assert bits(tiled, data).ravel().tolist() == wanted
    machine = Clocked(apply(tiled, "lower-to-rtl"))
    found = machine.run_streams(encode(data, format_), len(wanted))
    assert [beat[0] for beat in found.beats_out] == [word & 255 for word in wanted]


def test_steps_that_stay_behind_are_refused() -> None:
    module = parse_module(
        text(RESHAPE, RESHAPE, "1, -1", "1", "tensor<1x?x!fx.s<6,3>>"),
    )
    said = "tile: 'tensor.reshape' makes 'tensor<1x?x!fx.s<6,3>>' of steps: they must stay the first axis"
    assert refusal(module, "tile{macs=4}") == said
