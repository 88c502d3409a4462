"""The same arithmetic in APyTypes, an independent fixed-point library.

All its numbers are signed: an unsigned operand is there a signed one with a bit more, and unsigned
targets are left to the comparison with ap_fixed.
"""

from __future__ import annotations

from random import Random

import pytest
from apytypes import APyFixedArray, OverflowMode, QuantizationMode

from lstmir.numeric import FixedType, Overflow, Rounding
from lstmir.numeric.arrays import IntArray, add, as_carrier, multiply, negate, subtract
from lstmir.numeric.fixed import difference_type, negation_type, product_type, sum_type
from lstmir.numeric.rounding import requantize

# By APyTypes' own description of its modes: TRN rounds towards negative infinity, RND breaks ties
# towards positive infinity, RND_CONV to even; TRN_ZERO truncates the magnitude without bias
# (TRN_MAG, the cheaper circuit, adds the sign bit even to a number that is exact).
QUANTIZATION = {
    Rounding.FLOOR: QuantizationMode.TRN,
    Rounding.HALF_UP: QuantizationMode.RND,
    Rounding.HALF_EVEN: QuantizationMode.RND_CONV,
    Rounding.TOWARD_ZERO: QuantizationMode.TRN_ZERO,
}
OVERFLOW = {Overflow.SATURATE: OverflowMode.SAT, Overflow.WRAP: OverflowMode.WRAP}

LENGTH = 10


def random_format(random: Random) -> FixedType:
    """Any stored format, its binary point often outside it."""
    width = random.randint(1, 64)
    return FixedType(random.random() < 0.7, width, random.randint(-8, width + 8))


def random_ints(random: Random, type: FixedType) -> list[int]:
    """Both ends, and integers with any number of zeros below: many ties among them."""
    integers = [type.min_int, type.max_int]
    while len(integers) < LENGTH:
        zeros = random.randrange(type.width)
        integers.append(random.randint(type.min_int, type.max_int) >> zeros << zeros)
    return integers


def in_apytypes(integers: list[int], type: FixedType) -> APyFixedArray:
    """The same values as APyTypes' array."""
    return APyFixedArray(integers, bits=type.width + (not type.signed), frac_bits=type.frac)


def assert_same(result: IntArray, type: FixedType, theirs: APyFixedArray, case: object) -> None:
    """The values are the same, in formats that may differ in width."""
    assert theirs.frac_bits == type.frac, case
    mask = (1 << theirs.bits) - 1
    assert [int(integer) & mask for integer in result] == theirs.to_bits(), case


def compare_requantize(random: Random) -> None:
    """One random format to another."""
    source, target = random_format(random), random_format(random)
    target = FixedType(True, target.width, target.frac)
    rounding, overflow = random.choice(list(Rounding)), random.choice(list(Overflow))
    integers = random_ints(random, source)
    ours = requantize(as_carrier(integers, source), source, target, rounding, overflow)
    # APyTypes 0.5.1 computes a cast between formats of at most 64 bits in 64 bits, even where
    # the shift to the left or the rounding needs more: given that room first, it is exact.
    room = 2 + source.width + max(0, target.frac - source.frac)
    theirs = in_apytypes(integers, source).cast(bits=room, frac_bits=max(source.frac, target.frac))
    theirs = theirs.cast(
        bits=target.width,
        frac_bits=target.frac,
        quantization=QUANTIZATION[rounding],
        overflow=OVERFLOW[overflow],
    )
    assert_same(ours, target, theirs, (integers, source, target, rounding, overflow))


def compare_arithmetic(random: Random) -> None:
    """One random array with another: sum, difference, product and negation."""
    s, t = random_format(random), random_format(random)
    x, y = random_ints(random, s), random_ints(random, t)
    a, b = as_carrier(x, s), as_carrier(y, t)
    p, q = in_apytypes(x, s), in_apytypes(y, t)
    case = (x, s, y, t)
    exact = sum_type([s, t])
    assert_same(add([(a, s), (b, t)], exact), exact, p + q, case)
    exact = difference_type(s, t)
    assert_same(subtract(a, s, b, t, exact), exact, p - q, case)
    exact = product_type(s, t)
    assert_same(multiply(a, s, b, t, exact), exact, p * q, case)
    exact = negation_type(s)
    assert_same(negate(a, s, exact), exact, -p, case)


def campaign(seed: int, operations: int) -> None:
    """Half of the operations requantize, half are arithmetic."""
    random = Random(seed)
    for _ in range(operations // 2 // LENGTH):
        compare_requantize(random)
    for _ in range(operations // 2 // (4 * LENGTH)):
        compare_arithmetic(random)


def test_four_thousand_operations() -> None:
    campaign(seed=1, operations=4_000)


@pytest.mark.soak
def test_fifty_thousand_operations() -> None:
    campaign(seed=2, operations=50_000)
