"""The cells: the graph of one step of each kind of layer.

The products with the input and with the state stay two matvecs, since their operands differ in
format and in when they are ready.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lstmir.dialects.activations import Activation
from lstmir.dialects.compositions import activate, between
from lstmir.ir.operation import Value
from lstmir.passes.cells.body import Body


@dataclass(frozen=True)
class Cell:
    """One direction of a layer: W and R [gates x hidden, …], the halves of the bias, P or None."""

    weights: np.ndarray
    recurrence: np.ndarray
    input_bias: np.ndarray
    state_bias: np.ndarray
    peepholes: np.ndarray | None
    activations: Sequence[Activation]
    attributes: Mapping[str, Any]

    @property
    def bias(self) -> np.ndarray:
        """Both halves, added."""
        return np.asarray(self.input_bias + self.state_bias)

    def gate(self, body: Body, index: int, source: Value, hint: str) -> Value:
        """The activation of a gate: only what goes into gates is clipped, a cell state is not."""
        clip, name = self.attributes.get("clip"), source.name
        if clip is not None:
            bounds = body.every_unit("low", -clip), body.every_unit("high", clip)
            source = between(body, source, bounds, f"{name}_clipped", f"{name}_raised")
        return activate(body, self.activations[index], source, hint)


Graph = Callable[[Body, Cell, list[Value]], list[Value]]
"""Builds a step: from the states before it to those behind it."""


def _stacked_gates(body: Body, cell: Cell, h: Value) -> Value:
    """W x + R h + b, the gates one below the other."""
    w, r = body.constant("w", cell.weights), body.constant("r", cell.recurrence)
    b = body.constant("b", cell.bias)
    zx, zh = body.matvec(w, body.input, "zx"), body.matvec(r, h, "zh")
    return body.add(zx, zh, b, hint="z")


def lstm(body: Body, cell: Cell, states: list[Value]) -> list[Value]:
    """The next h and c."""
    h, c = states
    coupled = cell.attributes.get("input_forget", False)
    z = _stacked_gates(body, _without_forget_gate(cell) if coupled else cell, h)

    def gate(index: int, name: str, seen: Value) -> Value:
        part = body.rows(z, index, f"z{name}")
        if cell.peepholes is not None:
            row = cell.peepholes[index * body.hidden : (index + 1) * body.hidden]
            weighted = body.mul(body.constant(f"p{name}", row), seen, f"{name}_sees")
            part = body.add(part, weighted, hint=f"z{name}_seen")
        return cell.gate(body, 0, part, name)

    i = gate(0, "i", c)
    f = None if coupled else gate(2, "f", c)
    g = cell.gate(body, 1, body.rows(z, 2 if coupled else 3, "zg"), "g")
    if f is None:
        # (1 - i) c + i g, with one multiplication.
        change = body.mul(i, body.sub(g, c, "difference"), "change")
        ct = body.add(c, change, hint="ct")
    else:
        kept, new = body.mul(f, c, "kept"), body.mul(i, g, "new")
        ct = body.add(kept, new, hint="ct")
    o = gate(1, "o", ct)
    return [body.mul(o, activate(body, cell.activations[2], ct, "tanh_c"), "ht"), ct]


def _without_forget_gate(cell: Cell) -> Cell:
    """The gates i, o, c: nothing is multiplied for one that is not there."""
    hidden = cell.recurrence.shape[1]
    arrays = cell.weights, cell.recurrence, cell.input_bias, cell.state_bias
    w, r, b, c = (np.delete(array, slice(2 * hidden, 3 * hidden), axis=0) for array in arrays)
    return replace(cell, weights=w, recurrence=r, input_bias=b, state_bias=c)


def gru(body: Body, cell: Cell, states: list[Value]) -> list[Value]:
    """The next h."""
    (h,) = states
    late = cell.attributes.get("linear_before_reset", False)
    z, candidate = (_reset_late if late else _reset_early)(body, cell, h)
    g = cell.gate(body, 1, candidate, "new")
    # (1 - z) g + z h, with one multiplication.
    change = body.mul(z, body.sub(h, g, "difference"), "change")
    return [body.add(g, change, hint="ht")]


def _reset_early(body: Body, cell: Cell, h: Value) -> tuple[Value, Value]:
    """The update gate, and the candidate before its activation: W x + R (r h) + b."""
    rows = 2 * body.hidden
    w, zr = body.constant("w", cell.weights), body.constant("r", cell.recurrence[:rows])
    zx, zh = body.matvec(w, body.input, "zx"), body.matvec(zr, h, "zh")
    upper = body.rows(zx, 0, "zx_gates", gates=2)
    gates = body.add(upper, zh, body.constant("b", cell.bias[:rows]), hint="gates")
    z = cell.gate(body, 0, body.rows(gates, 0, "zz"), "update")
    r = cell.gate(body, 0, body.rows(gates, 1, "zr"), "reset")
    matrix = body.constant("r_new", cell.recurrence[rows:])
    from_state = body.matvec(matrix, body.mul(r, h, "h_reset"), "zn")
    bias = body.constant("b_new", cell.bias[rows:])
    return z, body.add(body.rows(zx, 2, "zx_new"), from_state, bias, hint="zg")


def _reset_late(body: Body, cell: Cell, h: Value) -> tuple[Value, Value]:
    """The update gate, and the candidate before its activation: W x + b + r (R h + b)."""
    rows = 2 * body.hidden
    w, matrix = body.constant("w", cell.weights), body.constant("r", cell.recurrence)
    early = np.concatenate([cell.bias[:rows], cell.input_bias[rows:]])
    zx = body.add(body.matvec(w, body.input, "wx"), body.constant("b", early), hint="zx")
    zh = body.matvec(matrix, h, "zh")
    gates = body.add(
        body.rows(zx, 0, "zx_gates", gates=2), body.rows(zh, 0, "zh_gates", gates=2), hint="gates"
    )
    z = cell.gate(body, 0, body.rows(gates, 0, "zz"), "update")
    r = cell.gate(body, 0, body.rows(gates, 1, "zr"), "reset")
    late = body.constant("b_new", cell.state_bias[rows:])
    from_state = body.add(body.rows(zh, 2, "zh_new"), late, hint="zn")
    reset = body.mul(r, from_state, "zn_reset")
    return z, body.add(body.rows(zx, 2, "zx_new"), reset, hint="zg")


def simple(body: Body, cell: Cell, states: list[Value]) -> list[Value]:
    """The next h."""
    return [cell.gate(body, 0, _stacked_gates(body, cell, states[0]), "ht")]


CELLS: dict[str, Graph] = {"rnn.lstm": lstm, "rnn.gru": gru, "rnn.simple_rnn": simple}
