"""C++ types: ap_fixed and ap_ufixed of the IR's formats, and the integers behind them."""

from __future__ import annotations

from lstmir.ir.types import I1, Type, element_of
from lstmir.numeric.fixed import FixedType
from lstmir.numeric.modes import Overflow, Rounding

QUANTIZATION = {
    Rounding.FLOOR: "AP_TRN",
    Rounding.HALF_UP: "AP_RND",
    Rounding.HALF_EVEN: "AP_RND_CONV",
    Rounding.TOWARD_ZERO: "AP_TRN_ZERO",
}
OVERFLOW = {Overflow.SATURATE: "AP_SAT", Overflow.WRAP: "AP_WRAP"}


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


class Types:
    """The types of a program: it names plain formats, and spells out those with modes."""

    def __init__(self) -> None:
        self._formats: set[FixedType] = set()
        self.widest = 0

    def __call__(self, type_: Type) -> str:
        """The name of a value's element type."""
        element = element_of(type_)
        if element == I1:
            return "bool"
        assert isinstance(element, FixedType)
        self._formats.add(element)
        self.widest = max(self.widest, element.width)
        return alias(element)

    def spelled(self, signed: bool, width: int, frac: int, *modes: str) -> str:
        """The type as the vendor has it: with the bits in front of the point behind the width."""
        self.widest = max(self.widest, width)
        arguments = ", ".join([str(width), str(width - frac), *modes])
        return f"ap_{'' if signed else 'u'}fixed<{arguments}>"

    def definitions(self) -> str:
        """A line for each name in use."""
        formats = sorted(self._formats, key=lambda f: (f.signed, f.width, f.frac))
        return "\n".join(
            f"typedef {self.spelled(f.signed, f.width, f.frac)} {alias(f)};" for f in formats
        )
