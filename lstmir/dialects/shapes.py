"""Shape and type rules that several dialects share."""

from __future__ import annotations

from lstmir.ir.context import OpContext
from lstmir.ir.diagnostics import Invalid
from lstmir.ir.types import (
    ElementType,
    FloatType,
    TensorType,
    Type,
    element_of,
    of_shape,
    shape_of,
)
from lstmir.numeric.fixed import MAX_STORED_WIDTH, FixedType

Shape = tuple[int | None, ...]


def broadcast(types: tuple[Type, ...]) -> Shape:
    """The common shape by numpy's rules. Raises `Invalid` where there is none."""
    rank = max(len(shape_of(type_)) for type_ in types)
    shapes = [(1,) * (rank - len(shape_of(t))) + shape_of(t) for t in types]
    return tuple(_common(sizes, types) for sizes in zip(*shapes, strict=True))


def _common(sizes: tuple[int | None, ...], types: tuple[Type, ...]) -> int | None:
    wanted = {size for size in sizes if size != 1} or {1}
    if len(wanted) > 1:
        raise Invalid(f"shapes do not fit together: {', '.join(map(str, types))}")
    return wanted.pop()


def tensor(context: OpContext, index: int, what: str, rank: int | None = None) -> TensorType:
    """Operand `index`, which must be a tensor (of a given rank)."""
    type_ = context.types[index]
    if not isinstance(type_, TensorType):
        raise Invalid(f"{what} must be a tensor, not {type_}")
    if rank is not None and len(type_.shape) != rank:
        raise Invalid(f"{what} must have {rank} axes, not {type_}")
    return type_


def same_elements(types: tuple[Type, ...]) -> ElementType:
    """The one element type of all operands."""
    elements = {element_of(type_) for type_ in types}
    if len(elements) > 1:
        raise Invalid(f"element types differ: {', '.join(map(str, types))}")
    return elements.pop()


def fixed_elements(types: tuple[Type, ...]) -> list[FixedType] | None:
    """The element types if all are fixed point; None if none is. Mixtures are invalid."""
    elements = [element_of(type_) for type_ in types]
    fixed = [element for element in elements if isinstance(element, FixedType)]
    if fixed and len(fixed) != len(elements):
        raise Invalid(f"fixed point and others do not mix: {', '.join(map(str, types))}")
    return fixed or None


def require_numbers(types: tuple[Type, ...]) -> None:
    """Raise `Invalid` for truth values."""
    for type_ in types:
        if not isinstance(element_of(type_), FloatType | FixedType):
            raise Invalid(f"expected floats or fixed point, not {type_}")


def require_floats(types: tuple[Type, ...]) -> None:
    """Raise `Invalid` for all but floats."""
    for type_ in types:
        if not isinstance(element_of(type_), FloatType):
            raise Invalid(f"expected floats, not {type_}")


def require_fixed(context: OpContext, index: int, what: str) -> FixedType:
    """The fixed-point element type of operand `index`."""
    element = element_of(context.types[index])
    if not isinstance(element, FixedType):
        raise Invalid(f"{what} must be fixed point, not {context.types[index]}")
    return element


def check_stored(type_: TensorType) -> None:
    """Raise `Invalid` for a memory whose words are wider than any that is stored."""
    element = type_.element
    if isinstance(element, FixedType) and element.width > MAX_STORED_WIDTH:
        raise Invalid(f"a memory has words of at most {MAX_STORED_WIDTH} bits, not {element}")


def shaped(shape: Shape, element: ElementType) -> list[Type]:
    """One result type."""
    return [of_shape(shape, element)]


def check_axis(axis: int, type_: TensorType) -> int:
    """The axis, if the tensor has it; negative ones are not counted from the end."""
    if not 0 <= axis < len(type_.shape):
        raise Invalid(f"there is no axis {axis} in {type_}")
    return axis
