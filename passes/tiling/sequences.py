"""Sequences of the function: which values have their steps along their first axis."""

from __future__ import annotations

from lstmir.ir.operands import segment
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import shape_of


def sequences_of(region: Region) -> set[Value]:
    """What recurrences read and emit, and what was made of it step by step."""
    found: set[Value] = set()
    operations = region.operations()
    for op in operations:
        if op.name == "rnn.scan":
            found |= {*segment(op, ""), *op.results[: emits_of(op)]}
    while True:
        more = set()
        for op in operations:
            if not keeps_time(op):
                continue
            if op.result in found:
                more |= {value for value in op.operands if has_steps(value, op.result)}
            if any(value in found for value in op.operands):
                more.add(op.result)
        if more <= found:
            return found
        found |= more


def keeps_time(op: Operation) -> bool:
    """Whether an operation works on each step of sequences by itself."""
    if is_elementwise(op):
        return True
    attributes = op.attributes
    if op.name in ("tensor.slice", "tensor.concat", "tensor.gather", "linalg.argmax"):
        return bool(attributes["axis"] > 0)
    if op.name == "tensor.transpose":
        return bool(attributes["order"][0] == 0)
    if op.name == "tensor.reshape":
        before, after = shape_of(op.operands[0].type), shape_of(op.result.type)
        return before[:1] == after[:1]
    return False


def has_steps(value: Value, like: Value) -> bool:
    """Whether an operand of an elementwise operation has the steps of its result."""
    shape, other = shape_of(value.type), shape_of(like.type)
    return (
        value.op.name != "tensor.constant" and len(shape) == len(other) and shape[:1] == other[:1]
    )


def emits_of(scan: Operation) -> int:
    """How many sequences a recurrence emits."""
    return len(scan.results) - len(segment(scan, "state"))


def is_elementwise(op: Operation) -> bool:
    """Whether an operation computes each element by itself."""
    return op.name.startswith(("arith.", "fx."))
