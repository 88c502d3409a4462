"""The tail: a pipeline that takes one hidden unit a cycle, as `schedule` timed it."""

from __future__ import annotations

import numpy as np

from lstmir.ir.module import Module
from lstmir.ir.operands import constant_of
from lstmir.ir.operation import Operation, Value
from lstmir.ir.types import Type, element_of
from lstmir.numeric.fixed import FixedType, narrowest
from lstmir.passes.machine import blocks
from lstmir.passes.machine.drain import Drain
from lstmir.passes.machine.leaving import Leaving
from lstmir.passes.machine.logic import Logic, natural, plain
from lstmir.passes.machine.nest import Kind, Nest
from lstmir.passes.machine.operands import slot_of
from lstmir.passes.machine.program import Program
from lstmir.passes.machine.reading import is_constant, is_sum
from lstmir.passes.machine.receiver import Receiver, bank_address
from lstmir.passes.machine.rounding import FoldedRounding, halves_of
from lstmir.passes.machine.saturations import Saturations
from lstmir.passes.machine.tiles import pack_fields
from lstmir.passes.machine.unit_memories import UnitMemories
from lstmir.passes.machine.vectors import Lanes, first_word

_IN_BLOCKS = ("arith.mul", "fx.lookup")
"""Operations with units of their own."""


class TailControl:
    """What moves along with a unit through the tails of a nest, and counts the units."""

    def __init__(self, logic: Logic, drain: Drain, unit: str) -> None:
        self.logic, self.drain, self.unit = logic, drain, unit
        self.turns = drain.nest.groups * drain.nest.turns
        body = drain.nest.tail.regions[0]
        starts = [op.attributes["start"] for op in body.operations() if op is not body.end]
        self.depth = max(starts)
        self.is_alone = self.depth + 1 - min(starts) <= shortest_gap(drain.nest)
        self._flags: dict[tuple[str, int], Value] = {}
        self._counters: dict[int, Value] = {}

    def flag(self, name: str, cycle: int) -> Value:
        """`valid`, `first`, `last` or `bank` of the units that are in a cycle of the tails."""
        if (name, cycle) not in self._flags:
            self._flags[name, cycle] = self._flag(name, cycle)
        return self._flags[name, cycle]

    def _flag(self, name: str, cycle: int) -> Value:
        if cycle == -1:
            return self.drain.valid if name == "valid" else self.drain.flag(name)
        before = self.flag(name, cycle - 1)
        self.logic.enter(self.unit)
        return self.logic.delayed(before, f"{name}_{cycle}", reset=name == "valid")

    def turn(self, cycle: int) -> Value:
        """Which turn is in a cycle of the tails, counted over all groups.

        Where a unit has left before the next one comes, one counter does for all cycles. Two cycles
        before a unit comes, it is the one that will be counted next.
        """
        if cycle < -1 and not self.is_alone:
            return self.following(self.turn(-1))
        at = self.depth if self.is_alone else cycle
        if at not in self._counters:
            valid = self.flag("valid", at)
            self.logic.enter(self.unit)
            label = "unit" if self.is_alone else f"unit_{at}" if at >= 0 else "unit_before"
            self._counters[at], _ = self.logic.counter(self.turns, valid, label)
        return self._counters[at]

    def following(self, turn: Value) -> Value:
        """The turn whose unit comes next, or is coming."""
        logic, valid = self.logic, self.flag("valid", -1)
        if turn.op.name == "rtl.literal":
            return turn
        logic.enter(self.unit)
        is_last = logic.equals(turn, self.turns - 1)
        following = logic.select(is_last, logic.literal(0, turn.type), logic.plus_one(turn))
        return logic.select(valid, following, turn, hint="unit_next")


def shortest_gap(nest: Nest) -> int:
    """Cycles at least from a unit's entry into a tail to the next one's."""
    return slot_of(nest).order.shortest_last(nest) if nest.turns == 1 else 1


