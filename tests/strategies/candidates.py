"""Guesses near something that is there: types, attributes. The table says which are legal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from itertools import permutations
from math import prod
from typing import Any

from lstmir.ir.attributes import Attribute
from lstmir.ir.types import (
    F64,
    I1,
    ElementType,
    TensorType,
    Type,
    element_of,
    is_static,
    of_shape,
    shape_of,
    with_element,
    without_encoding,
)
from lstmir.numeric.fixed import MAX_STORED_WIDTH, FixedType
from tests.strategies.kinds import Kind, elements_of
from tests.strategies.program import Program

Shape = tuple[int | None, ...]


def near(p: Program, type_: Type, kind: Kind) -> Type:
    """A type of a kind that shares its last axes, and often its elements, with another."""
    elements, axes = kind
    shape = shape_of(type_)
    more = [p.random.randint(1, 3) for _ in range(axes - len(shape))]
    return of_shape((*more, *shape[max(0, len(shape) - axes) :]), _elements(p, type_, elements))


def _elements(p: Program, type_: Type, wanted: str) -> ElementType:
    if wanted == "truth":
        return I1
    element = element_of(type_)
    stored = not isinstance(element, FixedType) or element.width <= MAX_STORED_WIDTH
    if elements_of(element) == wanted and stored and p.chance(0.5):
        return element
    number = p.number()
    return replace(number, signed=wanted == "signed") if isinstance(number, FixedType) else number


def result_types(p: Program, type_: Type) -> Sequence[Callable[[], Type]]:
    """Makers of types that the result of an operation on such a type might have."""

    def other_element() -> Type:
        return with_element(type_, _other_format(p, element_of(type_)))

    def same() -> Type:
        # It often changes nothing, and clean-ups know that.
        return without_encoding(type_)

    def other_shape() -> Type:
        return of_shape(_reshaped(p, shape_of(type_)), element_of(type_))

    return (other_element, same, other_shape)


def _other_format(p: Program, element: ElementType) -> ElementType:
    """A narrower or a wider one, or the same wires read in another way."""
    if not isinstance(element, FixedType):
        return p.number()
    widest = p.random.choice((20, MAX_STORED_WIDTH, None))
    other = p.fixed(widest or 20)
    return other if widest else replace(other, width=element.width)


def _reshaped(p: Program, shape: Shape) -> Shape:
    """As many elements along other axes; seldom any shape, which the table should refuse."""
    if p.chance(0.1):
        return p.shape()
    if not is_static(shape):
        return p.random.choice(((1, *shape), (*shape, 1)))
    count = prod(shape)
    factor = p.random.choice([n for n in range(1, count + 1) if count % n == 0] or [1])
    return p.random.choice(((count,), (factor, count // factor), (1, *shape)))


def attribute_values(p: Program, attribute: Attribute, type_: Type) -> Sequence[Any]:
    """Values that an attribute of an operation on such a type might have."""
    if attribute.choices:
        return attribute.choices
    if attribute.kind == "int":
        return _integers(shape_of(type_), p.chance(0.1))
    if attribute.kind == "ints":
        return _lists(shape_of(type_))
    if attribute.kind in ("type", "types"):
        types = (without_encoding(type_), element_of(type_), p.type())
        return types if attribute.kind == "type" else [(each,) for each in types]
    return PLAIN_VALUES[attribute.kind]


PLAIN_VALUES: dict[str, Sequence[Any]] = {
    "bool": (False, True),
    "float": (0.0, 0.5, -1.5, 1e-7),
    "floats": ((), (0.5,), (1, -1.5)),
    "str": ("", "x"),
    "symbol": ("w",),
    "strings": ((), ("x",), ("x", "")),
    "dict": ({}, {"a": 1}),
    "array": tuple({"resource": name, "type": TensorType((2,), F64)} for name in ("w", "v")),
    "any": (0, 0.5, "x", (-1.5, 1)),
}


@cache
def _integers(shape: Shape, bold: bool) -> Sequence[int]:
    """Axes, lengths, and places along an axis; what lies outside is seldom legal."""
    sizes = {size for size in shape if size is not None}
    found = {0, 1, *sizes, *(size - 1 for size in sizes)}
    if bold:
        found |= {2, max(found) + 1}
    return sorted(found) if is_static(shape) and not bold else [-1, *sorted(found)]


@cache
def _lists(shape: Shape) -> Sequence[tuple[int, ...]]:
    """Orders of the axes, and lengths."""
    orders = permutations(range(min(len(shape), 4)))
    return [*orders, tuple(size for size in shape if size is not None), (1,), (2, 1)]
