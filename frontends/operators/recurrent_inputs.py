"""The inputs of recurrent operators: their shapes, and what of them the IR needs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lstmir.dialects.layers import DIRECTIONS, Layer
from lstmir.frontends.operators.table import Call
from lstmir.frontends.values.axes import BATCH, TIME, Axis, describe, sizes_of
from lstmir.frontends.values.folding import ELEMENTS, known
from lstmir.frontends.values.repeating import repeated
from lstmir.frontends.values.values import Computed, Imported, Known
from lstmir.ir.diagnostics import UserError, suggestion
from lstmir.ir.operation import Value
from lstmir.ir.types import I32, I64, ElementType, element_of

_STATES = ("initial_h", "initial_c")


class LayerInputs:
    """The inputs of one node, time first. Raises `UserError` that names the input that is wrong."""

    def __init__(self, call: Call, kind: Layer) -> None:
        self.call, self.node, self.folder = call, call.node, call.folder
        self.gates = kind.gates
        self.turned = self._layout() == 1
        self.direction = self._direction()
        self.directions = 2 if self.direction == "bidirectional" else 1
        self.source = self._source()
        self.time, self.batch, self.features = self.source.axes
        self.element = element_of(self.folder.value(self.source).type)
        self.hidden = self._hidden()

    def values(self) -> list[Value | None]:
        """Those of X, W, R, B, sequence_lens, initial_h, initial_c and P; None for what is absent."""
        d, hidden, rows = self.directions, self.hidden, self.gates * self.hidden
        high = f"{self.gates} x hidden_size" if self.gates > 1 else "hidden_size"
        return [
            self.folder.value(self.source),
            self.weights("W", (d, rows, self.features.size), f"directions, {high}, input size"),
            self.weights("R", (d, rows, hidden), f"directions, {high}, hidden_size"),
            self.weights("B", (d, 2 * rows), f"directions, {2 * self.gates} x hidden_size"),
            self.lengths(),
            *(self.state(name) for name in _STATES),
            self.weights("P", (d, 3 * hidden), "directions, 3 x hidden_size"),
        ]

    def _layout(self) -> int:
        layout = self.node.integer("layout", 0)
        if layout not in (0, 1):
            raise UserError("attribute 'layout' must be 0 or 1")
        return layout

    def _direction(self) -> str:
        direction = self.node.text("direction", "forward")
        if direction not in DIRECTIONS:
            near = suggestion(direction, DIRECTIONS)
            raise UserError(
                f"attribute 'direction' must be one of {', '.join(DIRECTIONS)}, not '{direction}'{near}"
            )
        return direction

    def _source(self) -> Imported:
        """X as [time, batch, features]. This is where the roles of axes come from."""
        source = _of_rank(self.call.input("X"), 3, "X")
        if isinstance(source, Known) and None in sizes_of(source.axes):
            source = repeated(self.folder, source, list(self.call.inputs.values()))
        if self.turned:
            source = self.folder.transpose(source, (1, 0, 2))
        if source.axes[2].size is None:
            raise UserError("input 'X' must say how many features it has along its last axis")
        self.folder.roles.mark(source.axes[0], TIME)
        self.folder.roles.mark(source.axes[1], BATCH)
        return source

    def _hidden(self) -> int:
        recurrence = _of_rank(self.call.input("R"), 3, "R")
        size = self.node.integer("hidden_size", recurrence.axes[-1].size or 0)
        if size < 1:
            raise UserError(f"attribute 'hidden_size' must be positive, not {size}")
        return size

    def weights(self, name: str, shape: tuple[int | None, ...], words: str) -> Value | None:
        """W, R, B or P. Constants are named after the node: exporters pack them, and invent names."""
        value = self.call.optional(name)
        if value is None:
            return None
        _expect(value, shape, name, words)
        self._check_element(value, name)
        return self.folder.value(value, f"{self.node.label}_{name}")

    def state(self, name: str) -> Value | None:
        """An initial state [directions, batch, hidden]; none is needed where it is zero."""
        state = self.call.optional(name)
        if state is None:
            return None
        state = _of_rank(state, 3, name)
        words = "directions, batch, hidden_size"
        if self.turned:
            state = self.folder.transpose(state, (1, 0, 2))
            words += ", with layout 1 the first two turned"
        shape = self.directions, self.batch.size, self.hidden
        state = self._by_sample(state, 1, shape, name, words)
        self._check_element(state, name)
        if isinstance(state, Known) and not state.array.any():
            return None
        return self._of_batch(state, 1, name)

    def lengths(self) -> Value | None:
        """The steps of each sample [batch]; none are needed where all have all the steps."""
        name, steps = "sequence_lens", self.time.size
        lengths = self.call.optional(name)
        if lengths is None:
            return None
        lengths = self._by_sample(_of_rank(lengths, 1, name), 0, (self.batch.size,), name, "batch")
        if isinstance(lengths, Known) and self._are_all_steps(lengths):
            return None
        if _element(lengths) not in (None, I32, I64):
            raise UserError(f"input '{name}' must hold integers, not {_element(lengths)}")
        if isinstance(lengths, Known):
            _check_lengths(lengths, steps)
        return self._of_batch(lengths, 0, name)

    def _are_all_steps(self, lengths: Known) -> bool:
        """Whether each length is that of X, known or not."""
        same, time = self.folder.roles.same, self.time
        return all(
            same(length, time) if isinstance(length, Axis) else length == time.size
            for length in lengths.array.reshape(-1).tolist()
        )

    def _by_sample(
        self, value: Imported, axis: int, shape: Sequence[int | None], name: str, words: str
    ) -> Imported:
        """A value with an entry for each sample along an axis; a constant that repeats one has it once.

        Such a constant may have been written for another batch than the model leaves open.
        """
        once, have = _once(value, axis), value.axes[axis].size
        if have == 1 or (once is not value and None in (have, self.batch.size)):
            shape = (*shape[:axis], have, *shape[axis + 1 :])
        _expect(value, shape, name, words)
        return once

    def _of_batch(self, value: Imported, axis: int, name: str) -> Value:
        if isinstance(value, Computed):
            self.folder.roles.unite(self.batch, value.axes[axis])
            return value.value
        return self.folder.value(value, f"{self.node.label}_{name}")

    def _check_element(self, value: Imported, name: str) -> None:
        if _element(value) != self.element:
            raise UserError(f"input '{name}' holds {_element(value)}, but X {self.element}")


def _element(value: Imported) -> ElementType | None:
    if isinstance(value, Computed):
        return element_of(value.value.type)
    return ELEMENTS.get(value.array.dtype.name)


def _of_rank(value: Imported, rank: int, name: str) -> Imported:
    if len(value.axes) != rank:
        axes = "axis" if rank == 1 else "axes"
        raise UserError(f"input '{name}' must have {rank} {axes}, not {len(value.axes)}")
    return value


def _expect(value: Imported, shape: Sequence[int | None], name: str, words: str) -> None:
    if [axis.size for axis in value.axes] != list(shape):
        expected = describe([Axis(size) for size in shape])
        raise UserError(f"input '{name}' must be {expected} ({words}), not {describe(value.axes)}")


def _once(value: Imported, axis: int) -> Imported:
    """A constant that is the same for all samples, with length 1 along the axis of the batch."""
    if isinstance(value, Computed):
        return value
    first = value.array.take([0], axis) if value.array.shape[axis] else value.array
    same = value.array.dtype != object and bool(np.all(value.array == first))
    return known(first, value.name) if same else value


def _check_lengths(lengths: Known, steps: int | None) -> None:
    for length in lengths.integers():
        if length < 0 or (steps is not None and length > steps):
            most = "the number of steps" if steps is None else f"{steps}, the number of steps of X"
            raise UserError(f"input 'sequence_lens' has {length}; a length is from 0 to {most}")
