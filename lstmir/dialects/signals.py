"""What is carried by wires: truth values and fixed-point numbers."""

from __future__ import annotations

from collections.abc import Sequence

from lstmir.ir.context import OpContext
from lstmir.ir.definition import Infer, Verify
from lstmir.ir.diagnostics import Invalid
from lstmir.ir.types import I1, Type
from lstmir.numeric.fixed import FixedType


def width_of(type_: Type) -> int:
    """Wires of a signal. Raises `Invalid` for what is no signal."""
    if type_ == I1:
        return 1
    if isinstance(type_, FixedType):
        return type_.width
    raise Invalid(f"{type_} is no signal: expected i1 or fixed point")


def unsigned(width: int) -> FixedType:
    """The type of `width` wires read as a natural number. Raises `Invalid` if there can be none."""
    try:
        return FixedType(False, width, 0)
    except ValueError as error:
        raise Invalid(str(error)) from error


def check_integer(integer: int, type_: Type, what: str) -> None:
    """Raise `Invalid` if a signal of this type cannot be the integer."""
    width_of(type_)
    signal = type_ if isinstance(type_, FixedType) else unsigned(1)
    if not signal.contains_int(integer, integer):
        raise Invalid(f"the {what} {integer} is not in {type_}")


def exactly(infer: Infer) -> Verify:
    """The verifier of an operation on wires, which have no wider form: its result has the type that
    its operands give it.
    """

    def verify(context: OpContext, results: Sequence[Type]) -> None:
        expected = infer(context)
        if list(results) != list(expected):
            raise Invalid(f"the result is {expected[0]}, not {results[0]}")

    return verify
