"""What becomes of a value."""

from __future__ import annotations

from lstmir.ir.operands import segment, segments_of
from lstmir.ir.operation import Operation, Value


def is_exact_output(value: Value) -> bool:
    """Whether an emitted value may leave as it is: an exact sum or product of other formats."""
    return value.op.name in ("arith.add", "linalg.matvec", "arith.sub")


def feeds_matrix(value: Value) -> bool:
    """Whether a matrix multiplies the value."""
    return any(op.name == "linalg.matvec" and i == 1 for op, i in value.op.parent.uses(value))


def users_of(value: Value) -> list[tuple[Operation, int]]:
    """Who uses a value, also through captures."""
    found: list[tuple[Operation, int]] = []
    for op, index in value.op.parent.uses(value):
        if op.name != "rnn.scan" or value not in segment(op, "capture"):
            found.append((op, index))
            continue
        captures = segments_of(op)[2]
        region = op.regions[0]
        first = len(region.arguments) - len(captures)
        found += users_of(region.arguments[first + index - captures.start])
    return found
