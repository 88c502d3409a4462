"""Operations on imported values: carried out at once on known values, else written as IR."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from lstmir.frontends.axes import Axis, Roles, check_rank, describe, fresh, sizes_of
from lstmir.frontends.names import identifier
from lstmir.frontends.values import Computed, Imported, Known
from lstmir.ir.builder import Builder
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
    is_float,
    shape_of,
)

ELEMENTS: dict[str, ElementType] = {
    "float16": F16, "float32": F32, "float64": F64, "bool": I1, "int32": I32, "int64": I64,
}  # fmt: skip

MAX_ELEMENTS = 2**28
"""The largest value that is computed at import: 1 GiB of float32."""

_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "arith.add": np.add,
    "arith.sub": np.subtract,
    "arith.mul": np.multiply,
}


class Folder:
    """Adds operations to a function. Raises `UserError` for what the IR cannot say."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.roles = Roles()
        self._constants: dict[Known, Value] = {}

    def value(self, source: Imported, name: str = "") -> Value:
        """The value in the IR. A known one becomes a constant, with length 1 where it repeats."""
        if isinstance(source, Computed):
            return source.value
        if source not in self._constants:
            self._constants[source] = self._constant(source.array, name or source.name)
        return self._constants[source]

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

    def emit(
        self,
        name: str,
        operands: Sequence[Imported],
        axes: tuple[Axis, ...],
        type: Type | None = None,
        **attributes: Any,
    ) -> Computed:
        """Write an operation with one result of these axes."""
        check_rank(len(axes), "the result")
        values = [self.value(operand) for operand in operands]
        value = self.builder.value(name, *values, type=type, **attributes)
        if not axes:
            raise UserError("the result has no axes; lstmir computes with vectors and larger")
        if shape_of(value.type) != sizes_of(axes):
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
            return fold(axes, lambda: source.array.reshape(_stored(axes)))
        if sizes_of(axes) == sizes_of(source.axes):
            return Computed(source.value, axes)
        type_ = source.value.type
        assert isinstance(type_, TensorType)
        target = TensorType(sizes_of(axes), type_.element)
        return self.emit("tensor.reshape", [source], axes, type=target)

    def cut(self, source: Imported, axis: int, start: int, size: int) -> Imported:
        """`size` neighbours along an axis; of an axis of unknown length the last (start -1)."""
        if source.axes[axis].size == size:
            return source
        shorter = Axis(size)
        self.roles.unite(shorter, source.axes[axis])  # fewer time steps are time steps
        axes = (*source.axes[:axis], shorter, *source.axes[axis + 1 :])
        if isinstance(source, Computed):
            return self.emit("tensor.slice", [source], axes, axis=axis, start=start, size=size)
        piece = slice(-1, None) if start == -1 else slice(start, start + size)
        return Known(source.array[(slice(None),) * axis + (piece,)], axes)

    def concat(self, parts: Sequence[Imported], axis: int) -> Imported:
        """The parts one after the other along an axis; their other axes are the same."""
        rest = parts[0].axes
        for part in parts:
            self._unite_all(rest, part.axes, but=axis)
        size = sum(part.axes[axis].size or 0 for part in parts)
        joined = Axis(size)
        self.roles.unite(joined, rest[axis])
        axes = (*rest[:axis], joined, *rest[axis + 1 :])
        known = [part for part in parts if isinstance(part, Known)]
        if len(known) < len(parts):
            return self.emit("tensor.concat", parts, axes, axis=axis)
        return fold(axes, lambda: np.concatenate([part.array for part in known], axis))

    def _unite_all(self, first: Sequence[Axis], second: Sequence[Axis], but: int) -> None:
        pairs = list(zip(first, second, strict=False))
        fits = len(first) == len(second) and all(
            a.size == b.size for k, (a, b) in enumerate(pairs) if k != but
        )
        if not fits or first[but].size is None or second[but].size is None:
            raise UserError(
                f"{describe(first)} and {describe(second)} cannot be joined along axis {but}"
            )
        for k, (a, b) in enumerate(pairs):
            if k != but:
                self.roles.unite(a, b)

    def binary(self, name: str, left: Imported, right: Imported) -> Imported:
        """`arith.add`, `arith.sub` or `arith.mul`, with numpy's broadcasting."""
        axes = self._broadcast(left, right)
        if isinstance(left, Known) and isinstance(right, Known):
            for operand in (left, right):
                if operand.array.dtype == object:
                    operand.integers()  # says which length is unknown
            return fold(axes, lambda: _BINARY[name](left.array, right.array))
        return self.emit(name, [left, right], axes)

    def _broadcast(self, left: Imported, right: Imported) -> tuple[Axis, ...]:
        # A computed value's axes come first: a constant's say nothing of roles.
        operands = sorted((left, right), key=lambda operand: isinstance(operand, Known))
        rank = max(len(operand.axes) for operand in operands)
        axes: list[Axis] = []
        for place in range(-rank, 0):
            column = [x for x in operands if len(x.axes) >= -place]
            wide = [x for x in column if x.axes[place].size != 1] or column
            if len({x.axes[place].size for x in wide}) > 1:
                raise UserError(
                    f"the shapes {describe(left.axes)} and {describe(right.axes)} do not fit together"
                )
            axes.append(wide[0].axes[place])
            for other in wide[1:]:
                if isinstance(other, Computed):
                    self.roles.unite(wide[0].axes[place], other.axes[place])
        return tuple(axes)

    def function(self, name: str, source: Imported) -> Imported:
        """An elementwise function of the `math` dialect, or `arith.neg`."""
        value = self.value(source)
        if not is_float(value.type):
            raise UserError(f"expected floating point, not {value.type}")
        return self.emit(name, [source], source.axes, type=value.type)


def known(array: np.ndarray, name: str = "") -> Known:
    """A value known now, all of whose axes are new."""
    return Known(array, fresh(array.shape), name)


def fold(axes: tuple[Axis, ...], compute: Callable[[], np.ndarray]) -> Known:
    """What `compute` gives. Raises `UserError` first if that would take too much memory.

    Numbers that overflow become infinity, which is refused where such a constant is used.
    """
    check_rank(len(axes), "the result")
    if prod(_stored(axes)) > MAX_ELEMENTS:
        raise UserError(f"a constant of shape {describe(axes)} is too large")
    with np.errstate(over="ignore", invalid="ignore"):
        return Known(compute(), axes)


def _stored(axes: Sequence[Axis]) -> tuple[int, ...]:
    """The shape of a known value's array."""
    return tuple(1 if axis.size is None else axis.size for axis in axes)
