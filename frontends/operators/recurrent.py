"""LSTM, GRU and RNN."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lstmir.dialects.layers import LAYERS
from lstmir.frontends.model.node import Node
from lstmir.frontends.operators.activations import activation_attributes
from lstmir.frontends.operators.recurrent_inputs import LayerInputs
from lstmir.frontends.operators.table import Call, Handler, operator
from lstmir.frontends.values.axes import fresh
from lstmir.frontends.values.values import Computed, Imported
from lstmir.ir.diagnostics import UserError
from lstmir.ir.operation import Value

_INPUTS = "X W R B? sequence_lens? initial_h?"
_ATTRIBUTES = "activation_alpha activation_beta activations clip direction hidden_size layout"


def _importer(name: str) -> Handler:
    """Imports a node as a layer of the IR, time first: with layout 1 all around it is turned."""
    kind = LAYERS[name]

    def handler(call: Call) -> Sequence[Imported]:
        inputs = LayerInputs(call, kind)
        values = inputs.values()[: len(kind.parts)]
        op = call.folder.builder.op(
            name,
            [value for value in values if value is not None],
            segments=tuple(int(value is not None) for value in values),
            hidden_size=inputs.hidden,
            direction=inputs.direction,
            **activation_attributes(call.node, kind.activations, inputs.directions),
            **_options(call.node),
        )
        return _results(inputs, op.results)

    return handler


def _options(node: Node) -> dict[str, Any]:
    """What else a node says of its cells, where it is not the default."""
    found: dict[str, Any] = {}
    if "clip" in node.attributes:
        found["clip"] = node.finite("clip", 0.0)
        if found["clip"] <= 0:
            raise UserError(f"attribute 'clip' must be positive, not {found['clip']:g}")
    for name in ("input_forget", "linear_before_reset"):
        if node.integer(name, 0) != 0:
            found[name] = True
    return found


def _results(inputs: LayerInputs, values: Sequence[Value]) -> list[Imported]:
    """The sequence [time, directions, batch, hidden] and the last states [directions, batch, hidden]."""
    turn: Callable[[Imported, Sequence[int]], Imported] = inputs.folder.transpose
    time, batch = inputs.time, inputs.batch
    directions, hidden = fresh([inputs.directions, inputs.hidden])
    sequence = Computed(values[0], (time, directions, batch, hidden))
    states = [Computed(value, (directions, batch, hidden)) for value in values[1:]]
    if not inputs.turned:
        return [sequence, *states]
    return [turn(sequence, (2, 0, 1, 3)), *(turn(state, (1, 0, 2)) for state in states)]


operator("LSTM", f"{_INPUTS} initial_c? P?", f"{_ATTRIBUTES} input_forget")(_importer("rnn.lstm"))
operator("GRU", _INPUTS, f"{_ATTRIBUTES} linear_before_reset")(_importer("rnn.gru"))
operator("RNN", _INPUTS, _ATTRIBUTES)(_importer("rnn.simple_rnn"))
