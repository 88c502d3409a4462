"""Real functions on fixed-point numbers, correctly rounded: the exact value to the nearest integer.

A float64 estimate decides nearly every element. Where it comes within its error margin of a
rounding boundary, a rational enclosure decides (see `enclosures`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lstmir.numeric import enclosures
from lstmir.numeric.arrays import to_real
from lstmir.numeric.carriers import INT64, OBJECT, IntArray, cast_ints
from lstmir.numeric.fixed import FixedType
from lstmir.numeric.modes import Overflow, Rounding
from lstmir.numeric.rounding import fit, requantize

FloatArray = NDArray[np.float64]

MARGIN = 2.0**-45
"""The relative error that no float64 form here reaches.

Each is a handful of operations and library calls that err by a few units of 2**-53: 256 such
units leave room for any sane mathematical library.
"""

MAX_TABLE_WIDTH = 16
"""The widest source of a table, in bits."""


@dataclass(frozen=True, slots=True)
class IntegerFunction:
    """A function that maps the integers of a format to integers of as many fraction bits."""

    real: Callable[[FloatArray], FloatArray]
    on_ints: Callable[[IntArray], IntArray]

    def evaluate(self, ints: IntArray, source: FixedType, target: FixedType) -> IntArray:
        """See `evaluate`; the results are never negative."""
        magnitudes = self.on_ints(cast_ints(ints, INT64 if source.width < 64 else OBJECT))
        unsigned = FixedType(False, source.width, source.frac)
        return requantize(magnitudes, unsigned, target, Rounding.HALF_EVEN, Overflow.SATURATE)


@dataclass(frozen=True, slots=True)
class RoundedFunction:
    """A function whose values must be rounded: its float64 form, and the enclosure that decides."""

    real: Callable[[FloatArray], FloatArray]
    enclose: enclosures.Enclose
    needs_nonnegative: bool = False

    def evaluate(self, ints: IntArray, source: FixedType, target: FixedType) -> IntArray:
        """See `evaluate`."""
        array = cast_ints(ints, OBJECT if source.width > 63 else INT64)
        if self.needs_nonnegative and np.any(array < 0):
            raise ValueError("a negative number has no real logarithm or square root")
        flat = array.reshape(-1)
        if not _float64_holds(source, target):
            return self._decide(flat, source, target).reshape(array.shape)
        scaled = self._estimate(flat, source, target)
        nearest = np.rint(scaled)
        rounded = fit(nearest.astype(np.int64), target, Overflow.SATURATE)
        doubtful = 0.5 - np.abs(scaled - nearest) <= MARGIN * np.abs(scaled)
        rounded[doubtful] = self._decide(flat[doubtful], source, target)
        return rounded.reshape(array.shape)

    def _estimate(self, ints: IntArray, source: FixedType, target: FixedType) -> FloatArray:
        """The values in units of the target's last place, cut just outside its range."""
        with np.errstate(all="ignore"):
            scaled = np.ldexp(self.real(to_real(ints, source)), target.frac)
        return scaled.clip(target.min_int - 1, target.max_int + 1)

    def _decide(self, ints: IntArray, source: FixedType, target: FixedType) -> IntArray:
        unique, places = np.unique(ints, return_inverse=True)
        unit = Fraction(2) ** -source.frac
        decided = [
            enclosures.nearest(self.enclose, int(integer) * unit, target.frac) for integer in unique
        ]
        return fit(np.array(decided, OBJECT)[places], target, Overflow.SATURATE)


def evaluate(name: str, ints: IntArray, source: FixedType, target: FixedType) -> IntArray:
    """The exact real value at each of the integers, rounded half to even to `target`, saturated.

    Any shape, of format `source`; the result is in the carrier of `target`. The logarithm of 0
    saturates. Raises ValueError for an unknown name, and for the logarithm or root of a negative.
    """
    return _function(name).evaluate(ints, source, target)


def table(name: str, source: FixedType, target: FixedType) -> IntArray:
    """The values at every integer of `source`, addressed by its bit pattern: [2**width].

    A signed source counts 0..max, then min..-1. Raises ValueError as `evaluate` does, and for a
    source wider than 16 bits.
    """
    if source.width > MAX_TABLE_WIDTH:
        raise ValueError(f"a table's source has at most {MAX_TABLE_WIDTH} bits, not {source.width}")
    addresses = np.arange(1 << source.width)
    sign_bit = -source.min_int
    return evaluate(name, (addresses ^ sign_bit) - sign_bit, source, target)


def domain(name: str, source: FixedType) -> tuple[int, int]:
    """The least and the greatest integer of a format at which the function has a value."""
    function = _function(name)
    cut = isinstance(function, RoundedFunction) and function.needs_nonnegative
    return (0 if cut else source.min_int), source.max_int


def real(name: str, x: ArrayLike) -> FloatArray:
    """The function on doubles, any shape, stable at both ends; ValueError for an unknown name."""
    with np.errstate(all="ignore"):
        return _function(name).real(np.asarray(x, np.float64))


def _function(name: str) -> IntegerFunction | RoundedFunction:
    if name not in FUNCTIONS:
        raise ValueError(f"unknown function '{name}'; there are {', '.join(sorted(FUNCTIONS))}")
    return FUNCTIONS[name]


def _float64_holds(source: FixedType, target: FixedType) -> bool:
    """Whether float64 has every source value, and every rounding boundary, well inside it."""
    fracs = max(abs(source.frac), abs(target.frac))
    return source.width <= 53 and target.width <= 52 and fracs <= 450


def _sigmoid(x: FloatArray) -> FloatArray:
    small = np.exp(-np.abs(x))
    return np.where(x < 0, small, 1.0) / (1.0 + small)


def _softplus(x: FloatArray) -> FloatArray:
    return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))


def _elu(x: FloatArray) -> FloatArray:
    return np.where(x < 0, np.expm1(np.minimum(x, 0.0)), x)


def _softsign(x: FloatArray) -> FloatArray:
    return x / (1.0 + np.abs(x))


def _relu(x: FloatArray) -> FloatArray:
    return np.maximum(x, 0.0)


def _relu_ints(ints: IntArray) -> IntArray:
    return np.maximum(ints, 0)


FUNCTIONS: dict[str, IntegerFunction | RoundedFunction] = {
    "abs": IntegerFunction(np.abs, np.abs),
    "elu": RoundedFunction(_elu, enclosures.elu),
    "exp": RoundedFunction(np.exp, enclosures.exp),
    "log": RoundedFunction(np.log, enclosures.log, needs_nonnegative=True),
    "relu": IntegerFunction(_relu, _relu_ints),
    "sigmoid": RoundedFunction(_sigmoid, enclosures.sigmoid),
    "softplus": RoundedFunction(_softplus, enclosures.softplus),
    "softsign": RoundedFunction(_softsign, enclosures.softsign),
    "sqrt": RoundedFunction(np.sqrt, enclosures.sqrt, needs_nonnegative=True),
    "tanh": RoundedFunction(np.tanh, enclosures.tanh),
}
