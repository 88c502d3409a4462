"""One time step of each recurrent layer, on a batch: ONNX's equations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lstmir.dialects.activations import Activation
from lstmir.interpreter.activations import activate
from lstmir.interpreter.plan import Array


@dataclass(frozen=True)
class Cell:
    """One direction of a layer: R [gates x hidden, hidden], both halves of the bias, P or None."""

    recurrence: Array
    input_bias: Array
    state_bias: Array
    peepholes: Array | None
    activations: Sequence[Activation]
    attributes: Mapping[str, Any]

    @property
    def hidden(self) -> int:
        """Units."""
        return int(self.recurrence.shape[-1])

    def gate(self, index: int, array: Array) -> Array:
        """The activation of a gate: only what goes into gates is clipped, a cell state is not."""
        clip = self.attributes.get("clip")
        clipped = array if clip is None else np.clip(array, -clip, clip)
        return activate(self.activations[index], clipped)

    def from_state(self, h: Array) -> Array:
        """h times R, with its half of the bias."""
        return h @ self.recurrence.T + self.state_bias


Step = Callable[[Cell, Array, Sequence[Array]], tuple[Array, ...]]
"""From W x with its bias [batch, gates x hidden] and the states [batch, hidden], the next states."""


def lstm_step(cell: Cell, from_input: Array, states: Sequence[Array]) -> tuple[Array, ...]:
    """The next h and c."""
    h, c = states
    peepholes = np.zeros(3 * cell.hidden, h.dtype) if cell.peepholes is None else cell.peepholes
    to_i, to_o, to_f = np.split(peepholes, 3)
    zi, zo, zf, zg = np.split(from_input + cell.from_state(h), 4, axis=1)
    i = cell.gate(0, zi + to_i * c)
    f = 1 - i if cell.attributes.get("input_forget") else cell.gate(0, zf + to_f * c)
    c = f * c + i * cell.gate(1, zg)
    o = cell.gate(0, zo + to_o * c)
    return o * activate(cell.activations[2], c), c


def gru_step(cell: Cell, from_input: Array, states: Sequence[Array]) -> tuple[Array, ...]:
    """The next h."""
    (h,) = states
    size = cell.hidden
    xz, xr, xh = np.split(from_input, 3, axis=1)
    hz, hr, hh = np.split(cell.from_state(h), 3, axis=1)
    z, r = cell.gate(0, xz + hz), cell.gate(0, xr + hr)
    if cell.attributes.get("linear_before_reset"):
        new = r * hh
    else:
        new = (r * h) @ cell.recurrence[2 * size :].T + cell.state_bias[2 * size :]
    return ((1 - z) * cell.gate(1, xh + new) + z * h,)


def simple_step(cell: Cell, from_input: Array, states: Sequence[Array]) -> tuple[Array, ...]:
    """The next h."""
    return (cell.gate(0, from_input + cell.from_state(states[0])),)


STEPS: dict[str, Step] = {
    "rnn.lstm": lstm_step,
    "rnn.gru": gru_step,
    "rnn.simple_rnn": simple_step,
}
