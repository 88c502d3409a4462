"""The model's inputs and outputs: their types, and which of their axes are batch and time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from msgspec import UNSET

from lstmir.frontends.model.messages import Choice, Dimension, ValueInfo, integer_of
from lstmir.frontends.model.rank import check_rank
from lstmir.frontends.model.tensors import element_dtype
from lstmir.frontends.values.axes import BATCH, TIME, Axis, Roles, sizes_of
from lstmir.frontends.values.folding import ELEMENTS
from lstmir.ir.diagnostics import UserError
from lstmir.ir.interface import Port
from lstmir.ir.types import F32, F64, I32, I64, MAX_LENGTH, TensorType, Type, element_of


@dataclass(frozen=True)
class Input:
    """A graph input: its type, and the names of its axes ("" where an axis has none)."""

    type: TensorType
    names: tuple[str, ...]

    def axes(self, named: dict[str, Axis]) -> tuple[Axis, ...]:
        """New axes; those of unknown length that bear one name are one axis.

        `named` holds the axes of earlier inputs by name, and is added to.
        """
        axes = [Axis(size) for size in self.type.shape]
        return tuple(
            named.setdefault(name, axis) if name and axis.size is None else axis
            for axis, name in zip(axes, self.names, strict=True)
        )


def input_of(info: ValueInfo) -> Input:
    """What a message says of a graph input. Raises `UserError` unless it is a tensor with axes.

    Its elements are floats, or integers such as the lengths of sequences.
    """
    what = f"the input '{info.name}'"
    choice, shape = said_of(info, what)
    element = ELEMENTS[element_dtype(choice, what).name]
    if element not in (F32, F64, I32, I64):
        raise UserError(
            f"{what} has elements of {element};"
            " lstmir takes f32 (FLOAT), f64 (DOUBLE), and integers for lengths"
        )
    if not shape:
        raise UserError(f"{what} has no axes; lstmir takes vectors and larger")
    check_rank(len(shape), what)
    sizes = tuple(_size(length, what) for length in shape)
    names = tuple(length if isinstance(length, str) else "" for length in shape)
    return Input(TensorType(sizes, element), names)


def said_of(info: ValueInfo, what: str) -> tuple[Choice, Sequence[int | str | None]]:
    """The element type, and a length, a name or None for each axis."""
    if info.shape is not UNSET:
        return 1 if info.elem_type is UNSET else info.elem_type, info.shape
    if info.type is UNSET:
        raise UserError(f"{what} has no type: of what elements it is, and of what shape")
    tensor = info.type.tensor_type
    if tensor is UNSET:
        raise UserError(f"{what} is not a tensor")
    if tensor.shape is UNSET:
        raise UserError(f"{what} has no shape")
    return tensor.elem_type, [_length(dim) for dim in tensor.shape.dim]


def _length(dim: Dimension) -> int | str | None:
    return integer_of(dim.dim_value) if dim.dim_value is not UNSET else dim.dim_param


def _size(length: int | str | None, what: str) -> int | None:
    if not isinstance(length, int):
        return None
    if not 1 <= length <= MAX_LENGTH:
        raise UserError(f"{what} has an axis of length {length}")
    return length


def claim_batch(axes: tuple[Axis, ...], named: Collection[Axis], roles: Roles) -> None:
    """Call the first axis of an input but time the batch if it may vary and nobody has named another.

    `named` are the axes that have names in the model: those of two names are not one batch. Nor is
    an axis that may vary where the batch has a fixed length.
    """
    if roles.find(axes, BATCH) is not None:
        return
    first = next((axis for axis in axes if roles.role(axis) is None), None)
    if first is None or first.size is not None or roles.has_fixed(BATCH):
        return
    if first in named and roles.find(tuple(named), BATCH) is not None:
        return
    roles.mark(first, BATCH)


def port(name: str, kind: str, type_: Type, axes: tuple[Axis, ...], roles: Roles) -> Port:
    """The port of an input or output."""
    shape = tuple(-1 if size is None else size for size in sizes_of(axes))
    batch, time = roles.find(axes, BATCH), roles.find(axes, TIME)
    return Port(name, kind, str(element_of(type_)), shape, batch, time)
