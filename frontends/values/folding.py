"""Operations on imported values: carried out at once on known values, else written as IR."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from lstmir.frontends.model.names import identifier
from lstmir.frontends.model.rank import check_rank
from lstmir.frontends.values.alignment import broadcast, unite_all
from lstmir.frontends.values.axes import Axis, Roles, describe, fresh, sizes_of
from lstmir.frontends.values.budget import Budget
from lstmir.frontends.values.evaluate import evaluate
from lstmir.frontends.values.reshaping import check_parted, parts_of
from lstmir.frontends.values.values import Computed, Imported, Known
from lstmir.ir.builder import Builder
from lstmir.ir.definition import definition_of
from lstmir.ir.diagnostics import UserError
from lstmir.ir.operation import Value
from lstmir.ir.types import (
    F16,
    F32,
    F64,
    I1,
    I32,
    I64,
    ElementType,
    TensorType,
    Type,
    element_of,
    is_float,
    shape_of,
)

ELEMENTS: dict[str, ElementType] = {
    "float16": F16, "float32": F32, "float64": F64, "bool": I1, "int32": I32, "int64": I64,
}  # fmt: skip


class Folder:
    """Adds operations to a region. Raises `UserError` for what the IR cannot say.

    In a body, `outer` is the folder of the region around it: constants stand there.
    """

    def __init__(self, builder: Builder, outer: Folder | None = None) -> None:
        self.builder, self.outer = builder, outer
        self.roles: Roles = outer.roles if outer else Roles()
        self.captures: dict[Value, Value] = {}
        self._constants: dict[Known, Value] = {}
        self.budget: Budget = outer.budget if outer else Budget()
        self.finishers: list[Callable[[], None]] = []
        """What remains to be done to the region when all is in it that reads its values."""

    def value(self, source: Imported, name: str = "") -> Value:
        """The value in the IR. A known one becomes a constant, with length 1 where it repeats."""
        if isinstance(source, Computed):
            check_parted(source.axes)
            return source.value
        if self.outer is not None:
            return self._captured(self.outer.value(source, name))
        if source not in self._constants:
            self._constants[source] = self._constant(source.array, name or source.name)
        return self._constants[source]

    def _stacked(self, source: Imported) -> Value:
        """The value, also where some of its axes are taken as one."""
        return source.value if isinstance(source, Computed) else self.value(source)

    def captured(self, source: Computed) -> Computed:
        """A value of the outer region, as the body sees it."""
        return Computed(self._captured(source.value), source.axes)

    def _captured(self, value: Value) -> Value:
        if value not in self.captures:
            region = self.builder.region
            self.captures[value] = region.add_argument(value.type, value.name)
        return self.captures[value]

    def _constant(self, array: np.ndarray, name: str) -> Value:
        element = ELEMENTS.get(array.dtype.name)
        if element is None:
            raise UserError(f"'{name}' depends on a length that is known only at run time")
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise UserError(f"the weights '{name}' hold NaN or infinity")
        # The IR has no tensors without axes; an axis of length 1 broadcasts just as well.
        return self.builder.constant(
            array, TensorType(array.shape or (1,), element), identifier(name or "constant")
        )

    def fold(self, axes: tuple[Axis, ...], compute: Callable[[], np.ndarray]) -> Known:
        """What `compute` gives. Raises `UserError` first if that would take too much memory.

        Numbers that overflow become infinity, which is refused where such a constant is used.
        """
        check_rank(len(axes), "the result")
        self.budget.spend(prod(_stored(axes)))
        with np.errstate(over="ignore", invalid="ignore"):
            return Known(compute(), axes)

    def emit(
        self,
        name: str,
        operands: Sequence[Imported],
        axes: tuple[Axis, ...],
        /,
        type: Type | None = None,
        **attributes: Any,
    ) -> Computed:
        """Write an operation with one result of these axes."""
        for operand in operands:
            check_parted(operand.axes)
        return self.by_rows(name, operands, axes, type, **attributes)

    def by_rows(
        self,
        name: str,
        operands: Sequence[Imported],
        axes: tuple[Axis, ...],
        /,
        type: Type | None = None,
        **attributes: Any,
    ) -> Computed:
        """The same for one that does not mind which axes before the last are taken as one."""
        check_rank(len(axes), "the result")
        values = [self._stacked(operand) for operand in operands]
        value = self.builder.value(name, *values, type=type, **attributes)
        if not axes:
            raise UserError("the result has no axes; lstmir computes with vectors and larger")
        if shape_of(value.type) != sizes_of(parts_of(axes)):
            raise UserError(f"a constant cannot be repeated at run time to fill {describe(axes)}")
        return Computed(value, axes)

    def transpose(self, source: Imported, order: Sequence[int]) -> Imported:
        """Axis k of the result is axis order[k] of the source."""
        if list(order) == sorted(order):
            return source
        axes = tuple(source.axes[axis] for axis in order)
        if isinstance(source, Known):
            return Known(source.array.transpose(order), axes)
        return self.emit("tensor.transpose", [source], axes, order=tuple(order))

    def reshape(self, source: Imported, axes: tuple[Axis, ...]) -> Imported:
        """The same elements in row-major order."""
        if isinstance(source, Known):
            return self.fold(axes, lambda: source.array.reshape(_stored(axes)))
        sizes = sizes_of(parts_of(axes))
        if sizes == shape_of(source.value.type):
            return Computed(source.value, axes)
        target = TensorType(sizes, element_of(source.value.type))
        return self.by_rows("tensor.reshape", [source], axes, target)

    def cut(self, source: Imported, axis: int, start: int, size: int) -> Imported:
        """`size` neighbours along an axis; of one of unknown length the first, or the last (start -1)."""
        if source.axes[axis].size == size:
            return source
        shorter = Axis(size)
        self.roles.relate(shorter, source.axes[axis])
        axes = (*source.axes[:axis], shorter, *source.axes[axis + 1 :])
        if isinstance(source, Computed):
            return self.emit("tensor.slice", [source], axes, axis=axis, start=start, size=size)
        piece = slice(-1, None) if start == -1 else slice(start, start + size)
        return Known(source.array[(slice(None),) * axis + (piece,)], axes)

    def concat(self, parts: Sequence[Imported], axis: int) -> Imported:
        """The parts one after the other along an axis; their other axes are the same."""
        rest = parts[0].axes
        for part in parts:
            unite_all(rest, part.axes, axis, self.roles)
        size = sum(part.axes[axis].size or 0 for part in parts)
        joined = Axis(size)
        self.roles.relate(joined, rest[axis])
        axes = (*rest[:axis], joined, *rest[axis + 1 :])
        known = [part for part in parts if isinstance(part, Known)]
        if len(known) < len(parts):
            return self.emit("tensor.concat", parts, axes, axis=axis)
        return self.fold(axes, lambda: np.concatenate([part.array for part in known], axis))

    def elementwise(
        self, name: str, *operands: Imported, hint: str | None = None, **attributes: Any
    ) -> Imported:
        """An operation of `arith` or `math`, with numpy's broadcasting."""
        axes = self.broadcast(operands)
        given = [operand for operand in operands if isinstance(operand, Known)]
        if len(given) == len(operands):
            return self.fold(axes, lambda: evaluate(name, given, **attributes))
        written = definition_of(name).infer is None
        type_ = self._stacked(operands[0]).type if written else None
        if type_ is not None and not is_float(type_):
            raise UserError(f"expected floating point, not {type_}")
        return self.by_rows(name, operands, axes, type_, hint=hint, **attributes)

    def broadcast(self, operands: Sequence[Imported]) -> tuple[Axis, ...]:
        """The axes that operands have together, by numpy's rules; those that meet are one axis."""
        return broadcast(operands, self.roles)

    def binary(self, name: str, left: Imported, right: Imported) -> Imported:
        """An operation of `arith` on two values."""
        return self.elementwise(name, left, right)


def known(array: np.ndarray, name: str = "") -> Known:
    """A value known now, all of whose axes are new."""
    return Known(array, fresh(array.shape), name)


def _stored(axes: Sequence[Axis]) -> tuple[int, ...]:
    """The shape of a known value's array."""
    return tuple(1 if axis.size is None else axis.size for axis in axes)
