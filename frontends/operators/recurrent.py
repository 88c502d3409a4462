"""LSTM."""

from __future__ import annotations

from collections.abc import Sequence

from lstmir.frontends.axes import BATCH, TIME, Axis, fresh
from lstmir.frontends.folding import Folder, known
from lstmir.frontends.node import Node
from lstmir.frontends.operators.table import Call, operator
from lstmir.frontends.values import Computed, Imported, Known
from lstmir.ir.diagnostics import UserError
from lstmir.ir.operation import Value
from lstmir.ir.types import shape_of

ACTIVATIONS = ["sigmoid", "tanh", "tanh"]

# What lstmir has no form for, and what to do about it.
_REFUSED_INPUTS = {
    "sequence_lens": "pad sequences at the front, or run each alone",
    "P": "train and export the network without peepholes",
}
_REFUSED_ATTRIBUTES = {
    "clip": "train and export the network without clipping in its cells",
    "input_forget": "export the network with an input gate of its own",
    "activations": "export the network with Sigmoid, Tanh and Tanh",
}


@operator(
    "LSTM",
    "X W R B? sequence_lens? initial_h? initial_c? P?",
    "activation_alpha activation_beta activations clip direction hidden_size input_forget layout",
)
def lstm(call: Call) -> Sequence[Imported]:
    """`rnn.lstm`, which is time-major: with layout 1 its input, states and outputs are turned."""
    _refuse(call)
    folder, node = call.folder, call.node
    turned = node.integer("layout", 0) == 1
    source = _sequence(call, turned)
    groups = [
        folder.value(source),
        _weights(call, "W"),
        _weights(call, "R"),
        _weights(call, "B"),
        _state(call, "initial_h", source.axes[1], turned),
        _state(call, "initial_c", source.axes[1], turned),
    ]
    op = folder.builder.op(
        "rnn.lstm",
        [value for value in groups if value is not None],
        segments=tuple(int(value is not None) for value in groups),
        hidden_size=node.integer("hidden_size", _columns(call.known("R"))),
        direction=node.text("direction", "forward"),
    )
    return _results(folder, op.results, source.axes, turned)


def _refuse(call: Call) -> None:
    node = call.node
    for name, advice in _REFUSED_INPUTS.items():
        if name in call.inputs:
            raise UserError(f"input '{name}' is not supported; {advice}")
    for name, advice in _REFUSED_ATTRIBUTES.items():
        if name in node.attributes and not _is_default(node, name):
            raise UserError(f"attribute '{name}' is not supported; {advice}")
    if node.integer("layout", 0) not in (0, 1):
        raise UserError("attribute 'layout' must be 0 or 1")


def _is_default(node: Node, name: str) -> bool:
    if name == "input_forget":
        return node.integer(name, 0) == 0
    if name == "activations":
        activations = [text.lower() for text in node.texts(name) or ()]
        return activations in (ACTIVATIONS, ACTIVATIONS * 2)
    return False


def _sequence(call: Call, turned: bool) -> Imported:
    """The input [time, batch, features]. This is where the roles of axes come from."""
    source = _three_axes(call.input("X"), "X")
    if turned:
        source = call.folder.transpose(source, (1, 0, 2))
    call.folder.roles.mark(source.axes[0], TIME)
    call.folder.roles.mark(source.axes[1], BATCH)
    return source


def _weights(call: Call, name: str) -> Value | None:
    """W, R or B. They are named after the node: exporters pack them, and invent their names."""
    if call.optional(name) is None:
        return None
    return call.folder.value(call.known(name), f"{call.node.label}_{name}")


def _columns(matrix: Known) -> int:
    return int(matrix.array.shape[-1]) if matrix.axes else 0


def _state(call: Call, name: str, batch: Axis, turned: bool) -> Value | None:
    """An initial state [directions, batch, hidden]; none is needed where it is zero."""
    state = call.optional(name)
    if state is None:
        return None
    state = _three_axes(state, name)
    if turned:
        state = call.folder.transpose(state, (1, 0, 2))
    if isinstance(state, Computed):
        call.folder.roles.unite(batch, state.axes[1])
        return state.value
    array = state.array
    if not array.any():
        return None
    if (array == array[:, :1]).all():
        array = array[:, :1]
    return call.folder.value(known(array), f"{call.node.label}_{name}")


def _three_axes(value: Imported, name: str) -> Imported:
    if len(value.axes) != 3:
        raise UserError(f"input '{name}' must have 3 axes, not {len(value.axes)}")
    return value


def _results(
    folder: Folder, values: Sequence[Value], source: Sequence[Axis], turned: bool
) -> list[Imported]:
    """The sequence [time, directions, batch, hidden] and the last states [directions, batch, hidden]."""
    time, batch, _ = source
    directions, hidden = fresh([size or 0 for size in shape_of(values[1].type)[::2]])
    sequence = Computed(values[0], (time, directions, batch, hidden))
    states = [Computed(value, (directions, batch, hidden)) for value in values[1:]]
    if not turned:
        return [sequence, *states]
    return [
        folder.transpose(sequence, (2, 0, 1, 3)),
        *(folder.transpose(state, (1, 0, 2)) for state in states),
    ]
