"""Fewer operand bits: which operands become one, and what the function makes of those."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmir.numeric import FixedType, Overflow, Rounding
from lstmir.numeric.arrays import as_carrier, to_real
from lstmir.numeric.functions import FUNCTIONS, domain, evaluate
from lstmir.numeric.preimages import (
    MONOTONE,
    Reduction,
    integers_of,
    real_centres,
    real_values,
    results_behind,
)
from lstmir.numeric.rounding import requantize

FORMATS = st.builds(FixedType, st.booleans(), st.integers(1, 10), st.integers(-3, 9))
TARGETS = st.builds(FixedType, st.booleans(), st.integers(1, 20), st.integers(-3, 20))


@st.composite
def reductions(draw: st.DrawFn) -> Reduction:
    source = draw(FORMATS)
    signed = source.signed and draw(st.booleans())
    dropped = draw(st.integers(0, 9))
    return Reduction(source, FixedType(signed, draw(st.integers(1, 9)), source.frac - dropped))


def behind(reduction: Reduction, lo: int, hi: int) -> dict[int, list[int]]:
    """The operands of lo..hi behind each integer of the index, by the requantization itself."""
    operands = as_carrier(np.arange(lo, hi + 1), reduction.source)
    arguments = reduction.source, reduction.index, Rounding.FLOOR, Overflow.SATURATE
    found: dict[int, list[int]] = {}
    for operand, integer in zip(operands, requantize(operands, *arguments), strict=True):
        found.setdefault(int(integer), []).append(int(operand))
    return found


@given(reductions(), st.sampled_from(sorted(MONOTONE)))
def test_preimages_are_those_of_a_requantization(reduction: Reduction, name: str) -> None:
    lo, hi = domain(name, reduction.source)
    least, greatest = (ends.tolist() for ends in reduction.preimages(lo, hi))
    wanted = behind(reduction, lo, hi)
    for place, integer in enumerate(integers_of(reduction.index).tolist()):
        if integer in wanted:
            assert (least[place], greatest[place]) == (wanted[integer][0], wanted[integer][-1])
        assert lo <= least[place] <= hi
        assert lo <= greatest[place] <= hi


@given(reductions(), st.sampled_from(sorted(MONOTONE)), TARGETS)
def test_results_lie_between_two_of_them(
    reduction: Reduction, name: str, target: FixedType
) -> None:
    source, index = reduction.source, reduction.index
    found = results_behind(name, source, index, target)
    lo, hi = domain(name, source)
    worst = 0
    for integer, operands in behind(reduction, lo, hi).items():
        place = integer - index.min_int
        results = evaluate(name, as_carrier(operands, source), source, target).tolist()
        assert (min(results), max(results)) == (found.lows[place], found.highs[place])
        worst = max(worst, *(abs(result - int(found.centres[place])) for result in results))
    assert found.error(found.centres) >= worst
    assert found.error(found.centres) == int((found.highs - found.lows + 1).max() // 2)


@given(reductions(), st.sampled_from(sorted(MONOTONE)), TARGETS)
def test_half_of_the_results(reduction: Reduction, name: str, target: FixedType) -> None:
    index = reduction.index
    if index.width == 1:
        return
    coarser = FixedType(index.signed, index.width - 1, index.frac - 1)
    half = results_behind(name, reduction.source, index, target).halved()
    wanted = results_behind(name, reduction.source, coarser, target)
    assert half.index == coarser
    assert (half.lows.tolist(), half.highs.tolist()) == (
        wanted.lows.tolist(), wanted.highs.tolist(),
    )  # fmt: skip


def test_a_function_that_falls_somewhere_is_refused() -> None:
    byte = FixedType(True, 8, 4)
    assert set(FUNCTIONS) == MONOTONE | {"abs"}
    with pytest.raises(ValueError, match="'abs' is not monotone"):
        results_behind("abs", byte, byte, byte)


def test_a_finer_index_is_refused() -> None:
    with pytest.raises(ValueError, match="is finer than"):
        Reduction(FixedType(True, 8, 4), FixedType(True, 8, 5))


@pytest.mark.parametrize("name", sorted(MONOTONE))
@pytest.mark.parametrize("target", [FixedType(True, 8, 4), FixedType(False, 20, 18)])
def test_rounded_and_saturated_functions_never_fall(name: str, target: FixedType) -> None:
    source = FixedType(True, 12, 7)
    operands = np.arange(domain(name, source)[0], source.max_int + 1)
    assert (np.diff(evaluate(name, operands, source, target).astype(np.int64)) >= 0).all()


def test_real_values_are_in_last_places() -> None:
    source, index, target = FixedType(True, 8, 4), FixedType(True, 6, 2), FixedType(False, 8, 8)
    values = real_values("sigmoid", integers_of(source), source, target)
    exact = 256 / (1 + np.exp(-to_real(integers_of(source), source)))
    assert np.allclose(values, exact.clip(0, 255))
    ends = values.reshape(-1, 4)
    assert np.allclose(
        real_centres("sigmoid", source, index, target), (ends[:, 0] + ends[:, -1]) / 2
    )
