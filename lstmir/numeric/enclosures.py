"""Rational enclosures of real functions, as narrow as asked: what decides a rounding for certain.

An enclosure of f(x) is a pair of fractions: an OPEN interval with f(x) inside, or f(x) twice where
it is rational. By Lindemann and Weierstrass, exp, log and what is made of them here are irrational
at every rational x except the points that are returned exactly, so a narrow enough enclosure never
straddles a rounding boundary, and `nearest` ends. (Decimal's exp and ln are correctly rounded, as
the General Decimal Arithmetic specification asks.)
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_EVEN, Context, Decimal, getcontext, localcontext
from fractions import Fraction
from math import isqrt

from lstmir.numeric.fixed import MAX_FRAC, MAX_WIDTH

Enclosure = tuple[Fraction, Fraction]
"""Both ends of an open interval, or one rational value twice."""

Enclose = Callable[[Fraction, int], Enclosure]
"""The enclosure of a function at x, to a relative width of about 10**-digits."""

FAR = 2 * MAX_FRAC
"""From this |x| on, exp(-|x|) is far below half the last place of every format."""

BEYOND = Fraction(1 << 2 * (MAX_WIDTH + MAX_FRAC))
"""A value that saturates every format."""

TINY = Fraction(1, 1 << FAR)

HALF = Fraction(1, 2)


def nearest(enclose: Enclose, x: Fraction, frac: int) -> int:
    """The integer nearest to f(x) * 2**frac, a tie to even: correctly rounded, not saturated."""
    scale = Fraction(2) ** frac
    digits = 30
    while True:
        lo, hi = (end * scale for end in enclose(x, digits))
        integer = round((lo + hi) / 2)
        if lo == hi or (integer - HALF <= lo and hi <= integer + HALF):
            return integer
        digits *= 2


def exp(x: Fraction, digits: int) -> Enclosure:
    """The exponential function."""
    if x == 0:
        return _point(Fraction(1))
    if abs(x) > FAR:
        return _point(BEYOND) if x > 0 else (Fraction(0), TINY)
    with _precision(digits + 5):
        return _ball(_decimal(x).exp(), digits)


def log(x: Fraction, digits: int) -> Enclosure:
    """The natural logarithm of x >= 0; that of 0 lies below every format."""
    if x in (0, 1):
        return _point(-BEYOND if x == 0 else Fraction(0))
    with _precision(digits + 5):
        return _ball(_decimal(x).ln(), digits)


def sigmoid(x: Fraction, digits: int) -> Enclosure:
    """1 / (1 + exp(-x))."""
    if x == 0:
        return _point(HALF)
    if abs(x) > FAR:
        return (1 - TINY, Fraction(1)) if x > 0 else (Fraction(0), TINY)
    with _precision(digits + 5):
        return _ball(1 / (1 + _decimal(-x).exp()), digits)


def tanh(x: Fraction, digits: int) -> Enclosure:
    """The hyperbolic tangent."""
    if x < 0:
        return _negated(tanh(-x, digits))
    if x == 0:
        return _point(x)
    if x > FAR:
        return 1 - TINY, Fraction(1)
    with _precision(digits + 5):
        fall = _expm1(-2 * x)
        return _ball(-fall / (2 + fall), digits)


def softplus(x: Fraction, digits: int) -> Enclosure:
    """log(1 + exp(x)), computed as max(x, 0) + log(1 + exp(-|x|))."""
    linear = max(x, Fraction(0))
    if abs(x) > FAR:
        return linear, linear + TINY
    with _precision(digits + 5):
        return _ball(_decimal(linear) + _log1p(_decimal(-abs(x)).exp()), digits)


def elu(x: Fraction, digits: int) -> Enclosure:
    """The exponential linear unit: x above 0, and exp(x) - 1 below."""
    if x >= 0:
        return _point(x)
    if x < -FAR:
        return Fraction(-1), TINY - 1
    with _precision(digits + 5):
        return _ball(_expm1(x), digits)


def softsign(x: Fraction, digits: int) -> Enclosure:
    """x / (1 + |x|), exactly."""
    return _point(x / (1 + abs(x)))


def sqrt(x: Fraction, digits: int) -> Enclosure:
    """The square root of x >= 0; exact where it is rational."""
    root = Fraction(isqrt(x.numerator), isqrt(x.denominator))
    if root * root == x:
        return _point(root)
    with _precision(digits + 5):
        return _ball(_decimal(x).sqrt(), digits)


def _point(value: Fraction) -> Enclosure:
    return value, value


def _negated(enclosure: Enclosure) -> Enclosure:
    lo, hi = enclosure
    return -hi, -lo


def _ball(value: Decimal, digits: int) -> Enclosure:
    """What lies within 10**-digits of a value, relatively; five guard digits make that certain."""
    centre = Fraction(value)
    radius = abs(centre) / 10**digits
    return centre - radius, centre + radius


def _precision(digits: int) -> AbstractContextManager[Context]:
    return localcontext(_context(digits))


def _context(digits: int) -> Context:
    return Context(digits, ROUND_HALF_EVEN, MIN_EMIN, MAX_EMAX, traps=[])


_EXACT = _context(8 * (MAX_WIDTH + MAX_FRAC))


def _decimal(x: Fraction) -> Decimal:
    """The x, whose denominator is a power of two, exactly: whatever the current precision."""
    places = x.denominator.bit_length() - 1
    return Decimal(x.numerator * 5**places).scaleb(-places, _EXACT)


def _expm1(x: Fraction) -> Decimal:
    """The exp(x) - 1 of x < 0, to the current precision in spite of the cancellation."""
    exact = _decimal(x)
    with _precision(getcontext().prec + _leading_zeros(exact) + 2):
        return exact.exp() - 1


def _log1p(small: Decimal) -> Decimal:
    """The log(1 + small) of 0 < small <= 1, to the current precision likewise."""
    with _precision(getcontext().prec + _leading_zeros(small) + 2):
        return (1 + small).ln()


def _leading_zeros(value: Decimal) -> int:
    return max(0, -value.adjusted())
