"""One way to write what can be written in several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from lstmir.ir.module import Module
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import is_fixed, shape_of
from lstmir.passes.dce import remove_dead
from lstmir.passes.division import multiply_by_reciprocals
from lstmir.passes.last_step import last_as_state
from lstmir.passes.rearrangements import erase_unused, join_rearrangements
from lstmir.passes.records import is_decided
from lstmir.pipeline.passes import Context, Promise, register


@register
@dataclass(frozen=True)
class Canonicalize:
    """Removes operations that change nothing, joins those that are one, and orders the text.

    - A reshape, broadcast, transpose, slice or requantize to the type it has already is its operand;
      so is a sum or a concatenation of one, and what gathers all elements in their order.
    - A reshape of a reshape is one reshape, a transpose of a transpose one transpose, a slice of a
      slice one slice; a slice that lies inside of one part of a concatenation is one of that part.
    - A transpose that only moves axes of length 1 is a reshape.
    - What a recurrence gives at the step it makes last is the state behind it, where it gives a state.
    - A sum with no other user than a sum is part of it: on fixed point, where sums are exact; on
      floats as the first operand only, so that they are still added in the same order.
    - A quotient by a constant without zeros is a product with the reciprocal.
    - What nothing uses goes. What remains stands in the order in which the results need it, so
      the same graph has the same text, however it was written.

    Operations about which another pass has decided something, such as a format, stay.

    ```mlir before
    func @main(%x: tensor<4xf32>, %k: tensor<4xf32>) -> tensor<2x2xf32> {
      %unused = arith.neg %x : tensor<4xf32>
      %late = arith.mul %k, %k : tensor<4xf32>
      %sum = arith.add %x, %k : tensor<4xf32>
      %column = tensor.reshape %sum : (tensor<4xf32>) -> tensor<4x1xf32>
      %flat = tensor.reshape %column : (tensor<4x1xf32>) -> tensor<4xf32>
      %total = arith.add %flat, %late : tensor<4xf32>
      %square = tensor.reshape %total : (tensor<4xf32>) -> tensor<2x2xf32>
      return %square : tensor<2x2xf32>
    }
    ```
    ```mlir after
    func @main(%x: tensor<4xf32>, %k: tensor<4xf32>) -> tensor<2x2xf32> {
      %late = arith.mul %k, %k : tensor<4xf32>
      %total = arith.add %x, %k, %late : tensor<4xf32>
      %square = tensor.reshape %total : (tensor<4xf32>) -> tensor<2x2xf32>
      return %square : tensor<2x2xf32>
    }
    ```
    """

    name: ClassVar[str] = "canonicalize"
    summary: ClassVar[str] = "remove what changes nothing, join what is one, order the text"
    promise: ClassVar[Promise] = Promise.EXACT

    def run(self, module: Module, context: Context) -> None:
        """Rewrites every function."""
        for function in module.functions.values():
            # First: a sum with a dead user beside the live one is joined all the same.
            remove_dead(function.region)
            _simplify(function.region)
            _arrange(function.region)
        if multiply_by_reciprocals(module):
            for function in module.functions.values():
                remove_dead(function.region)
                _arrange(function.region)
        module.drop_unused_resources()


def _simplify(region: Region) -> None:
    """Operands come before users, so each is in its final form when its users are looked at."""
    for op in region.operations():
        for inner in op.regions:
            _simplify(inner)
        if op.region is None or is_decided(op):
            continue
        op = join_rearrangements(last_as_state(op))
        if op.name == "arith.add":
            _join_sum(op)
        if op.name in _IDENTITIES and _IDENTITIES[op.name](op):
            region.replace(op, op.operands)


def _keeps_type(op: Operation) -> bool:
    return len(op.operands) == 1 and op.operands[0].type == op.result_types[0]


def _keeps_order(op: Operation) -> bool:
    return _keeps_type(op) and list(op.attributes["order"]) == sorted(op.attributes["order"])


def _keeps_static_type(op: Operation) -> bool:
    """A slice of a dynamic axis takes one element, whatever its length turns out to be."""
    return _keeps_type(op) and shape_of(op.result.type)[op.attributes["axis"]] is not None


def _keeps_every_index(op: Operation) -> bool:
    return _keeps_type(op) and list(op.attributes["indices"]) == sorted(
        set(op.attributes["indices"])
    )


# Under which condition an operation is its only operand.
_IDENTITIES: dict[str, Callable[[Operation], bool]] = {
    "tensor.broadcast": _keeps_type,
    "tensor.gather": _keeps_every_index,
    "tensor.reshape": _keeps_type,
    "tensor.transpose": _keeps_order,
    "tensor.slice": _keeps_static_type,
    "tensor.concat": _keeps_type,
    "fx.requantize": _keeps_type,
    "arith.add": _keeps_type,
    "arith.and": _keeps_type,
    "arith.or": _keeps_type,
}


def _join_sum(op: Operation) -> None:
    joined: list[Value] = []
    inners = []
    for index, operand in enumerate(op.operands):
        inner = operand.op
        if _is_part(inner, op) and (index == 0 or is_fixed(op.result.type)):
            joined += inner.operands
            inners.append(inner)
        else:
            joined.append(operand)
    if inners:
        op.parent.set_operands(op, joined)
        for inner in inners:
            erase_unused(inner)


def _is_part(inner: Operation, op: Operation) -> bool:
    return inner.name == op.name and not is_decided(inner) and op.parent.use_count(inner) == 1


def _arrange(region: Region) -> None:
    """Let each operation stand just before the first that needs it."""
    order = _by_need(region)
    region.arrange(order)
    for op in order:
        for inner in op.regions:
            _arrange(inner)


def _by_need(region: Region) -> Sequence[Operation]:
    """All live operations but the terminator, depth first from the end, operands in their order."""
    done = {region.entry}
    order: list[Operation] = []
    stack = [(region.end, _unique_producers(region.end))]
    while stack:
        op, waiting = stack[-1]
        while waiting and waiting[-1] in done:
            waiting.pop()
        if waiting:
            producer = waiting.pop()
            stack.append((producer, _unique_producers(producer)))
            continue
        stack.pop()
        done.add(op)
        order.append(op)
    return order[:-1]


def _unique_producers(op: Operation) -> list[Operation]:
    """Those that give the operands; the first is the last of the list."""
    return list(dict.fromkeys(value.op for value in op.operands))[::-1]
