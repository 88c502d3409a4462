"""Kinds of values: as much as decides whether an operation takes them at all."""

from __future__ import annotations

from lstmir.ir.types import F64, I1, ElementType, FloatType, TensorType, Type, of_shape
from lstmir.numeric.fixed import FixedType

Kind = tuple[str, int]
"""What the elements are, and how many axes there are."""

MOST_AXES = 3
"""A kind of as many axes means: or more."""

_EXAMPLES: dict[str, ElementType] = {
    "float": F64, "signed": FixedType(True, 1, 0), "unsigned": FixedType(False, 1, 0), "truth": I1
}  # fmt: skip
_AT_LEVEL = {
    1: ("float", "truth"),
    2: ("float", "truth"),
    3: ("signed", "unsigned", "truth"),
}


def kind_of(type_: Type) -> Kind:
    """The kind of a type."""
    if isinstance(type_, TensorType):
        return elements_of(type_.element), min(len(type_.shape), MOST_AXES)
    return elements_of(type_), 0


def elements_of(element: ElementType) -> str:
    """What elements are, in a word."""
    if isinstance(element, FixedType):
        return "signed" if element.signed else "unsigned"
    if isinstance(element, FloatType):
        return "float"
    return "truth" if element == I1 else "index"


def examples_at(level: int) -> list[Type]:
    """A type of each kind that a level has.

    All axes have two elements, as a table of one bit has: so sizes fit together.
    """
    return [
        of_shape((2,) * axes, _EXAMPLES[elements])
        for elements in _AT_LEVEL[level]
        for axes in range(MOST_AXES + 1)
    ]
