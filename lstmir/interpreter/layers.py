"""The layers of `rnn` on one sample, in the float type of the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from lstmir.dialects.activations import Activation
from lstmir.dialects.layers import LAYERS, directions_of, layer_activations
from lstmir.interpreter.cells import STEPS, Cell
from lstmir.interpreter.lengths import check_lengths, check_steps, frozen
from lstmir.interpreter.plan import Array
from lstmir.ir.operation import Operation


class Layer:
    """A layer; its sample holds the batch of the model, which is most often all there is."""

    def __init__(self, op: Operation) -> None:
        self.op = op
        self.kind = LAYERS[op.name]
        sizes = op.attributes["segments"]
        self.given = [part for part, size in zip(self.kind.parts, sizes, strict=True) if size]
        self.directions = directions_of(op.attributes)
        self.activations = layer_activations(op.name, op.attributes)

    def run(self, operands: Sequence[Array]) -> tuple[Array, ...]:
        """The sequence [time, directions, batch, hidden], then final states [directions, …]."""
        parts = dict(zip(self.given, operands, strict=True))
        check_steps(self.op, len(parts[""]))
        if "lengths" in parts:
            check_lengths(self.op, "lengths", parts["lengths"], len(parts[""]))
        runs = [self.direction(parts, d) for d in range(len(self.directions))]
        sequences, *states = zip(*runs, strict=True)
        return (np.stack(sequences, axis=1), *(np.stack(state) for state in states))

    def direction(self, parts: Mapping[str, Array], d: int) -> tuple[Array, ...]:
        """Every h [time, batch, hidden], then the final states [batch, hidden]."""
        source, cell, step = parts[""], self.cell(parts, d), STEPS[self.op.name]
        time, batch, _ = source.shape
        zero = np.zeros((batch, cell.hidden), source.dtype)
        states = tuple(zero + parts[s][d] if s in parts else zero for s in self.kind.states)
        lengths = np.broadcast_to(parts.get("lengths", np.array([time])), (batch,))
        from_input = source @ parts["weights"][d].T + cell.input_bias
        sequence = np.empty((time, batch, cell.hidden), source.dtype)
        for t in range(time) if self.directions[d] == "forward" else reversed(range(time)):
            after = step(cell, from_input[t], states)
            states, (sequence[t],) = frozen(t < lengths, states, after, after[:1])
        return (sequence, *states)

    def cell(self, parts: Mapping[str, Array], d: int) -> Cell:
        recurrence = parts["recurrence"][d]
        rows = len(recurrence)
        bias = parts["bias"][d] if "bias" in parts else np.zeros(2 * rows, recurrence.dtype)
        peepholes = parts["peepholes"][d] if "peepholes" in parts else None
        activations: Sequence[Activation] = self.activations[d]
        return Cell(
            recurrence, bias[:rows], bias[rows:], peepholes, activations, self.op.attributes
        )
