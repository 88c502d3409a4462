"""The axes of a value in another shape, and axes that are taken as one.

Networks often make one axis of batch and time, apply a dense layer to each row, and part the axis
again. The value keeps both axes meanwhile: the one that stands for them has them as its `parts`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, takewhile
from math import prod

from lstmir.frontends.values.axes import Axis, Length, Roles, describe, fresh, length_of
from lstmir.ir.diagnostics import UserError


def parts_of(axes: Sequence[Axis]) -> tuple[Axis, ...]:
    """The axes that the value itself has."""
    return tuple(part for axis in axes for part in (axis.parts or (axis,)))


def check_parted(axes: Sequence[Axis]) -> None:
    """Raise `UserError` if some axes are taken as one."""
    if any(axis.parts for axis in axes):
        raise UserError(
            f"a value of shape {describe(axes)}, whose axes were taken as one by a Reshape, can only"
            " go through elementwise operators and products with matrices until a Reshape parts"
            " them again"
        )


def reshaped(source: Sequence[Axis], target: Sequence[Length], roles: Roles) -> tuple[Axis, ...]:
    """The axes of a value in another shape; -1 in `target` stands for what is left.

    Elements stay in row-major order. An axis whose length is known only at run time must stay an
    axis of its own, or be taken as one with its neighbours by the -1; otherwise, or if the sizes do
    not fit, `UserError` is raised.
    """
    source = parts_of(source)
    lengths = _complete(source, target, roles)
    parted = list(_parted(lengths))
    if any(isinstance(length, int) and length < 0 for length in parted):
        raise UserError(_misfit(source, target))
    before, after = _runs([length_of(axis) for axis in source]), _runs(parted)
    if len(before) != len(after):
        raise UserError(_misfit(source, target))
    axes = iter(source)
    result: list[Axis] = []
    for (sizes, end), (wanted, new_end) in zip(before, after, strict=True):
        if prod(sizes) != prod(wanted):
            raise UserError(_misfit(source, target))
        result += _matched([next(axes) for _ in sizes], wanted)
        if end is None or new_end is None:
            continue
        if not roles.same(end, new_end):
            raise UserError(_misfit(source, target))
        result.append(next(axes))
    return tuple(_regrouped(iter(result), lengths))


def _parted(lengths: Sequence[Length]) -> Iterator[Length]:
    for length in lengths:
        if isinstance(length, Axis) and length.parts:
            yield from map(length_of, length.parts)
        else:
            yield length


def _regrouped(axes: Iterator[Axis], lengths: Sequence[Length]) -> Iterator[Axis]:
    """The axes, with those as one that the lengths take as one."""
    for length in lengths:
        if isinstance(length, Axis) and length.parts:
            parts = tuple(islice(axes, len(length.parts)))
            yield length if parts == length.parts else Axis(None, parts)
        else:
            yield next(axes)


def _complete(source: Sequence[Axis], target: Sequence[Length], roles: Roles) -> list[Length]:
    """The target with its -1 resolved."""
    if -1 not in target:
        return list(target)
    own = list(_parted(target))
    kept = [length for length in own if isinstance(length, Axis)]
    left = [a for a in source if a.size is None and not any(roles.same(a, k) for k in kept)]
    have = prod(axis.size for axis in source if axis.size is not None)
    want = prod(length for length in own if isinstance(length, int) and length != -1)
    hole = list(target).index(-1)
    rest: Length
    if len(left) == 1 and have == want:
        rest = left[0]
    elif left:
        rest = _merged(source, target, hole)
    elif want and have % want == 0:
        rest = have // want
    else:
        raise UserError(_misfit(source, target))
    return [*target[:hole], rest, *target[hole + 1 :]]


def _merged(source: Sequence[Axis], target: Sequence[Length], hole: int) -> Axis:
    """Neighbours as one axis, where the axes before and behind them stay as many as they are."""
    end = len(source) - (len(target) - hole - 1)
    if end - hole < 2:
        raise UserError(_misfit(source, target))
    return Axis(None, tuple(source[hole:end]))


def _runs(lengths: Sequence[Length]) -> list[tuple[list[int], Axis | None]]:
    """Runs of known sizes, each with the axis that ends it; None ends the last."""
    runs: list[tuple[list[int], Axis | None]] = []
    sizes: list[int] = []
    for length in lengths:
        if isinstance(length, int):
            sizes.append(length)
            continue
        runs.append((sizes, length))
        sizes = []
    return [*runs, (sizes, None)]


def _matched(source: Sequence[Axis], sizes: Sequence[int]) -> list[Axis]:
    """Axes of these sizes: those that the source ends or begins with stay what they are."""
    tail = _common(source[::-1], sizes[::-1])
    head = _common(source[: len(source) - tail], sizes[: len(sizes) - tail])
    middle = fresh(sizes[head : len(sizes) - tail])
    return [*source[:head], *middle, *source[len(source) - tail :]]


def _common(source: Sequence[Axis], sizes: Sequence[int]) -> int:
    pairs = zip(source, sizes, strict=False)
    return len(list(takewhile(lambda pair: pair[0].size == pair[1], pairs)))


def _misfit(source: Sequence[Axis], target: Sequence[Length]) -> str:
    wanted = ", ".join("?" if isinstance(length, Axis) else str(length) for length in target)
    hint = ""
    if any(axis.size is None for axis in source):
        hint = "; an axis of unknown length (?) must stay an axis of its own"
    return f"the shape {describe(source)} cannot become [{wanted}]{hint}"
