"""The tail: a pipeline that takes one hidden unit a cycle, as `schedule` timed it."""

from __future__ import annotations

import numpy as np

from lstmir.ir.module import Module
from lstmir.ir.operands import constant_of
from lstmir.ir.operation import Operation, Value
from lstmir.ir.types import element_of
from lstmir.numeric.fixed import FixedType
from lstmir.passes.machine.array import StateLanes, Sums, first_word
from lstmir.passes.machine.drain import Drain
from lstmir.passes.machine.loader import bank_address
from lstmir.passes.machine.logic import Logic, natural
from lstmir.passes.machine.program import Program


class TailBuilder:
    """Rewrites the body of the unit loop as a pipeline: each operation, then a register."""

    def __init__(
        self, logic: Logic, module: Module, program: Program, drain: Drain, sums: Sums,
        state_lanes: dict[int, StateLanes],
    ) -> None:  # fmt: skip
        self.logic, self.module, self.program = logic, module, program
        self.drain, self.sums, self.state_lanes = drain, sums, state_lanes
        self.units = program.cell.groups * program.units
        self.body = program.unit_loop.regions[0]
        self.state_of = {
            value: index - 1
            for index, value in enumerate(self.body.arguments)
            if 0 < index <= len(program.depths)
        }
        self.ready: dict[Value, int] = {}
        self.at: dict[tuple[Value, int], Value] = {}
        self.flags: dict[tuple[str, int], Value] = {}
        self.counters: dict[int, Value] = {}
        self.rams: dict[int, Value] = {}

    def build(self) -> None:
        """All operations of the tail, in order."""
        self.logic.unit = "tail"
        for op in self.body.operations():
            if op is self.body.end:
                continue
            if op.name == "tile.store":
                self.store(op)
                continue
            start = op.attributes["start"]
            name = op.result_names[0] or "value"
            made = self.logic.delayed(self.make(op, start), name)
            self.ready[op.result] = start + op.attributes["latency"]
            self.at[op.result, self.ready[op.result]] = made

    def make(self, op: Operation, start: int) -> Value:
        """The combinational part of an operation, in its start cycle."""
        if op.name == "tile.load":
            return self.load(op, start)
        if op.name == "fx.lookup":
            return self.lookup(op, start)
        operands = [self.value(value, start) for value in op.operands]
        kept = {k: v for k, v in op.attributes.items() if k not in ("start", "latency", "bound")}
        return self.logic.op(op.name, *operands, type=op.result.type, **kept)

    def value(self, value: Value, cycle: int) -> Value:
        """A value of the body as it stands in a cycle of the tail."""
        if (value, cycle) not in self.at:
            before = self.value(value, cycle - 1)
            self.at[value, cycle] = self.logic.delayed(before)
        return self.at[value, cycle]

    # -- what moves along with a unit ---------------------------------------------------------

    def flag(self, name: str, cycle: int) -> Value:
        """`valid`, `first` or `bank` of the unit that is in a cycle of the tail."""
        if (name, cycle) not in self.flags:
            if cycle == 0:
                now = {
                    "valid": self.drain.unit_valid,
                    "first": self.sums.first,
                    "bank": self.sums.bank,
                }
                self.flags[name, 0] = now[name]
            else:
                before = self.flag(name, cycle - 1)
                label = f"tail_{name}_{cycle}"
                self.flags[name, cycle] = self.logic.delayed(before, label, reset=name == "valid")
        return self.flags[name, cycle]

    def address(self, cycle: int) -> Value:
        """Which unit is in a cycle of the tail."""
        if cycle not in self.counters:
            valid = self.flag("valid", cycle)
            self.counters[cycle], _ = self.logic.counter(
                self.units, valid, f"unit_in_cycle_{cycle}"
            )
        return self.counters[cycle]

    # -- memories ---------------------------------------------------------------------------

    def load(self, op: Operation, start: int) -> Value:
        """A gate's sum, a unit's state, or an element of a constant vector."""
        memory = op.operands[0]
        if len(op.operands) == 2:
            return self.gate_sum(op)
        if memory in self.state_of:
            return self.state(self.state_of[memory], start)
        return self.vector(op, start)

    def gate_sum(self, op: Operation) -> Value:
        type_ = element_of(op.result.type)
        assert isinstance(type_, FixedType)
        raw = self.drain.gate_sums[op.attributes["base"]]
        low = self.logic.wrapped(raw, FixedType(type_.signed, type_.width, 0))
        return self.logic.as_type(low, type_)

    def state(self, state: int, start: int) -> Value:
        address = self.address(start)
        word = self.logic.read(self.unit_ram(state), address)
        initial = np.zeros(self.units, np.int64)
        known = self.program.initial[state][: self.units]
        initial[: len(known)] = known
        return first_word(self.logic, self.flag("first", start), initial, address, word)

    def vector(self, op: Operation, start: int) -> Value:
        array = constant_of(op.operands[0], self.module.resources)
        assert array is not None
        base = op.attributes["base"]
        words = np.zeros(self.units, np.int64)
        part = array[base : base + self.units]
        words[: len(part)] = part
        type_ = element_of(op.result.type)
        assert isinstance(type_, FixedType)
        rom = self.logic.rom(words, type_, f"{op.result_names[0]}_rom")
        return self.logic.read(rom, self.address(start))

    def lookup(self, op: Operation, start: int) -> Value:
        table, index = op.operands
        array = constant_of(table, self.module.resources)
        type_ = element_of(op.result.type)
        assert array is not None and isinstance(type_, FixedType)
        rom = self.logic.rom(array, type_, f"{op.result_names[0]}_table")
        now = self.value(index, start)
        assert isinstance(now.type, FixedType)
        return self.logic.read(rom, self.logic.bits(now, 0, now.type.width))

    def unit_ram(self, state: int) -> Value:
        """The memory of a state with a word a unit, if the tail reads it."""
        if state not in self.rams:
            name = f"state_{state}"
            self.rams[state] = self.logic.ram(self.units, self.program.state_types[state], name)
        return self.rams[state]

    def store(self, op: Operation) -> None:
        """The next state of a unit, into every memory that somebody reads."""
        start = op.attributes["start"]
        state = self.state_of[op.operands[0]]
        word = self.value(op.operands[1], start)
        valid = self.flag("valid", start)
        logic = self.logic
        if self.is_loaded(state):
            ram = self.unit_ram(state)
            logic.drive(ram, logic.op("rtl.write", ram, self.address(start), word, valid))
        if state in self.state_lanes:
            self.store_lanes(self.state_lanes[state], word, valid, start)

    def is_loaded(self, state: int) -> bool:
        """Whether the tail reads a state of the step before."""
        return any(
            op.name == "tile.load" and self.state_of.get(op.operands[0]) == state
            for op in self.body.operations()
        )

    def store_lanes(self, memory: StateLanes, word: Value, valid: Value, start: int) -> None:
        """Units come in order, so lane and row only count; a step ends on its last unit."""
        logic, count = self.logic, len(memory.lanes)
        last_unit = logic.equals(self.address(start), self.units - 1)
        lane = logic.reg(natural(count), f"store_lane_{start}", 0)
        row = logic.reg(natural(memory.rows), f"store_row_{start}", 0)
        row_end = logic.equals(lane, count - 1)
        zero_lane, zero_row = logic.literal(0, lane.type), logic.literal(0, row.type)
        next_lane = logic.select(logic.any(last_unit, row_end), zero_lane, logic.plus_one(lane))
        next_row = logic.select(row_end, logic.plus_one(row), row)
        logic.drive(lane, logic.select(valid, next_lane, lane))
        logic.drive(row, logic.select(valid, logic.select(last_unit, zero_row, next_row), row))
        bank = logic.no(self.flag("bank", start))
        address = bank_address(logic, bank, row, memory.rows)
        for e, ram in enumerate(memory.lanes):
            mine = logic.all(valid, logic.equals(lane, e)) if count > 1 else valid
            logic.drive(ram, logic.op("rtl.write", ram, address, word, mine))
