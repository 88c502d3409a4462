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
