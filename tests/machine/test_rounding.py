"""Two roundings that are made one."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from lstmir.ir.builder import Builder
from lstmir.ir.module import Function, Module
from lstmir.ir.operation import Operation
from lstmir.ir.region import Region
from lstmir.numeric.fixed import FixedType
from lstmir.numeric.modes import Overflow, Rounding
from lstmir.numeric.rounding import requantize
from lstmir.passes.machine.rounding import halves_of, rounds_at_once

TYPES = st.builds(FixedType, st.booleans(), st.integers(2, 10), st.integers(-2, 8))
MODES = st.tuples(st.sampled_from(Rounding), st.sampled_from(Overflow))


def twice(types: list[FixedType], modes: list[tuple[Rounding, Overflow]]) -> list[Operation]:
    """Two requantizations, one behind the other."""
    region = Region([types[0]], ["x"])
    module = Module("m", {}, {"main": Function("main", region)})
    build, value, made = Builder(module, region), region.arguments[0], []
    for type_, (rounding, overflow) in zip(types[1:], modes, strict=True):
        value = build.value(
            "fx.requantize", value, type=type_, rounding=str(rounding), overflow=str(overflow)
        )
        made.append(value.op)
    return made


@given(st.lists(TYPES, min_size=3, max_size=3), st.lists(MODES, min_size=2, max_size=2))
def test_a_constant_and_one_rounding_give_the_same(
    types: list[FixedType], modes: list[tuple[Rounding, Overflow]]
) -> None:
    first, second = twice(types, modes)
    assume(rounds_at_once(first, second))
    source, inner, outer = types
    ints = np.arange(source.min_int, source.max_int + 1)
    word = requantize(ints, source, inner, *modes[0])
    index = requantize(word, inner, outer, *modes[1])
    total = ints + halves_of(first, second, has_first=False)
    wide = FixedType(True, source.width + 20, source.frac)
    once = requantize(total, wide, outer, Rounding.FLOOR, Overflow.SATURATE)
    assert (once == index).all()


def test_roundings_to_even_or_that_wrap_are_made_one_by_one() -> None:
    types = [FixedType(True, 12, 8), FixedType(True, 10, 6), FixedType(True, 6, 2)]
    plain = (Rounding.HALF_UP, Overflow.SATURATE)
    assert rounds_at_once(*twice(types, [plain, plain]))
    for other in ((Rounding.HALF_EVEN, Overflow.SATURATE), (Rounding.HALF_UP, Overflow.WRAP)):
        assert not rounds_at_once(*twice(types, [other, plain]))
        assert not rounds_at_once(*twice(types, [plain, other]))
    clipped = [FixedType(True, 12, 8), FixedType(True, 7, 6), FixedType(True, 8, 2)]
    assert not rounds_at_once(*twice(clipped, [plain, plain]))