class TailBuilder:
    """Rewrites the body of a nest's unit loop as a pipeline, once for each tail.

    An operation has a register behind it, unless `schedule` gave it no latency.
    """

    def __init__(
        self, logic: Logic, module: Module, program: Program, drain: Drain,
        vectors: dict[int, Lanes], units: UnitMemories, receiver: Receiver,
        saturations: Saturations | None = None,
    ) -> None:  # fmt: skip
        self.logic, self.module, self.program = logic, module, program
        self.saturations = saturations
        self.drain, self.vectors, self.units, self.receiver = drain, vectors, units, receiver
        self.nest: Nest = drain.nest
        self.body = self.nest.tail.regions[0]
        self.control = TailControl(logic, drain, f"{self.nest.name}_tail")
        self.fields: dict[tuple[int, int], dict[Operation, Value]] = {}
        self.rounding = FoldedRounding(self.body)
        if saturations is None:
            self.rounding.find(self.constant_vectors())
        self.at: dict[tuple[Value, int, int], Value] = {}
        self.unheld: dict[tuple[Value, int], Value] = {}
        self.steps: dict[int, Value] = {}

    def constant_vectors(self) -> set[Value]:
        """The memories of constants that the tail loads a word a unit of."""
        loads = (op for op in self.body.operations() if is_constant(self.nest, op))
        return {op.operands[0] for op in loads}

    def build(self) -> list[Leaving]:
        """All operations of the tails, in order; what leaves the machine, if it is this nest's."""
        stored: list[Leaving] = []
        for op in self.body.operations():
            if op is self.body.end:
                continue
            if op.name == "tile.store":
                stored += self.store(op)
                continue
            for tail in range(self.nest.tails):
                self.operation(op, tail)
        return stored

    def enter(self, tail: int) -> None:
        """What is made from here on belongs to a tail."""
        name, what = (
            f"{self.nest.name}_tail",
            "From the sums of a unit to its words: a unit a cycle.",
        )
        self.logic.enter(name if self.nest.tails == 1 else f"{name}.unit_{tail}", what)

    def operation(self, op: Operation, tail: int) -> None:
        start, latency = op.attributes["start"], op.attributes["latency"]
        if op.name in _IN_BLOCKS and latency:
            made = self.block(op, start, tail)
        elif is_constant(self.nest, op):
            made = self.vector(op, tail)
        else:
            made = self.unheld[op.result, tail] = self.make(op, start, tail)
            self.enter(tail)
            for _ in range(latency):
                made = self.logic.delayed(made, plain(op.result_names[0], "value"))
        self.at[op.result, tail, start + latency] = made

    def block(self, op: Operation, start: int, tail: int) -> Value:
        """A multiplier or a table, with its registers inside."""
        latency, name = op.attributes["latency"], plain(op.result_names[0], "value")
        is_product, type_ = op.name == "arith.mul", element_of(op.result.type)
        inputs = op.operands if is_product else op.operands[1:]
        operands = [self.value(value, start, tail) for value in inputs]
        self.enter(tail)
        around = self.logic.unit
        assert isinstance(type_, FixedType)
        if is_product:
            names = [plain(value.name, "factor") for value in inputs]
            factors, unit = list(zip(names, operands, strict=True)), f"{around}.multiplier_{name}"
            return blocks.multiplier(self.logic, unit, factors, type_, latency - 1, name)
        words = constant_of(op.operands[0], self.module.resources)
        (index,) = operands
        assert words is not None and isinstance(index.type, FixedType)
        address, unit = self.logic.bits(index, 0, index.type.width), f"{around}.{name}_table"
        return blocks.memory(self.logic, unit, words, type_, address, latency, name)

    def make(self, op: Operation, start: int, tail: int) -> Value:
        """The combinational part of an operation, in its start cycle."""
        if op.name == "tile.load":
            return self.load(op, start, tail)
        if op.name == "fx.lookup":
            return self.lookup(op, start, tail)
        if self.is_rounded_again(op) and self.saturations is None:
            return self.rounded_again(op, start, tail)
        operands = [self.unheld_or(value, start, tail) for value in op.operands]
        kept = {k: v for k, v in op.attributes.items() if k not in ("start", "latency", "bound")}
        type_: Type | None = op.result.type
        if op in self.rounding.floors:
            kept["rounding"] = "floor"
        if op in self.rounding.sums:
            type_ = None  # with the half it may be wider
        if self.saturations is not None and op.name == "fx.requantize":
            valid = self.control.flag("valid", start)
            self.enter(tail)
            self.saturations.note(op, operands[0], valid)
        self.enter(tail)
        return self.logic.op(op.name, *operands, type=type_, **kept)

    def is_rounded_again(self, op: Operation) -> bool:
        """Whether a word is rounded from another one in the cycle in which that is rounded itself."""
        if op.name != "fx.requantize" or op.operands[0].op.name != "fx.requantize":
            return False
        return self.is_made(op.operands[0], op.attributes["start"])

    def rounded_again(self, op: Operation, start: int, tail: int) -> Value:
        """What rounding a value twice gives: a constant is added, and the sum is rounded once."""
        logic, first = self.logic, op.operands[0].op
        value = self.value(first.operands[0], start, tail)
        assert isinstance(value.type, FixedType)
        halves = halves_of(first, op, first in self.rounding.floors)
        self.enter(tail)
        constant = logic.literal(halves, narrowest(0, halves, value.type.frac))
        total = logic.op("arith.add", value, constant)
        return logic.op(op.name, total, type=op.result.type, rounding="floor", overflow="saturate")

    def unheld_or(self, value: Value, cycle: int, tail: int) -> Value:
        """A value in the cycle in which it is made, or as it stands behind its register."""
        made = self.is_made(value, cycle)
        return self.unheld[value, tail] if made else self.value(value, cycle, tail)

    def is_made(self, value: Value, cycle: int) -> bool:
        """Whether a value is made in a cycle, and held from the next one on."""
        op = value.op
        if op is self.body.entry:
            return False
        start, latency = op.attributes["start"], op.attributes["latency"]
        return bool(latency > 0 and start == cycle)

    def value(self, value: Value, cycle: int, tail: int) -> Value:
        """A value of the body as it stands in a cycle of a tail."""
        key = (value, tail, cycle)
        if key not in self.at:
            before = self.value(value, cycle - 1, tail)
            self.enter(tail)
            self.at[key] = self.logic.delayed(before)
        return self.at[key]

    # -- memories ---------------------------------------------------------------------------

    def load(self, op: Operation, start: int, tail: int) -> Value:
        """A sum, or a unit's word of a memory."""
        if is_sum(op):
            return self.sum(op, tail)
        place = self.nest.places[op.operands[0]]
        turn = self.control.turn(start)
        described = self.program.memories[place.memory]
        if described.kind is Kind.INPUT:
            return self.input(op, start, tail, turn)
        if described.kind is Kind.SEQUENCE:
            ends = self.nest.is_reverse != described.is_reverse
            step = self.control.flag("down" if ends else "up", start)
            return self.units.read(place.memory, tail, self.nest.tails, turn, step)
        word = self.units.read(place.memory, tail, self.nest.tails, turn)
        begins = self.nest in self.program.step and not place.is_new
        if not begins or described.kind is not Kind.STATE:
            return word
        first = self.control.flag("first", start)
        self.enter(tail)
        return first_word(self.logic, first, self.words(described.initial, op, tail), turn, word)

    def input(self, op: Operation, start: int, tail: int, turn: Value) -> Value:
        """The unit's word of an input, or one that is for all units."""
        buffer = self.control.flag("buffer", start)
        self.enter(tail)
        memory, reading = (
            self.nest.places[op.operands[0]].memory,
            self.program.reading(op, self.nest),
        )
        row = turn if any(op.attributes["strides"]) else self.logic.literal(0, natural(1))
        words = self.receiver.words(memory, reading, buffer, row)
        return words[tail % reading.readers]

    def input_read(self, start: int) -> tuple[Value, Value]:
        """Whether the last units load in a cycle of the tails, and the buffer of their step."""
        logic = self.logic
        valid, turn = self.control.flag("valid", start), self.control.turn(start)
        buffer = self.control.flag("buffer", start)
        logic.enter(self.control.unit)
        return logic.all(valid, logic.equals(turn, self.control.turns - 1)), buffer

    def words(self, array: np.ndarray, op: Operation, tail: int) -> np.ndarray:
        """The words that a load takes of a vector for the units of a tail; zeros behind its end."""
        group, unit = np.divmod(np.arange(self.nest.groups * self.nest.units), self.nest.units)
        by_group, by_unit = op.attributes["strides"]
        address = op.attributes["base"] + by_group * group + by_unit * unit
        padded: np.ndarray = np.append(array, 0).astype(np.int64)
        words: np.ndarray = padded[np.minimum(address, len(array))]
        return words[tail :: self.nest.tails]

    def sum(self, op: Operation, tail: int) -> Value:
        type_ = element_of(op.result.type)
        assert isinstance(type_, FixedType)
        self.enter(tail)
        raw = self.drain.sums[tail][op.attributes["base"]]
        low = self.logic.wrapped(raw, FixedType(type_.signed, type_.width, 0))
        return self.logic.as_type(low, type_)

    def vector(self, op: Operation, tail: int) -> Value:
        """An element of a constant vector, registered: all that a cycle needs are one memory's word."""
        start = op.attributes["start"]
        if (tail, start) not in self.fields:
            self.fields[tail, start] = self.read_vectors(tail, start)
        return self.fields[tail, start][op]

    def read_vectors(self, tail: int, start: int) -> dict[Operation, Value]:
        """The elements of all constant vectors that are loaded in a cycle."""
        loads = [
            op
            for op in self.body.operations()
            if is_constant(self.nest, op) and op.attributes["start"] == start
        ]
        elements = [self.elements(op, tail) for op in loads]
        latency = loads[0].attributes["latency"]
        packing = pack_fields([(words, type_.width) for words, type_ in elements])
        turn = self.control.turn(start)
        self.enter(tail)
        logic, around, read = self.logic, self.logic.unit, []
        for number, (words, width) in enumerate(zip(packing.words, packing.widths, strict=True)):
            unit, type_ = f"{around}.constants_{number}", FixedType(False, width, 0)
            read.append(blocks.memory(logic, unit, words, type_, turn, latency, "word"))
        self.enter(tail)
        found = {}
        for op, (memory, low), (_, type_) in zip(loads, packing.places, elements, strict=True):
            found[op] = logic.as_type(logic.bits(read[memory], low, type_.width), type_)
        return found

    def elements(self, op: Operation, tail: int) -> tuple[np.ndarray, FixedType]:
        """The elements of a constant vector that belong to the units of a tail, and their format."""
        array = constant_of(op.operands[0], self.module.resources)
        type_ = element_of(op.result.type)
        assert array is not None and isinstance(type_, FixedType)
        words = self.words(array, op, tail)
        if op not in self.rounding.halves:
            return words, type_
        half, frac = self.rounding.halves[op]
        words = (words << (frac - type_.frac)) + half
        return words, narrowest(int(words.min()), int(words.max()), frac)

    def lookup(self, op: Operation, start: int, tail: int) -> Value:
        """A word of a table, in the cycle of its index: logic."""
        table, index = op.operands
        words, type_ = constant_of(table, self.module.resources), element_of(op.result.type)
        assert words is not None and isinstance(type_, FixedType)
        now = self.value(index, start, tail)
        assert isinstance(now.type, FixedType)
        self.enter(tail)
        rom = self.logic.rom(words, type_, f"{plain(op.result_names[0], 'word')}_table")
        return self.logic.read(rom, self.logic.bits(now, 0, now.type.width))

    # -- stores -----------------------------------------------------------------------------

    def store(self, op: Operation) -> list[Leaving]:
        """The units' words, into every memory that somebody reads, or out of the machine."""
        logic, start, tails = self.logic, op.attributes["start"], self.nest.tails
        memory = self.nest.places[op.operands[0]].memory
        words = [self.value(op.operands[1], start, tail) for tail in range(tails)]
        valid = self.control.flag("valid", start)
        if memory in self.units.loaded:
            turn = self.control.turn(start)
            for tail, word in enumerate(words):
                self.units.write(memory, tail, tails, turn, word, valid)
        if memory in self.vectors:
            bank = logic.no(self.control.flag("bank", start))
            self.store_lanes(self.vectors[memory], words, valid, start, bank)
        for copy in self.program.copies(memory):
            self.store_step(copy, words, valid, start)
        parts = [k for k, m in enumerate(self.program.result.memories) if m == memory]
        return [self.leave(part, words, valid, start) for part in parts]

    def leave(self, part: int, words: list[Value], valid: Value, start: int) -> Leaving:
        """Words behind the last one of the part are padding."""
        logic, result, tails = self.logic, self.program.result, self.nest.tails
        turn, turns = self.control.turn(start), -(-result.parts[part].words // tails)
        logic.enter(self.control.unit)
        if turns < self.control.turns:
            limit = logic.literal(turns, turn.type)
            mine = logic.op("arith.compare", turn, limit, predicate="lt")
            valid = logic.all(valid, mine)
        ends = logic.equals(turn, turns - 1, hint="result_ends")
        kept = last = logic.truth(True)
        if self.nest in self.program.step:
            is_last = self.control.flag("last", start)
            kept, last = (kept, is_last) if result.every_step else (is_last, last)
        return Leaving(part, words, valid, turn, ends, kept, last)

    def store_step(self, memory: int, words: list[Value], valid: Value, start: int) -> None:
        """The same into the memory of a whole sequence: steps are stored in the order in which they come."""
        step = self.step(start, valid)
        if memory in self.vectors:
            self.store_lanes(self.vectors[memory], words, valid, start, step)
        if memory in self.units.loaded:
            turn = self.control.turn(start)
            for tail, word in enumerate(words):
                self.units.write(memory, tail, self.nest.tails, turn, word, valid, step)

    def step(self, start: int, valid: Value) -> Value:
        """Which step of the nest's phase is stored: they are counted as they come."""
        if start not in self.steps:
            logic, control = self.logic, self.control
            is_last, turn = control.flag("last", start), control.turn(start)
            logic.enter(control.unit)
            count = natural(self.program.steps)
            step = logic.reg(count, f"store_step_{start}", 0)
            ends = logic.all(valid, logic.equals(turn, control.turns - 1))
            none = logic.literal(0, count)
            following = logic.select(is_last, none, logic.plus_one(step))
            logic.drive(step, logic.select(ends, following, step))
            self.steps[start] = step
        return self.steps[start]

    def store_lanes(
        self, memory: Lanes, words: list[Value], valid: Value, start: int, half: Value
    ) -> None:
        """Units come in order, so the lanes and the row only count; a step ends on its last unit."""
        logic, tails = self.logic, self.nest.tails
        parts = len(memory.rams) // tails
        if parts == 1:
            part, row = None, self.control.turn(start)
        else:
            part, row = self.part_and_row(parts, memory.rows, valid, start)
        logic.enter(self.control.unit)
        address = bank_address(logic, half, row, memory.rows)
        for e in range(len(memory.rams)):
            mine = valid if part is None else logic.all(valid, logic.equals(part, e // tails))
            memory.write(logic, e, address, words[e % tails], mine)

    def part_and_row(self, parts: int, rows: int, valid: Value, start: int) -> tuple[Value, Value]:
        logic = self.logic
        last = logic.equals(self.control.turn(start), self.control.turns - 1)
        logic.enter(self.control.unit)
        part = logic.reg(natural(parts), f"store_lane_{start}", 0)
        row = logic.reg(natural(rows), f"store_row_{start}", 0)
        row_end = logic.equals(part, parts - 1)
        zero_part, zero_row = logic.literal(0, part.type), logic.literal(0, row.type)
        next_part = logic.select(logic.any(last, row_end), zero_part, logic.plus_one(part))
        next_row = logic.select(row_end, logic.plus_one(row), row)
        logic.drive(part, logic.select(valid, next_part, part))
        logic.drive(row, logic.select(valid, logic.select(last, zero_row, next_row), row))
        return part, row
