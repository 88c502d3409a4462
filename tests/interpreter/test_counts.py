"""Counts, saturations, ranges and histograms, against numbers counted one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from math import floor, frexp

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmir.interpreter.counts import Count, Counts, Saturations, saturation_of_reals
from lstmir.interpreter.listeners import Histograms, Ranges, Several, Trace
from lstmir.interpreter.paths import value_paths
from lstmir.interpreter.run import run_samples
from lstmir.ir.module import Module
from lstmir.ir.operation import Value
from lstmir.numeric.fixed import FixedType
from lstmir.numeric.modes import Overflow, Rounding
from lstmir.syntax.parser import parse_module
from tests.strategies.modules import inputs_of, modules

SCAN = """module @m {
  func @main(%x: tensor<?x!fx.s<4,2>>, %s: !fx.s<4,2>) -> tensor<?x!fx.s<4,2>> {
    %ys, %h = rnn.scan (%xt = %x) state (%hp = %s) {
      %z = arith.add %xt, %hp : (!fx.s<4,2>, !fx.s<4,2>) -> !fx.s<5,2>
      %q = fx.requantize %z {rounding = "floor", overflow = "saturate"} : (!fx.s<5,2>) -> !fx.s<4,2>
      rnn.yield state (%q) emit (%q) : (!fx.s<4,2>, !fx.s<4,2>) -> ()
    } : (tensor<?x!fx.s<4,2>>, !fx.s<4,2>) -> (tensor<?x!fx.s<4,2>>, !fx.s<4,2>)
    return %ys : tensor<?x!fx.s<4,2>>
  }
}
"""
STEPS = [np.array([[7, 1, -8, -8], [7, 7, 7, -8]]), np.array([0, 1])]


def named(module: Module, path: str) -> Value:
    (value,) = [value for value, each in value_paths(module.main).items() if each == path]
    return value


def test_operations_are_counted_by_name() -> None:
    module, counts = parse_module(SCAN), Counts()
    run_samples(module, STEPS, counts)
    assert counts.counts == [
        Count("arith.add", 1, 4, 8), Count("fx.requantize", 1, 4, 8), Count("rnn.scan", 1, 1, 10),
    ]  # fmt: skip


def test_saturations_are_counted_at_their_operation() -> None:
    module = parse_module(SCAN)
    found = Saturations(module.main)
    run_samples(module, STEPS, found)
    ((value, each),) = found.found.items()
    assert value == named(module, "/%ys/%q")
    # 7, 8 > 7, -1, -9 < -8 of the first sample; 8 > 7, 14 > 7, 14 > 7, -1 of the second.
    assert (each.elements, each.below, each.above, each.outside) == (8, 1, 4, 5)


_ROUND: dict[Rounding, Callable[[Fraction], int]] = {
    Rounding.FLOOR: floor,
    Rounding.HALF_UP: lambda exact: floor(exact + Fraction(1, 2)),
    Rounding.HALF_EVEN: round,
    Rounding.TOWARD_ZERO: int,
}


@pytest.mark.parametrize("overflow", Overflow)
@pytest.mark.parametrize("rounding", Rounding)
@pytest.mark.parametrize("signed", [False, True])
def test_every_integer_of_a_format(signed: bool, rounding: Rounding, overflow: Overflow) -> None:
    source = FixedType(signed, 6, 3)
    integers = np.arange(source.min_int, source.max_int + 1)
    for target in (
        FixedType(s, w, f) for s in (False, True) for w in (1, 3, 8) for f in (-5, 0, 3, 60)
    ):
        module = parse_module(f"""module @m {{ func @m(%x: {source}) -> {target} {{
          %y = fx.requantize %x {{rounding = "{rounding}", overflow = "{overflow}"}} : ({source}) -> {target}
          return %y : {target} }} }}""")
        found = Saturations(module.main)
        run_samples(module, [integers], found)
        scaled = [Fraction(int(i)) * Fraction(2) ** (target.frac - source.frac) for i in integers]
        exact = [_ROUND[rounding](value) for value in scaled]
        each = found.found[named(module, "/%y")]
        assert each.elements == len(integers)
        assert each.below == sum(integer < target.min_int for integer in exact)
        assert each.above == sum(integer > target.max_int for integer in exact)


FORMATS = st.builds(FixedType, st.booleans(), st.integers(1, 64), st.integers(-10, 70))


@settings(max_examples=200, deadline=None)
@given(st.data(), FORMATS)
def test_reals_are_outside_if_their_rounded_integers_are(
    data: st.DataObject, type_: FixedType
) -> None:
    ends = [type_.min_int, type_.max_int]
    near = st.builds(
        lambda end, eighths: float(Fraction(8 * end + eighths, 8) / Fraction(2) ** type_.frac),
        st.sampled_from(ends), st.integers(-20, 20),
    )  # fmt: skip
    reals = data.draw(st.lists(near | st.floats(-1e9, 1e9), min_size=1, max_size=8))
    integers = [round(Fraction(real) * Fraction(2) ** type_.frac) for real in reals]
    each = saturation_of_reals(np.array(reals), type_)
    assert each.elements == len(reals)
    assert each.below == sum(integer < type_.min_int for integer in integers)
    assert each.above == sum(integer > type_.max_int for integer in integers)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(modules(level=2) | modules(level=3), st.integers(0, 99))
def test_ranges_and_histograms_are_those_of_the_trace(module: Module, seed: int) -> None:
    values = value_paths(module.main)
    ranges, histograms, trace = Ranges(), Histograms(), Trace(values)
    with np.errstate(all="ignore"):
        run_samples(module, inputs_of(module, seed, 2), Several([ranges, histograms, trace]))
    for value in values:
        array = trace.array(value, 2)
        if array is None or not array.size or not np.isfinite(array).all():
            continue
        assert ranges.found[value] == (float(array.min()), float(array.max()))
        magnitudes = np.abs(array.astype(np.float64)).ravel().tolist()
        keys = {None if m == 0 else frexp(m)[1] - 1 for m in magnitudes}
        assert {key for key, count in histograms.found[value].items() if count} == keys


def test_a_histogram_counts_by_powers_of_two() -> None:
    module = parse_module(SCAN)
    value = named(module, "/%x")
    histograms = Histograms(frozenset([value]))
    run_samples(module, STEPS, histograms)
    # 7/4 (four times), 1/4, and -2 (three times)
    assert histograms.found == {value: Counter({0: 4, -2: 1, 1: 3, None: 0})}


def test_nan_is_not_lost_in_a_range() -> None:
    module = parse_module("module @m { func @main(%x: f32) -> f32 { return %x : f32 } }")
    (value,) = module.main.parameters
    ranges = Ranges()
    for array in ([1.0, 2.0], [np.nan, 0.0], [3.0, 3.0]):
        ranges.see(value, np.array(array))
    assert all(map(np.isnan, ranges.found[value]))
