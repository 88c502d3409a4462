"""Real functions on fixed point: correctly rounded, whatever float64 does."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmir.numeric import FixedType, functions
from lstmir.numeric.arrays import as_carrier, carrier, to_real
from lstmir.numeric.functions import FUNCTIONS, MARGIN, RoundedFunction, evaluate, real, table

BYTE = FixedType(True, 8, 4)
SOURCES = st.builds(FixedType, st.booleans(), st.integers(1, 64), st.integers(-4, 70))
TARGETS = st.builds(FixedType, st.booleans(), st.integers(1, 64), st.integers(-4, 66))
DIGITS = 120


def in_decimal(name: str, x: Decimal) -> Decimal:
    """Textbook definitions, in the current precision."""
    if name == "sigmoid":
        return 1 / (1 + (-x).exp())
    if name == "tanh":
        return (x.exp() - (-x).exp()) / (x.exp() + (-x).exp())
    if name == "softplus":
        return (1 + x.exp()).ln()
    if name == "softsign":
        return x / (1 + abs(x))
    if name == "elu":
        return x if x > 0 else x.exp() - 1
    if name == "relu":
        return max(x, Decimal(0))
    return abs(x) if name == "abs" else getattr(x, {"log": "ln"}.get(name, name))()


def expected(name: str, integer: int, source: FixedType, target: FixedType) -> int:
    """The definition on one integer, in enough digits for every argument of these tests."""
    with localcontext(prec=DIGITS):
        y = in_decimal(name, Decimal(integer) / Decimal(2) ** source.frac)
    integer = round(Fraction(y) * Fraction(2) ** target.frac)
    return min(max(integer, target.min_int), target.max_int)


def domain(name: str, source: FixedType) -> FixedType:
    """The format, without a sign where the function has no negative arguments."""
    signed = source.signed and name not in ("log", "sqrt")
    return FixedType(signed, source.width, source.frac)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize(
    "target", [BYTE, FixedType(False, 8, 8), FixedType(True, 16, 14), FixedType(True, 6, -1)]
)
@pytest.mark.parametrize("frac", [0, 4, 7, 10])
def test_every_byte(name: str, frac: int, target: FixedType) -> None:
    source = domain(name, FixedType(True, 8, frac))
    entries = table(name, source, target).tolist()
    assert len(entries) == 256
    for address, entry in enumerate(entries):
        integer = address - 256 if address > source.max_int else address
        if (name, integer) != ("log", 0):
            assert entry == expected(name, integer, source, target), integer


@given(st.data(), st.sampled_from(sorted(FUNCTIONS)), SOURCES, TARGETS)
def test_any_format(data: st.DataObject, name: str, source: FixedType, target: FixedType) -> None:
    source = domain(name, source)
    # Up to |x| = 40 no result hides behind more than the reference's digits.
    limit = max(1, int(40 * Fraction(2) ** source.frac))
    inside = st.integers(max(source.min_int, -limit), min(source.max_int, limit))
    integers = data.draw(st.lists(inside.filter(lambda i: i != 0), min_size=1, max_size=5))
    result = evaluate(name, as_carrier(integers, source), source, target)
    assert result.dtype == carrier(target)
    assert result.tolist() == [expected(name, i, source, target) for i in integers]


@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
def test_a_sample_of_sixteen_bits(name: str) -> None:
    source, target = FixedType(True, 16, 12), FixedType(True, 18, 16)
    entries = table(name, source, target)
    for integer in range(source.min_int, source.max_int + 1, 37):
        assert entries[integer] == expected(name, integer, source, target)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_estimate_and_the_enclosure_agree(name: str) -> None:
    source = domain(name, FixedType(True, 10, 6))
    for target in (BYTE, FixedType(True, 24, 20)):
        with patch.object(functions, "_float64_holds", return_value=False):
            decided = table(name, source, target)
        assert np.array_equal(table(name, source, target), decided)


@pytest.mark.parametrize(
    "name", [name for name, f in FUNCTIONS.items() if isinstance(f, RoundedFunction)]
)
def test_float64_stays_far_inside_its_margin(name: str) -> None:
    random = np.random.default_rng(0)
    source = domain(name, FixedType(True, 53, 40))
    scales = random.integers(0, 50, 400)
    xs = to_real((random.integers(source.min_int, source.max_int, 400) >> scales) | 1, source)
    ys = real(name, xs)
    normal = (np.abs(ys) > 1e-300) & (np.abs(ys) < 1e300)
    assert normal.sum() > 300
    for x, y in zip(xs[normal].tolist(), ys[normal].tolist(), strict=True):
        with localcontext(prec=400):
            exact = in_decimal(name, Decimal(x))
            assert abs(Decimal(y) - exact) <= abs(exact) * Decimal(MARGIN / 32), x


def test_exact_values_are_rounded_as_ties() -> None:
    zero, whole = np.array([0]), FixedType(True, 8, 0)
    assert evaluate("sigmoid", zero, BYTE, whole).tolist() == [0]
    assert evaluate("sigmoid", zero, BYTE, FixedType(True, 8, 1)).tolist() == [1]
    assert evaluate("tanh", zero, BYTE, whole).tolist() == [0]
    assert evaluate("exp", zero, BYTE, FixedType(False, 8, -1)).tolist() == [0]
    assert evaluate("softsign", np.array([16, -16]), BYTE, whole).tolist() == [0, 0]
    # sqrt(2.25) = 1.5 and sqrt(0.25) = 0.5
    assert evaluate("sqrt", np.array([36, 4]), BYTE, whole).tolist() == [2, 0]
    assert evaluate("log", np.array([16]), BYTE, whole).tolist() == [0]


def test_a_hair_beside_a_tie() -> None:
    """The tanh(x) = x - x**3/3 + … of a tie lies below it, by far less than float64 can tell."""
    odd = np.array([1, 3, 5, -1, -3, 2**13 - 1])
    for frac in (42, 62, 400, 1000):
        source, target = FixedType(True, 16, frac + 1), FixedType(True, 16, frac)
        assert evaluate("tanh", odd, source, target).tolist() == [0, 1, 2, 0, -1, 2**12 - 1]
    # softplus(x) - x = exp(-x) > 0 lifts every tie, even where exp(-x) has thousands of digits.
    ties = np.array([2**40 + 1, 2**40 + 3])
    result = evaluate("softplus", ties, FixedType(True, 48, 1), FixedType(True, 48, 0))
    assert result.tolist() == [2**39 + 1, 2**39 + 2]


def test_the_ends_of_the_widest_formats() -> None:
    wide, small = FixedType(True, 1024, -1024), FixedType(True, 16, 8)
    ends = as_carrier([wide.min_int, -1, 0, 1, wide.max_int], wide)
    for name, results in {
        "sigmoid": [0, 0, 128, 256, 256],
        "tanh": [-256, -256, 0, 256, 256],
        "exp": [0, 0, 256, 32767, 32767],
        "softplus": [0, 0, 177, 32767, 32767],
        "elu": [-256, -256, 0, 32767, 32767],
        "softsign": [-256, -256, 0, 256, 256],
        "relu": [0, 0, 0, 32767, 32767],
        "abs": [32767, 32767, 0, 32767, 32767],
    }.items():
        assert evaluate(name, ends, wide, small).tolist() == results, name


def test_the_smallest_steps_of_the_finest_format() -> None:
    fine = FixedType(True, 1024, 1024)
    steps = as_carrier([-1, 1, 2], fine)
    for name in ("tanh", "elu", "softsign"):
        assert evaluate(name, steps, fine, fine).tolist() == [-1, 1, 2], name
    coarser = FixedType(True, 1000, 500)
    exponentials = evaluate("exp", steps, coarser, coarser).tolist()
    assert exponentials == [2**500 + step for step in (-1, 1, 2)]


def test_the_logarithm_of_zero_saturates() -> None:
    for target in (BYTE, FixedType(True, 64, 4)):
        assert evaluate("log", np.array([0]), BYTE, target).tolist() == [target.min_int]


@pytest.mark.parametrize("name", ["log", "sqrt"])
def test_what_is_not_real_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="a negative number has no real logarithm or square root"):
        evaluate(name, np.array([-1]), BYTE, BYTE)


def test_an_unknown_function_is_named() -> None:
    with pytest.raises(ValueError, match="unknown function 'gelu'; there are abs, elu, exp, log"):
        evaluate("gelu", np.array([0]), BYTE, BYTE)


def test_a_table_of_more_than_sixteen_bits_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 16 bits, not 17"):
        table("tanh", FixedType(True, 17, 8), BYTE)


def test_any_shape_is_kept() -> None:
    for shape in ((), (0,), (2, 0, 3), (2, 3)):
        for target in (FixedType(True, 8, 0), FixedType(False, 64, 0)):
            for name in FUNCTIONS:
                result = evaluate(name, np.zeros(shape, np.int64), BYTE, target)
                assert (result.shape, result.dtype) == (shape, carrier(target)), name


@pytest.mark.parametrize("name", FUNCTIONS)
def test_real_is_stable_at_both_ends(name: str) -> None:
    values = real(name, [-1e300, -1e3, 0.0, 1e3, 1e300])
    assert not np.isnan(values[2:]).any()
    if name not in ("log", "sqrt"):
        assert not np.isnan(values).any()
