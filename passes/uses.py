"""What becomes of a value."""

from __future__ import annotations

from lstmir.ir.module import Module
from lstmir.ir.operands import segment, segment_range
from lstmir.ir.operation import Operation, Value
from lstmir.pipeline.passes import Pass, cannot


def is_exact_output(value: Value) -> bool:
    """Whether an emitted value may leave as it is: an exact sum or product of other formats."""
    return value.op.name in ("arith.add", "linalg.matvec", "arith.sub")


def feeds_matrix(value: Value) -> bool:
    """Whether a matrix multiplies the value."""
    return any(op.name == "linalg.matvec" and i == 1 for op, i in value.op.parent.uses(value))


def is_multiplied(value: Value) -> bool:
    """Whether a matrix multiplies the value, or a recurrence that reads it as its sequence."""
    return feeds_matrix(value) or any(
        op.name == "rnn.scan" and index in segment_range(op, "")
        for op, index in value.op.parent.uses(value)
    )


def is_joined(value: Value) -> bool:
    """Whether the value is a part of a vector that a matrix multiplies."""
    users = (op for op, _ in value.op.parent.uses(value))
    return any(op.name == "tensor.concat" and feeds_matrix(op.result) for op in users)


def refuse_lengths(pass_: Pass, module: Module) -> None:
    """Raise `UserError` for a recurrence that stops at a length.

    What it computes behind that is nothing; a record of it would be one of values that are not
    there, and hardware reads each sequence to the end of its own packet.
    """
    for op in module.walk():
        if op.name == "rnn.scan" and segment(op, "length"):
            why = "'rnn.scan' stops at a length, which fixed point has no form for"
            note = "export the model without sequence_lens: each sequence then runs to its own end"
            raise cannot(pass_, why, op.location, note)


def users_of(value: Value) -> list[tuple[Operation, int]]:
    """Who uses a value, also through captures."""
    found: list[tuple[Operation, int]] = []
    for op, index in value.op.parent.uses(value):
        if op.name != "rnn.scan" or value not in segment(op, "capture"):
            found.append((op, index))
            continue
        captures = segment_range(op, "capture")
        region = op.regions[0]
        first = len(region.arguments) - len(captures)
        found += users_of(region.arguments[first + index - captures.start])
    return found


_REARRANGING = ("tensor.reshape", "tensor.slice", "tensor.transpose")


def next_states(value: Value) -> list[Value] | None:
    """What recurrences make of a value that is the start of states of theirs, and nothing else.

    It may be rearranged, or be taken apart on its way. None where it is anything else.
    """
    found: list[Value] = []
    for op, index in users_of(value):
        more: list[Value] | None = None
        if op.name in _REARRANGING:
            more = next_states(op.result)
        elif op.name == "rnn.scan" and index in segment_range(op, "state"):
            more = [op.regions[0].end.operands[index - segment_range(op, "state").start]]
        if more is None:
            return None
        found += more
    return found or None


def leave_to_host(op: Operation) -> str:
    """What to do about an operation that has no form further down: the note of its refusal."""
    fed = [_as_named(value) for value in op.operands if value.op.name != "tensor.constant"]
    names = [value.name for value in fed if value.name is not None]
    advice = "cut the model before it, and leave the rest to the host"
    # What is computed inside of a loop is no value of the model's own graph, and an input no output.
    is_cut = op.parent.owner is None and all(value.op is not op.parent.entry for value in fed)
    if not fed or len(names) < len(fed) or not is_cut:
        return advice
    return f"{advice}: --outputs {' '.join(dict.fromkeys(names))}"


def _as_named(value: Value) -> Value:
    """A reshape that the model names has a name; others have come in between."""
    while value.name is None and value.op.name == "tensor.reshape":
        value = value.op.operands[0]
    return value
