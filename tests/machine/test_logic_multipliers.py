"""Multipliers of the array that are made of adders: the same products, and no multiplication."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmir.interpreter.rtl import Clocked
from lstmir.ir.diagnostics import UserError
from lstmir.ir.module import Module
from lstmir.numeric.fixed import FixedType
from tests.backends.verilog.blocks import multiplier
from tests.machine.machines import Machine
from tests.passes.levels import Recipe, apply
from tests.strategies.networks import Network

MACHINE = Machine(Network(), Recipe(), 16)


def clocked(left: FixedType, right: FixedType, stages: int) -> Clocked:
    module = multiplier(left, right, stages, in_logic=True)
    assert "arith.mul" not in {op.name for op in module.walk()}
    return Clocked(module)


def lowered(in_logic: int) -> Module:
    pipeline = MACHINE.pipeline.replace("lower-to-rtl", f"lower-to-rtl{{in-logic={in_logic}}}")
    return apply(MACHINE.recipe.fixed_point(MACHINE.network), pipeline)


def multiplied(design: Clocked, a: int, b: int, stages: int) -> int:
    """What comes out behind the registers, for numbers that stay."""
    for _ in range(stages + 2):
        found = design.step({"x0": a, "x1": b})
    return found["y0"]


@pytest.mark.parametrize(("left", "right"), [*product((True, False), repeat=2)])
def test_all_products_of_narrow_numbers(left: bool, right: bool) -> None:
    a, b = FixedType(left, 5, 0), FixedType(right, 3, 0)
    design = clocked(a, b, 0)
    for x, y in product(range(a.min_int, a.max_int + 1), range(b.min_int, b.max_int + 1)):
        assert multiplied(design, x, y, 0) == x * y


types = st.builds(FixedType, st.booleans(), st.integers(1, 20), st.just(0))


@given(types, types, st.data())
def test_products_of_any_numbers(left: FixedType, right: FixedType, data: st.DataObject) -> None:
    x, y = (data.draw(st.integers(t.min_int, t.max_int)) for t in (left, right))
    assert multiplied(clocked(left, right, 1), x, y, 1) == x * y


def test_an_array_of_both_kinds_keeps_the_bits_and_the_cycles() -> None:
    packets = [MACHINE.packet(steps, steps) for steps in (3, 1, 2)]
    module = lowered(5)
    counts = [
        sum(op.name == "arith.mul" for op in each.walk()) for each in (MACHINE.level_5, module)
    ]
    assert counts[0] - counts[1] == 5
    beats = [beat for packet in packets for beat in packet.beats]
    answers = [beat for packet in packets for beat in packet.answer]
    found = [
        design.run_streams(beats, len(answers)) for design in (MACHINE.clocked, Clocked(module))
    ]
    assert found[0].beats_out == found[1].beats_out == answers
    assert found[0].cycles_total == found[1].cycles_total


@pytest.mark.parametrize("count", [-1, 17])
def test_others_than_the_array_has_are_refused(count: int) -> None:
    with pytest.raises(UserError, match=rf"in-logic must be 0 to 16, .* not {count}"):
        lowered(count)
