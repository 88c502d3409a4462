"""Axes of imported values: their lengths, and which of them count samples or time steps.

An axis that an operation only moves stays the same object. Where operations show that two axes
are one (an addition, a state beside an input), the two are united. So an LSTM that calls an axis
of its input "time" says so of an axis of the model's input too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from math import prod
from typing import TypeAlias

import networkx as nx

from lstmir.ir.diagnostics import UserError

BATCH, TIME = "batch", "time"


@dataclass(frozen=True, eq=False, slots=True)
class Axis:
    """One axis of a value; `size` is None where the length is known only at run time."""

    size: int | None


Length: TypeAlias = int | Axis
"""A length: a number, or that of an axis whose size is None."""


MAX_AXES = 32
"""More axes than any real model has, and as many as every numpy can hold."""


def check_rank(rank: int, what: str) -> None:
    """Raise `UserError` if `what` has too many axes."""
    if rank > MAX_AXES:
        raise UserError(f"{what} has {rank} axes; lstmir takes at most {MAX_AXES}")


def fresh(sizes: Sequence[int]) -> tuple[Axis, ...]:
    """New axes of these sizes."""
    return tuple(Axis(int(size)) for size in sizes)


def sizes_of(axes: Sequence[Axis]) -> tuple[int | None, ...]:
    """The sizes, as in the shape of a type."""
    return tuple(axis.size for axis in axes)


def length_of(axis: Axis) -> Length:
    """What `Shape` says of an axis."""
    return axis if axis.size is None else axis.size


def describe(axes: Sequence[Axis]) -> str:
    """A shape as a person reads it, such as `[29, ?, 12]`."""
    return f"[{', '.join('?' if axis.size is None else str(axis.size) for axis in axes)}]"


class Roles:
    """Which axes are one, and which of those are the batch or time."""

    def __init__(self) -> None:
        self._united = nx.utils.UnionFind()
        self._marks: dict[Axis, str] = {}

    def unite(self, first: Axis, second: Axis) -> None:
        """Record that two axes are one."""
        self._united.union(first, second)

    def same(self, first: Axis, second: Axis) -> bool:
        """Whether two axes were found to be one."""
        return bool(self._united[first] is self._united[second])

    def mark(self, axis: Axis, role: str) -> None:
        """Give an axis a role; where several claim it, the first stands."""
        self._marks.setdefault(axis, role)

    def role(self, axis: Axis) -> str | None:
        """`batch`, `time` or None."""
        return next((r for marked, r in self._marks.items() if self.same(marked, axis)), None)

    def find(self, axes: Sequence[Axis], role: str) -> int | None:
        """The position of the first axis with a role, or None."""
        return next((k for k, axis in enumerate(axes) if self.role(axis) == role), None)


def reshaped(source: Sequence[Axis], target: Sequence[Length], roles: Roles) -> tuple[Axis, ...]:
    """The axes of a value in another shape; -1 in `target` stands for what is left.

    Elements stay in row-major order. An axis whose length is known only at run time must stay
    an axis of its own; otherwise, or if the sizes do not fit, `UserError` is raised.
    """
    lengths = _complete(source, target, roles)
    if any(isinstance(length, int) and length < 0 for length in lengths):
        raise UserError(_misfit(source, target))
    before, after = _runs([length_of(axis) for axis in source]), _runs(lengths)
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
    return tuple(result)


def _complete(source: Sequence[Axis], target: Sequence[Length], roles: Roles) -> list[Length]:
    """The target with its -1 resolved."""
    if -1 not in target:
        return list(target)
    kept = [length for length in target if isinstance(length, Axis)]
    left = [a for a in source if a.size is None and not any(roles.same(a, k) for k in kept)]
    have = prod(axis.size for axis in source if axis.size is not None)
    want = prod(length for length in target if isinstance(length, int) and length != -1)
    rest: Length
    if left:
        rest = left[0]
    elif want and have % want == 0:
        rest = have // want
    else:
        raise UserError(_misfit(source, target))
    hole = list(target).index(-1)
    return [*target[:hole], rest, *target[hole + 1 :]]


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
