"""What rearrangements leave of the steps of sequences."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import NamedTuple

from lstmir.ir.operation import Operation, Value
from lstmir.ir.types import TensorType, shape_of


class Words(NamedTuple):
    """Neighbouring words of each step of a sequence, whose first axis is time."""

    source: Value
    start: int
    size: int


def whole(sequence: Value) -> list[Words]:
    """All words of each step."""
    return [Words(sequence, 0, width_of(sequence))]


def width_of(sequence: Value) -> int:
    """Words of a step."""
    assert isinstance(sequence.type, TensorType)
    return prod(n or 0 for n in sequence.type.shape[1:])


def words_after(op: Operation, words: Mapping[Value, list[Words]]) -> list[Words] | None:
    """The words of each step that an operation leaves of sequences, one behind the other.

    None if it computes, or takes steps apart, or their words out of their order.
    """
    if not op.operands or any(value not in words for value in op.operands):
        return None
    shape, attributes = shape_of(op.operands[0].type), op.attributes
    found = [each for value in op.operands for each in words[value]]
    if op.name == "tensor.reshape":
        return found if shape_of(op.result.type)[:1] == shape[:1] else None
    axis = attributes.get("axis", 0)
    if axis == 0 or prod(n or 0 for n in shape[1:axis]) != 1:
        return None
    if op.name == "tensor.concat":
        return found
    if op.name != "tensor.slice":
        return None
    inner = prod(n or 0 for n in shape[axis + 1 :])
    return _cut(found, attributes["start"] * inner, attributes["size"] * inner)


def _cut(words: list[Words], start: int, size: int) -> list[Words]:
    """`size` words from the one at `start` on."""
    found, before = [], 0
    for source, first, count in words:
        low, high = max(start - before, 0), min(start + size - before, count)
        if low < high:
            found.append(Words(source, first + low, high - low))
        before += count
    return found
