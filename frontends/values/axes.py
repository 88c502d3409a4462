"""Axes of imported values: their lengths, and which of them count samples or time steps.

An axis that an operation only moves stays the same object. Where operations show that two axes
are one (an addition, a state beside an input), the two are united. So an LSTM that calls an axis
of its input "time" says so of an axis of the model's input too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import networkx as nx

BATCH, TIME = "batch", "time"


@dataclass(frozen=True, eq=False, slots=True)
class Axis:
    """One axis of a value; `size` is None where the length is known only at run time.

    Of some that are taken as one, such as batch and time where every step of every sample is a row,
    `parts` are those that the value has (see `reshaping`).
    """

    size: int | None
    parts: tuple[Axis, ...] = ()


Length: TypeAlias = int | Axis
"""A length: a number, or that of an axis whose size is None."""


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
    return f"[{', '.join(_described(axis) for axis in axes)}]"


def _described(axis: Axis) -> str:
    if axis.parts:
        return "*".join(_described(part) for part in axis.parts)
    return "?" if axis.size is None else str(axis.size)


class Roles:
    """Which axes are one, and which are the batch or time."""

    def __init__(self) -> None:
        self._united = nx.utils.UnionFind()
        self._akin = nx.utils.UnionFind()
        self._marks: dict[Axis, str] = {}

    def unite(self, first: Axis, second: Axis) -> None:
        """Record that two axes are one: of one length, and in one role."""
        self._united.union(first, second)
        self._akin.union(first, second)

    def relate(self, first: Axis, second: Axis) -> None:
        """Record that two axes are in one role, whatever their lengths: fewer time steps are time steps."""
        self._akin.union(first, second)

    def same(self, first: Axis, second: Axis) -> bool:
        """Whether two axes were found to be one."""
        if first.parts or second.parts:
            pairs = zip(first.parts, second.parts, strict=False)
            return len(first.parts) == len(second.parts) and all(
                self.alike(*pair) for pair in pairs
            )
        return bool(self._united[first] is self._united[second])

    def alike(self, first: Axis, second: Axis) -> bool:
        """Whether two axes surely have one length."""
        if first.size is None and second.size is None:
            return self.same(first, second)
        return first.size == second.size

    def mark(self, axis: Axis, role: str) -> None:
        """Give an axis a role; where several claim it, the first stands."""
        self._marks.setdefault(axis, role)

    def role(self, axis: Axis) -> str | None:
        """`batch`, `time` or None."""
        root = self._akin[axis]
        return next((r for marked, r in self._marks.items() if self._akin[marked] is root), None)

    def has_fixed(self, role: str) -> bool:
        """Whether an axis of known length has been given a role."""
        return any(axis.size is not None and given == role for axis, given in self._marks.items())

    def find(self, axes: Sequence[Axis], role: str) -> int | None:
        """The position of the first axis with a role, or None."""
        return next((k for k, axis in enumerate(axes) if self.role(axis) == role), None)
