"""C++ types: ap_fixed and ap_ufixed of the IR's formats, and the integers behind them."""

from __future__ import annotations

from lstmir.ir.types import I1, Type, element_of
from lstmir.numeric.fixed import FixedType
from lstmir.numeric.rounding import Overflow, Rounding

QUANTIZATION = {
    Rounding.FLOOR: "AP_TRN",
    Rounding.HALF_UP: "AP_RND",
    Rounding.HALF_EVEN: "AP_RND_CONV",
    Rounding.TOWARD_ZERO: "AP_TRN_ZERO",
}
OVERFLOW = {Overflow.SATURATE: "AP_SAT", Overflow.WRAP: "AP_WRAP"}


def fixed_cpp(format_: FixedType, *modes: str) -> str:
    """The format as the vendor spells it: width, then the bits in front of the point."""
    name = "ap_fixed" if format_.signed else "ap_ufixed"
    return f"{name}<{', '.join([str(format_.width), str(format_.width - format_.frac), *modes])}>"


def stored_cpp(type_: Type) -> str:
    """The type of the stored integers behind constants."""
    element = element_of(type_)
    if element == I1:
        return "bool"
    assert isinstance(element, FixedType)
    return f"tile::stored_{'int' if element.signed else 'uint'}<{element.width}>"


def alias(format_: FixedType) -> str:
    """The format's short name, such as `s8_4`; `m` is the minus of negative fraction bits."""
    frac = f"m{-format_.frac}" if format_.frac < 0 else str(format_.frac)
    return f"{'s' if format_.signed else 'u'}{format_.width}_{frac}"


class Aliases:
    """The short names that a program uses."""

    def __init__(self) -> None:
        self._formats: set[FixedType] = set()

    def __call__(self, type_: Type) -> str:
        """The name of a value's element type."""
        element = element_of(type_)
        if element == I1:
            return "bool"
        assert isinstance(element, FixedType)
        self._formats.add(element)
        return alias(element)

    @property
    def widest(self) -> int:
        """The most bits of a format in use."""
        return max(format_.width for format_ in self._formats)

    def definitions(self) -> str:
        """A line for each name in use."""
        formats = sorted(self._formats, key=lambda f: (f.signed, f.width, f.frac))
        return "\n".join(f"typedef {fixed_cpp(f)} {alias(f)};" for f in formats)
