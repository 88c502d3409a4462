"""Units that are one multiplier or one memory with its registers: what a part may have a block for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lstmir.backends.verilog.hierarchy import Unit
from lstmir.backends.verilog.memories import is_block
from lstmir.backends.verilog.plan import Plan
from lstmir.interpreter.rtl_design import memory_type, signal_type
from lstmir.ir.operation import Operation, Value
from lstmir.numeric.fixed import FixedType

Signal = tuple[str, FixedType]
"""The name of a port, and its type."""


@dataclass(frozen=True)
class Multiplier:
    """A product behind a register, of two inputs, each behind a register if `registered`."""

    factors: tuple[Signal, Signal]
    product: Signal
    registered: bool


@dataclass(frozen=True)
class ReadOnlyMemory:
    """A memory whose word comes one or two cycles after its address."""

    address: Signal
    word: Signal
    cycles: int


def block_of(plan: Plan) -> Multiplier | ReadOnlyMemory | None:
    """What the whole of a unit is; None if it has anything else in it, such as a reset or an enable."""
    outputs = list(plan.leaving.items())
    if len(outputs) != 1 or plan.unit.children:
        return None
    ((name, value),) = outputs
    walk = _Walk(plan.unit, plan.design.updates)
    source, cycles = walk.back(value)
    result = (name, signal_type(value.type))
    found: Multiplier | ReadOnlyMemory | None = None
    if source.op.name == "arith.mul" and cycles == 1:
        found = _multiplier(plan, walk, source.op, result)
    if source.op.name == "rtl.read" and cycles in (1, 2):
        found = _memory(plan, walk, source.op, result, cycles)
    return found if walk.seen == set(plan.unit.operations) else None


class _Walk:
    """Goes from a value through registers to what is behind them, and keeps what it saw."""

    def __init__(self, unit: Unit, updates: Mapping[Value, Value]) -> None:
        self.own, self.updates = set(unit.operations), updates
        self.arriving = set(unit.inputs.values())
        self.seen: set[Operation] = set()

    def back(self, value: Value) -> tuple[Value, int]:
        """What a value was, and how many cycles before; not through a register that can be reset."""
        cycles = 0
        while value.op in self.own and value not in self.arriving:
            self.seen.add(value.op)
            if value.op.name != "rtl.reg" or "init" in value.op.attributes:
                break
            value, cycles = self.updates[value], cycles + 1
        return value, cycles


def _multiplier(plan: Plan, walk: _Walk, op: Operation, product: Signal) -> Multiplier | None:
    behind = [walk.back(value) for value in op.operands]
    stages = {cycles for _, cycles in behind}
    if len(stages) > 1 or not stages <= {0, 1} or product[1] != signal_type(op.result.type):
        return None
    if not all(value in walk.arriving for value, _ in behind):
        return None
    left, right = ((plan.name(value), signal_type(value.type)) for value, _ in behind)
    return Multiplier((left, right), product, stages == {1})


def _memory(
    plan: Plan, walk: _Walk, op: Operation, word: Signal, cycles: int
) -> ReadOnlyMemory | None:
    memory, address = op.operands
    words, _ = memory_type(memory)
    type_ = signal_type(address.type)
    fits = not type_.signed and type_.max_int < 1 << max(1, (words - 1).bit_length())
    if memory.op.name != "tensor.constant" or address not in walk.arriving or not fits:
        return None
    walk.seen.add(memory.op)
    return ReadOnlyMemory((plan.name(address), type_), word, cycles) if is_block(memory) else None
