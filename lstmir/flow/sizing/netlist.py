"""What can be asked of a design's operations: who uses them, and what is only wires."""

from __future__ import annotations

from collections import Counter
from functools import cached_property

import numpy as np

from lstmir.interpreter.rtl_design import Design, memory_type, rounded_range, signal_type
from lstmir.ir.operation import Operation, Value

LITERAL, REGISTER, ROM = "rtl.literal", "rtl.reg", "tensor.constant"


class Netlist:
    """A design with the words of its constant memories, and the users of its values."""

    def __init__(self, design: Design, resources: dict[str, np.ndarray]) -> None:
        self.design, self.resources = design, resources

    @cached_property
    def uses(self) -> Counter[Value]:
        """How often each value is read: by operations, states and outputs."""
        found = Counter(value for op in self.design.operations for value in op.operands)
        found.update(self.design.updates.values())
        found.update(self.design.outputs.values())
        return found

    @cached_property
    def readers(self) -> dict[Value, set[Operation | None]]:
        """Who reads each value that is more than wires; `None` stands for the outputs of the design."""
        found: dict[Value, set[Operation | None]] = {}
        for op in self.design.operations:
            for value in () if is_wires(op) else op.operands:
                found.setdefault(self.source(value), set()).add(op)
        for state, value in self.design.updates.items():
            found.setdefault(self.source(value), set()).add(state.op)
        for value in self.design.outputs.values():
            found.setdefault(self.source(value), set()).add(None)
        return found

    @cached_property
    def nexts(self) -> dict[Value, Value]:
        """What each register becomes."""
        updates = self.design.updates
        return {state: value for state, value in updates.items() if state.op.name == REGISTER}

    @cached_property
    def reads(self) -> dict[Value, list[Operation]]:
        """The reads of each memory."""
        found: dict[Value, list[Operation]] = {
            m: [] for m in (*self.design.roms, *self.design.rams)
        }
        for op in self.design.operations:
            if op.name == "rtl.read":
                found[op.operands[0]].append(op)
        return found

    @cached_property
    def products(self) -> list[Operation]:
        """All multiplications."""
        return [op for op in self.design.operations if op.name == "arith.mul"]

    def words(self, rom: Value) -> np.ndarray:
        """The words of a constant memory."""
        return np.asarray(self.resources[rom.op.attributes["resource"]])

    def source(self, value: Value) -> Value:
        """Where a value's wires come from: past casts, slices, and what only drops bits."""
        while is_wires(value.op):
            value = value.op.operands[0]
        return value

    def read_by(self, state: Value) -> Operation | None:
        """The read whose word a register keeps, or a constant in its place: memories have such registers."""
        op = self.source(self.nexts[state]).op
        if op.name == "arith.select":
            words = [v for v in map(self.source, op.operands[1:]) if v.op.name != LITERAL]
            op = words[0].op if len(words) == 1 else op
        return op if op.name == "rtl.read" else None

    def origin(self, value: Value) -> Value:
        """The same, past registers that only delay."""
        value, seen = self.source(value), set()
        while value in self.nexts and value not in seen:
            seen.add(value)
            value = self.source(self.nexts[value])
        return value

    def is_constant(self, value: Value) -> bool:
        """Whether a value never changes: a literal, or from a memory whose words are all the same."""
        op = self.origin(value).op
        if op.name != "rtl.read" or op.operands[0].op.name != ROM:
            return op.name == LITERAL
        words = self.words(op.operands[0])
        return bool((words == words[0]).all())


def width(value: Value) -> int:
    """Wires of a signal; of a memory, those of a word."""
    if value.op.name in (ROM, "rtl.ram"):
        return memory_type(value)[1].width
    return signal_type(value.type).width


def is_wires(op: Operation) -> bool:
    """Whether a result is some of the operand's wires, or those with copies of the highest."""
    if op.name in ("rtl.cast", "rtl.bits"):
        return True
    return op.name == "fx.requantize" and not rounds(op) and not clips(op)


def rounds(op: Operation) -> bool:
    """Whether a requantization adds to what it keeps."""
    source, target = signal_type(op.operands[0].type), signal_type(op.result_types[0])
    return source.frac > target.frac and op.attributes["rounding"] != "floor"


def clips(op: Operation) -> bool:
    """Whether a requantization may saturate."""
    target = signal_type(op.result_types[0])
    fits = target.contains_int(*rounded_range(op))
    return op.attributes["overflow"] == "saturate" and not fits
