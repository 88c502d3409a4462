"""The array: reads weights and neighbours, multiplies, adds, and holds the sums of a group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lstmir.ir.operation import Value
from lstmir.ir.types import TensorType
from lstmir.numeric.fixed import FixedType, product_type
from lstmir.passes.machine.controller import Controller
from lstmir.passes.machine.lanes import Tiles, pack_fields, tiles_of, walk_words
from lstmir.passes.machine.loader import Loader, bank_address, bank_depth
from lstmir.passes.machine.logic import Logic, natural, union_of
from lstmir.passes.machine.program import Program
from lstmir.passes.machine.timing import Timing, adder_levels


@dataclass
class StateLanes:
    """The memory of a state that the array reads: a lane for every neighbour, two banks of rows."""

    lanes: list[Value]
    rows: int


@dataclass
class Sums:
    """The held sums of a group, by row, and what is known of it.

    `for_tail` or `for_head` is true in the cycle before the sums can be used.
    """

    held: list[Value]
    for_tail: Value
    for_head: Value
    first: Value
    bank: Value


class ArrayBuilder:
    """Makes the array; `state_lanes` maps each state that it reads to its memory."""

    def __init__(self, logic: Logic, program: Program, timing: Timing) -> None:
        self.logic, self.program, self.timing = logic, program, timing
        self.levels = adder_levels(max(program.columns))
        self.vector_type = union_of([walk.vector_type for walk in program.all_walks])
        sums = (program.cell.sum_type, program.head.sum_type)
        self.sum_type = union_of(sums)
        logic.unit = "state memories"
        self.state_lanes = {
            state: self.state_memory(state)
            for state in range(len(program.depths))
            if program.is_read_by_array(state)
        }

    def state_memory(self, state: int) -> StateLanes:
        program = self.program
        lanes = program.memory_lanes(state)
        units = max(program.depths[state], program.cell.groups * program.units)
        rows = -(-units // lanes)
        element = program.state_types[state]
        name = f"state_{state}_lane"
        depth = bank_depth(rows)
        rams = [self.logic.ram(depth, element, f"{name}_{e}") for e in range(lanes)]
        return StateLanes(rams, rows)

    def build(self, control: Controller, loader: Loader) -> Sums:
        """From the controller's counters to the held sums."""
        logic, program = self.logic, self.program
        logic.unit = "array"
        tiles = tiles_of(program, self.timing)
        walk, row = self.walk(control)
        weights, ranks = self.stored(control, tiles)
        near = self.neighbours(control, loader, walk, row)
        operands = self.operands(near, ranks, tiles)
        walk_there = logic.later(walk, 3)
        products = [
            [self.product(weights[p][k], operands[place], p, k) for k, place in enumerate(places)]
            for p, places in enumerate(tiles.places)
        ]
        sums = [
            self.row_sum([self.aligned(term, walk_there) for term in terms]) for terms in products
        ]
        return self.accumulate(control, sums)

    # -- what is read -----------------------------------------------------------------------

    def walk(self, control: Controller) -> tuple[Value, Value]:
        """Which walk the tile belongs to and which row of its memory it reads, a cycle later."""
        logic = self.logic
        numbers, rows = walk_words(self.program, self.timing)
        types = natural(int(numbers.max()) + 1), natural(int(rows.max()) + 1)
        number, row = (
            logic.delayed(logic.read(logic.rom(words, type_, name), control.tile), name.removesuffix("_rom"))
            for words, type_, name in zip((numbers, rows), types, ("walk_rom", "row_rom"), strict=True)
        )  # fmt: skip
        return number, row

    def stored(
        self, control: Controller, tiles: Tiles
    ) -> tuple[list[list[Value]], list[Value | None]]:
        """Weights [rows][columns] in the cycle of the operands, ranks in that of the neighbours."""
        logic = self.logic
        packing = pack_fields(tiles.fields())
        words = []
        for number, (memory, width) in enumerate(zip(packing.words, packing.widths, strict=True)):
            rom = logic.rom(memory, FixedType(False, width, 0), f"weights_{number}")
            words.append(logic.delayed(logic.read(rom, control.address), f"weight_word_{number}"))
        places = iter(packing.places)
        delayed = [logic.delayed(word, f"weight_word_{n}_1") for n, word in enumerate(words)]

        def field(width: int) -> Value:
            word, low = next(places)
            return logic.bits(delayed[word], low, width)

        def weight(p: int, k: int) -> Value:
            stored = field(tiles.types[p].width)
            return logic.delayed(logic.as_type(stored, tiles.types[p]), f"weight_{p}_{k}")

        weights = [[weight(p, k) for k in range(len(row))] for p, row in enumerate(tiles.weights)]
        return weights, [field(each.bits) if each.bits else None for each in tiles.sources]

    def neighbours(
        self, control: Controller, loader: Loader, walk: Value, row: Value
    ) -> list[Value]:
        """One element of each lane of the walk's vector, registered."""
        logic, program = self.logic, self.program
        vectors = {-1: self.input_lanes(control, loader, row)}
        vectors |= {state: self.state_reads(state, control, row) for state in self.state_lanes}
        count = max(len(lanes) for lanes in vectors.values())
        zero = logic.literal(0, self.vector_type)
        near = []
        for e in range(count):
            values = [
                vectors[w.vector][e] if e < len(vectors[w.vector]) else zero
                for w in program.all_walks
            ]
            # A lane that a vector lacks is never chosen: any value will do there.
            spare = next(value for value in values if value is not zero)
            chosen = [spare if value is zero else value for value in values]
            near.append(logic.delayed(logic.pick(chosen, walk), f"near_{e}"))
        return near

    def input_lanes(self, control: Controller, loader: Loader, row: Value) -> list[Value]:
        if not any(walk.vector == -1 for walk in self.program.all_walks):
            return []
        logic = self.logic
        buffer = logic.delayed(control.buffer, "buffer_1")
        address = bank_address(logic, buffer, row, loader.rows)
        return [self.operand_bits(logic.read(ram, address)) for ram in loader.lanes]

    def state_reads(self, state: int, control: Controller, row: Value) -> list[Value]:
        logic, memory = self.logic, self.state_lanes[state]
        bank, first = logic.delayed(control.bank, "bank_1"), logic.delayed(control.first, "first_1")
        head = logic.delayed(control.is_head, "is_head_1")
        address = bank_address(logic, bank, row, memory.rows)
        initial = np.zeros(memory.rows * len(memory.lanes), np.int64)
        initial[: len(self.program.initial[state])] = self.program.initial[state]
        fresh = logic.all(first, logic.no(head), hint=f"state_{state}_fresh")
        return [
            self.operand_bits(
                first_word(logic, fresh, initial[e :: len(memory.lanes)], row, logic.read(ram, address))
            )
            for e, ram in enumerate(memory.lanes)
        ]  # fmt: skip

    def operand_bits(self, value: Value) -> Value:
        """The integer of a vector's element, in the type of all operands."""
        return self.logic.widened(self.logic.raw(value), self.vector_type)

    # -- what is computed -------------------------------------------------------------------

    def operands(self, near: list[Value], ranks: list[Value | None], tiles: Tiles) -> list[Value]:
        """The operand that each source gives."""
        logic = self.logic
        found = []
        for number, (source, rank) in enumerate(zip(tiles.sources, ranks, strict=True)):
            choices = [near[lane] for lane in source.choices]
            chosen = choices[0] if rank is None else logic.pick(choices, rank)
            found.append(logic.delayed(chosen, f"operand_{number}"))
        return found

    def product(self, weight: Value, operand: Value, p: int, k: int) -> Value:
        logic = self.logic
        assert isinstance(weight.type, FixedType)
        exact = logic.op(
            "arith.mul", weight, operand, type=product_type(weight.type, self.vector_type)
        )
        return logic.delayed(exact, f"product_{p}_{k}")

    def aligned(self, product: Value, walk: Value) -> Value:
        """The product shifted to the unit of its walk's sums."""
        logic = self.logic
        shifts = [w.shift for w in self.program.all_walks]
        assert isinstance(product.type, FixedType)
        width = product.type.width + max(shifts)
        wide = FixedType(product.type.signed, width, 0)

        def shifted(shift: int) -> Value:
            assert isinstance(product.type, FixedType)
            scaled = FixedType(product.type.signed, product.type.width, -shift)
            return logic.widened(logic.as_type(product, scaled), wide)

        by_shift = {shift: shifted(shift) for shift in sorted(set(shifts))}
        return logic.pick([by_shift[shift] for shift in shifts], walk)

    def row_sum(self, terms: list[Value]) -> Value:
        """The sum of a row's products: a register behind each level of adders."""
        logic = self.logic
        for _ in range(self.levels):
            pairs = [terms[i : i + 2] for i in range(0, len(terms), 2)]
            terms = [
                logic.delayed(
                    logic.op("arith.add", *pair) if len(pair) == 2 else pair[0], "partial"
                )
                for pair in pairs
            ]
        return terms[0]

    def accumulate(self, control: Controller, sums: list[Value]) -> Sums:
        """Add each row's sums over the tiles of a group, from its first value; then hold them."""
        logic = self.logic
        wait = 4 + self.levels
        begins = logic.later(control.begins, wait, reset=True)
        first_values = self.first_values(control, wait)
        load = logic.later(control.ends, wait + 1, reset=True)
        held = []
        for p, term in enumerate(sums):
            total = logic.reg(self.sum_type, f"sum_{p}")
            base = logic.select(begins, first_values[p], total)
            logic.drive(total, logic.wrapped(logic.op("arith.add", base, term), self.sum_type))
            held.append(logic.held(total, load, f"held_{p}"))
        head = logic.later(control.is_head, wait + 1)
        first, bank = (
            logic.held(logic.later(flag, wait + 1), load, f"held_{flag.name}")
            for flag in (control.first, control.bank)
        )
        for_tail = logic.all(load, logic.no(head), hint="load_for_tail")
        return Sums(held, for_tail, logic.all(load, head, hint="load_for_head"), first, bank)

    def first_values(self, control: Controller, wait: int) -> list[Value]:
        """The accumulators' first values, in the cycle in which a group's first sum arrives."""
        logic, program = self.logic, self.program
        words = np.concatenate([program.cell.first, program.head.first]).astype(np.int64)
        packing = pack_fields([(words[:, p], self.sum_type.width) for p in range(program.rows)])
        group = logic.later(control.group, wait - 1)
        read = []
        for number, (memory, width) in enumerate(zip(packing.words, packing.widths, strict=True)):
            rom = logic.rom(memory, FixedType(False, width, 0), f"first_sums_{number}")
            read.append(logic.delayed(logic.read(rom, group), f"first_word_{number}"))
        return [
            logic.as_type(logic.bits(read[memory], low, self.sum_type.width), self.sum_type)
            for memory, low in packing.places
        ]


def first_word(
    logic: Logic, first: Value, initial: np.ndarray, address: Value, read: Value
) -> Value:
    """The word read, or the initial one while the states are the initial ones."""
    if not initial.any():
        return logic.select(first, logic.literal(0, read.type), read)
    assert isinstance(read.type, FixedType)
    rom = logic.rom(initial, read.type, "initial")
    assert isinstance(rom.type, TensorType)
    return logic.select(first, logic.read(rom, address), read)
