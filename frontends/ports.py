"""The model's inputs and outputs: their types, and which of their axes are batch and time."""

from __future__ import annotations

from typing import Any

from lstmir.frontends.axes import BATCH, TIME, Axis, Roles, check_rank, sizes_of
from lstmir.frontends.folding import ELEMENTS
from lstmir.frontends.tensors import element_dtype
from lstmir.ir.diagnostics import UserError
from lstmir.ir.interface import Port
from lstmir.ir.types import F32, F64, I32, I64, TensorType, Type, element_of


def input_type(info: dict[str, Any]) -> TensorType:
    """The type of a graph input. Raises `UserError` unless it is a tensor with axes.

    Its elements are floats, or integers such as the lengths of sequences.
    """
    what = f"the input '{info['name']}'"
    tensor = info.get("type", {}).get("tensorType")
    if tensor is None:
        raise UserError(f"{what} is not a tensor")
    element = ELEMENTS[element_dtype(int(tensor.get("elemType", 0)), what).name]
    if element not in (F32, F64, I32, I64):
        raise UserError(
            f"{what} has elements of {element};"
            " lstmir takes f32 (FLOAT), f64 (DOUBLE), and integers for lengths"
        )
    if "shape" not in tensor:
        raise UserError(f"{what} has no shape")
    sizes = [_size(dim, what) for dim in tensor["shape"].get("dim", ())]
    if not sizes:
        raise UserError(f"{what} has no axes; lstmir takes vectors and larger")
    check_rank(len(sizes), what)
    return TensorType(tuple(sizes), element)


def _size(dim: dict[str, Any], what: str) -> int | None:
    if "dimValue" not in dim:
        return None
    size = int(dim["dimValue"])
    if size < 1:
        raise UserError(f"{what} has an axis of length {size}")
    return size


def input_axes(info: dict[str, Any], named: dict[str, Axis]) -> tuple[Axis, ...]:
    """The axes of a graph input; those of unknown length that bear one name are one axis.

    `named` holds the axes of earlier inputs by name, and is added to.
    """
    shape = input_type(info).shape
    dims = info["type"]["tensorType"]["shape"].get("dim", ())
    axes: list[Axis] = []
    for size, dim in zip(shape, dims, strict=True):
        axis = Axis(size)
        name = dim.get("dimParam", "")
        axes.append(named.setdefault(name, axis) if name and size is None else axis)
    return tuple(axes)


def claim_batch(axes: tuple[Axis, ...], roles: Roles) -> None:
    """Call the first axis of an input the batch if it may vary and nobody has named another."""
    if roles.find(axes, BATCH) is None and axes[0].size is None:
        roles.mark(axes[0], BATCH)


def port(name: str, kind: str, type_: Type, axes: tuple[Axis, ...], roles: Roles) -> Port:
    """The port of an input or output."""
    shape = tuple(-1 if size is None else size for size in sizes_of(axes))
    batch, time = roles.find(axes, BATCH), roles.find(axes, TIME)
    return Port(name, kind, str(element_of(type_)), shape, batch, time)
