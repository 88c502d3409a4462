"""Steps first: work on single elements is done before what moves the steps to another axis."""

from __future__ import annotations

from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import element_of, shape_of, with_element
from lstmir.passes.rearrangements import join_rearrangements
from lstmir.passes.tiling.sequences import is_elementwise, keeps_time, sequences_of

_MOVES = ("tensor.reshape", "tensor.transpose")


def bring_steps_forward(region: Region) -> None:
    """Let what moves the steps of a sequence stand behind the elementwise work, where it may vanish."""
    sequences = sequences_of(region)
    for op in region.operations():
        if op.region is None:
            continue
        if op.name in _MOVES:
            join_rearrangements(op)
        moved = _moved_operand(op, sequences) if is_elementwise(op) else None
        if moved is not None:
            sequences.add(_before_move(op, moved))


def _moved_operand(op: Operation, sequences: set[Value]) -> int | None:
    """Which operand is a sequence with its steps moved, if all others are the same for every element."""
    for index, value in enumerate(op.operands):
        move = value.op
        if move.name not in _MOVES or keeps_time(move) or move.operands[0] not in sequences:
            continue
        axes = len(shape_of(move.operands[0].type))
        if all(_is_shared(op, k, axes) for k in range(len(op.operands)) if k != index):
            return index
    return None


def _is_shared(op: Operation, index: int, axes: int) -> bool:
    """Whether an operand is a table, or one number with at most so many axes."""
    shape = shape_of(op.operands[index].type)
    is_table = op.name == "fx.lookup" and index == 0
    return is_table or (len(shape) <= axes and all(length == 1 for length in shape))


def _before_move(op: Operation, moved: int) -> Value:
    """Rewrite an operation to read what the move reads; gives its new result."""
    region, move = op.parent, op.operands[moved].op
    (source,) = move.operands
    type_ = with_element(source.type, element_of(op.result.type))
    names, place = op.result_names, op.location
    new = Operation(op.name, [type_], dict(op.attributes), (), names, place)
    region.insert(new, [source if v == move.result else v for v in op.operands], before=op)
    behind = Operation(move.name, op.result_types, dict(move.attributes), (), names, place)
    region.insert(behind, [new.result], before=op)
    region.replace(op, behind.results)
    return new.result
