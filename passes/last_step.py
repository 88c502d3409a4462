"""The last step of a recurrence as the state behind it."""

from __future__ import annotations

from lstmir.ir.operands import segment
from lstmir.ir.operation import Operation, Value
from lstmir.ir.types import element_of, shape_of


def last_as_state(op: Operation) -> Operation:
    """Let what takes the last step that a scan gives read the state behind it instead.

    That is possible where each step gives a state, and all steps are made: after a length of its
    own, a sequence holds zeros. Gives the operation, or the reshape that came in its place.
    """
    state = _state_at(op) if op.name == "tensor.slice" else None
    if state is None or element_of(state.type) != element_of(op.result.type):
        return op
    reshape = Operation("tensor.reshape", op.result_types, {}, (), op.result_names, op.location)
    op.parent.insert(reshape, [state], before=op)
    op.parent.replace(op, reshape.results)
    return reshape


def _state_at(op: Operation) -> Value | None:
    """The state that a slice takes from a scan's sequence, if it takes the step made last."""
    scan, step = op.operands[0].op, op.operands[0].index
    if scan.name != "rnn.scan" or segment(scan, "length"):
        return None
    end = scan.regions[0].end
    emits, states = segment(end, "emit"), segment(end, "state")
    if step >= len(emits) or op.attributes["axis"] != 0 or op.attributes["size"] != 1:
        return None
    steps = shape_of(op.operands[0].type)[0]
    final = -1 if steps is None else steps - 1
    if op.attributes["start"] != (0 if scan.attributes.get("direction") == "reverse" else final):
        return None
    if emits[step] not in states:
        return None
    return scan.results[len(emits) + states.index(emits[step])]
