"""The verifier sees what only code can get wrong: text never comes this far."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from lstmir.ir.diagnostics import UserError
from lstmir.ir.module import Module
from lstmir.ir.operation import Operation
from lstmir.ir.types import F32, I1, TensorType
from lstmir.ir.verify import verify
from lstmir.syntax.parser import parse_module

TEXT = """module @m {
  func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
    %w = tensor.constant @w : tensor<2xf32>
    %a = arith.add %x, %w : tensor<2xf32>
    %b = arith.mul %a, %a : tensor<2xf32>
    %c = tile.for index (%i) carry (%s = %b) capture (%k = %x) {
      %n = arith.add %s, %k : tensor<2xf32>
      tile.yield %n : tensor<2xf32>
    } {trip = 2} : tensor<2xf32>
    return %c : tensor<2xf32>
  }
}
{-# resources: {
  w: "0x0000000000000000"
} #-}
"""


def op(module: Module, name: str) -> Operation:
    return next(found for found in module.walk() if found.name == name)


def loop(module: Module) -> None:
    a, b = op(module, "arith.add"), op(module, "arith.mul")
    a.parent.set_operands(a, [b.result, b.result])


def unended(module: Module) -> None:
    body = op(module, "tile.for").regions[0]
    body.erase(body.end)


def foreign_argument(module: Module) -> None:
    op(module, "tile.for").regions[0].add_argument(I1)


def lost_resource(module: Module) -> None:
    del module.resources["w"]


def resource_of_another_type(module: Module) -> None:
    module.resources["w"] = np.zeros(2, np.float64)


def no_region(module: Module) -> None:
    op(module, "tile.for").regions = ()


def result_too_many(module: Module) -> None:
    add = op(module, "arith.add")
    add.result_types.append(F32)
    add.result_names.append(None)


def bad_segments(module: Module) -> None:
    op(module, "tile.for").attributes["segments"] = (1, 7)


def no_trip(module: Module) -> None:
    del op(module, "tile.for").attributes["trip"]


def another_type(module: Module) -> None:
    op(module, "arith.mul").result_types[0] = TensorType((3,), F32)


CASES: dict[Callable[[Module], None], str] = {
    loop: "operations form a loop without a register or state in it",
    unended: "the region of 'tile.for' has no terminator",
    foreign_argument: "the region of 'tile.for' takes (i32, tensor<2xf32>, tensor<2xf32>, i1), "
    "expected (i32, tensor<2xf32>, tensor<2xf32>)",
    lost_resource: "there is no resource @w",
    resource_of_another_type: "resource @w holds float64[2], not tensor<2xf32>",
    no_region: "'tile.for' has 0 region(s), expected 1",
    result_too_many: "'arith.add' takes 1 result(s) (sum), got 2",
    bad_segments: "the 'segments' of 'tile.for' do not add up to its operands",
    no_trip: "'tile.for' needs the attribute 'trip'",
    another_type: "result 0 of 'arith.mul' is tensor<3xf32>, which does not hold every possible value: "
    "it needs tensor<2xf32>",
}


@pytest.mark.parametrize("damage", CASES, ids=lambda damage: damage.__name__)
def test_damage_is_seen(damage: Callable[[Module], None]) -> None:
    module = parse_module(TEXT)
    damage(module)
    with pytest.raises(UserError) as error:
        verify(module)
    assert error.value.diagnostics[0].message == CASES[damage]


def test_a_loop_in_a_body_is_seen() -> None:
    module = parse_module(TEXT)
    body = op(module, "tile.for").regions[0]
    add = body.end.operands[0].op
    body.set_operands(add, [add.result, add.result])
    with pytest.raises(UserError, match="operations form a loop"):
        verify(module)


def test_names_that_cannot_be_printed_are_refused() -> None:
    module = parse_module(TEXT)
    op(module, "tensor.constant").attributes["resource"] = "7up"
    module.name = "torch-jit"
    with pytest.raises(UserError) as error:
        verify(module)
    assert [d.message for d in error.value.diagnostics] == [
        "'torch-jit' is no name: it may have letters, digits, '_' and '.'",
        "'7up' is no name of a resource",
    ]
