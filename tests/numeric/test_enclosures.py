"""Enclosures enclose, and are as narrow as asked: against textbook formulas in 1,000 digits."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest

from lstmir.numeric import enclosures
from lstmir.numeric.enclosures import BEYOND, FAR, Enclose, nearest

TEXTBOOK: dict[Enclose, Callable[[Decimal], Decimal]] = {
    enclosures.elu: lambda x: x.exp() - 1 if x < 0 else x,
    enclosures.exp: lambda x: x.exp(),
    enclosures.log: lambda x: x.ln(),
    enclosures.sigmoid: lambda x: 1 / (1 + (-x).exp()),
    enclosures.softplus: lambda x: (1 + x.exp()).ln(),
    enclosures.softsign: lambda x: x / (1 + abs(x)),
    enclosures.sqrt: lambda x: x.sqrt(),
    enclosures.tanh: lambda x: (x.exp() - (-x).exp()) / (x.exp() + (-x).exp()),
}

MAGNITUDES = [
    Fraction(3, 2**1000),
    Fraction(5, 2**60),
    Fraction(7, 16),
    1 - Fraction(1, 2**200),
    1 + Fraction(1, 2**200),
    Fraction(700),
    Fraction(FAR),
    FAR + Fraction(1, 8),
]


def arguments(enclose: Enclose) -> list[Fraction]:
    """The magnitudes, with both signs where the function has both."""
    if enclose in (enclosures.log, enclosures.sqrt):
        return MAGNITUDES
    return [sign * x for x in MAGNITUDES for sign in (1, -1)]


@pytest.mark.parametrize("enclose", TEXTBOOK, ids=lambda enclose: enclose.__name__)
def test_encloses_narrowly(enclose: Enclose) -> None:
    for x in arguments(enclose):
        with localcontext(prec=1000):
            exact = Fraction(TEXTBOOK[enclose](Decimal(x.numerator) / x.denominator))
        lo, hi = enclose(x, 30)
        if BEYOND in (lo, hi):
            continue
        # The reference itself is a little off; where the value is rational, that is all.
        slack = abs(exact) / 10**100
        assert lo - slack <= exact <= hi + slack, x
        assert hi - lo <= max(abs(exact) / 10**29, Fraction(1, 1 << FAR)), x
        assert lo < hi or abs(lo - exact) <= slack, x


@pytest.mark.parametrize(
    ("enclose", "x", "value"),
    [
        (enclosures.sigmoid, Fraction(0), Fraction(1, 2)),
        (enclosures.tanh, Fraction(0), Fraction(0)),
        (enclosures.elu, Fraction(0), Fraction(0)),
        (enclosures.exp, Fraction(0), Fraction(1)),
        (enclosures.log, Fraction(1), Fraction(0)),
        (enclosures.sqrt, Fraction(9, 16), Fraction(3, 4)),
        (enclosures.softsign, Fraction(-1, 2), Fraction(-1, 3)),
    ],
)
def test_exact_values_are_points(enclose: Enclose, x: Fraction, value: Fraction) -> None:
    assert enclose(x, 30) == (value, value)


def test_nearest_asks_for_more_digits_until_it_is_certain() -> None:
    asked: list[int] = []

    def above_a_half(x: Fraction, digits: int) -> enclosures.Enclosure:
        """Just above x + 1/2, by 10**-100."""
        asked.append(digits)
        centre, radius = x + Fraction(1, 2) + Fraction(1, 10**100), Fraction(1, 10**digits)
        return centre - radius, centre + radius

    assert nearest(above_a_half, Fraction(2), 0) == 3
    assert asked == [30, 60, 120]


def test_nearest_of_a_tie_is_even_and_beside_it_is_not() -> None:
    tie, tiny = Fraction(5, 2), Fraction(1, 10**9)
    assert nearest(lambda x, digits: (tie, tie), Fraction(0), 0) == 2
    assert nearest(lambda x, digits: (tie, tie + tiny), Fraction(0), 0) == 3
    assert nearest(lambda x, digits: (tie - tiny, tie), Fraction(0), 0) == 2
    assert nearest(lambda x, digits: (tie, tie + tiny), Fraction(0), 1) == 5
