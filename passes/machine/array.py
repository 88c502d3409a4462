"""The array: reads weights and neighbours, multiplies, adds, and holds the sums of a group."""

from __future__ import annotations

import numpy as np

from lstmir.ir.operation import Value
from lstmir.numeric.fixed import FixedType, product_type
from lstmir.passes.machine import blocks
from lstmir.passes.machine.accumulators import Accumulators, Sums
from lstmir.passes.machine.counters import Sequencer
from lstmir.passes.machine.logic import Logic, natural, union_of
from lstmir.passes.machine.operands import Operands
from lstmir.passes.machine.pairs import Block
from lstmir.passes.machine.sharing import Place
from lstmir.passes.machine.terms import Products, Term, added, factor, whole
from lstmir.passes.machine.tiles import Tiles, pack_fields
from lstmir.passes.machine.timing import (
    NEAR_READY,
    adder_levels,
    chosen_ready,
    operand_ready,
)
from lstmir.passes.machine.vectors import VectorReader

_SIGN = FixedType(True, 2, 0)


class ArrayBuilder:
    """Makes the array; where a `block` is given, two products that fit it share one."""

    def __init__(
        self, logic: Logic, reads: Operands, sequencer: Sequencer, suffix: str = "",
        block: Block | None = None, in_logic: int = 0,
    ) -> None:  # fmt: skip
        """So many of the multipliers with blocks of their own are made `in_logic` instead."""
        program = reads.program
        self.logic, self.program, self.sequencer, self.reads = logic, program, sequencer, reads
        self.unit, self.weights_unit = f"array{suffix}", f"weights{suffix}"
        self.words = reads.words
        self.levels = adder_levels(max(program.columns))
        self.left_in_logic = in_logic
        self.fields: dict[bytes, Value] = {}
        self.meet = operand_ready(program)  # the cycle in which operands and weights meet
        self.sum_type = union_of([nest.sum_type for nest in program.nests])
        self.shifts_operands, self.vector_type = reads.are_shifted, reads.type
        self.pairs = reads.sharing.pairs(block) if block else []

    def build(self, reader: VectorReader, in_finish: Value) -> Sums:
        """From the sequencer's counters to the sums."""
        logic, tiles = self.logic, self.reads.tiles
        logic.enter(
            self.unit, "Multiplies a tile of weights with neighbours of a vector in each cycle."
        )
        self.has_signs = [tiles.has_signs(row) for row in range(self.program.rows)]
        self.read_tile_words()
        vectors = reader.read(self.row, self.is_new, self.is_reverse, in_finish)
        logic.enter(
            self.weights_unit, "The packed matrices, in the order in which the array reads them."
        )
        weights, ranks = self.stored(tiles)
        logic.enter(self.unit)
        if self.program.is_indexed:
            operands = self.operands(self.neighbours(vectors), ranks, tiles)
        else:
            operands = self.ports(vectors)
        shared = self.shared_products(weights, operands)
        products = [
            [
                shared.get((p, k)) or whole(self.product(weights[p][k], operands[place], p, k))
                for k, place in enumerate(places)
            ]
            for p, places in enumerate(self.reads.places)
        ]
        rows = [self.row_sum(p, terms) for p, terms in enumerate(products)]
        logic.enter(self.unit)
        restarts = [
            self.tile_field(marks, f"restart_{p}", is_flag=True) if marks.any() else None
            for p, marks in enumerate(self.words.restarts)
        ]
        sums = Accumulators(logic, self.reads, self.sequencer, self.unit, self.sum_type)
        return sums.build(rows, restarts)

    # -- what is read -----------------------------------------------------------------------

    def read_tile_words(self) -> None:
        """What the tile's word says, a cycle after the tile was shown."""
        words = self.words
        self.vector = self.tile_field(words.vectors, "vector")
        self.row = self.tile_field(words.rows, "row")
        self.is_new = self.tile_field(words.new, "is_new", is_flag=True)
        self.is_reverse = self.tile_field(words.reverse, "is_reverse", is_flag=True)
        self.shift = self.near_shift = self.tile_field(self.shift_numbers(), "shift")

    def tile_field(self, numbers: np.ndarray, name: str, *, is_flag: bool = False) -> Value:
        logic = self.logic
        if not numbers.any():
            return logic.truth(False) if is_flag else logic.literal(0, natural(1))
        key = numbers.astype(np.int64).tobytes()
        if key not in self.fields:
            self.fields[key] = self.read_field(numbers, name)
        found = self.fields[key]
        return logic.equals(found, 1) if is_flag else found

    def read_field(self, numbers: np.ndarray, name: str) -> Value:
        logic = self.logic
        rom = logic.rom(numbers.astype(np.int64), natural(int(numbers.max()) + 1), f"{name}_rom")
        return logic.delayed(logic.read(rom, self.sequencer.tile), name)

    def shift_numbers(self) -> np.ndarray:
        """For each tile, the number of its shift among all; zeros where operands do not need it."""
        self.all_shifts = sorted(set(self.words.shifts.tolist()))
        return np.searchsorted(self.all_shifts, self.words.shifts)

    def neighbours(self, vectors: list[list[Value]]) -> list[Value]:
        """One element of each lane of the walk's vector, registered."""
        logic, program, vector = self.logic, self.program, self.vector
        if program.phases > 1:  # memories of sequences are blocks, with registers of their own
            vector, self.near_shift = self.held(vector), self.held(self.shift)
            vectors = [[logic.delayed(word, "near") for word in words] for words in vectors]
        near = []
        for e in range(max(map(len, vectors))):
            # A lane that a vector lacks is never chosen: any value will do there.
            there = next(v[e] for v in vectors if e < len(v))
            values = []
            for memory, lanes in zip(program.walked, vectors, strict=True):
                spare = lanes[e] if e < len(lanes) else there
                values.append(self.operand_bits(spare, memory))
            near.append(logic.delayed(logic.pick(values, vector), f"near_{e}"))
        return near

    def ports(self, vectors: list[list[Value]]) -> list[Value]:
        """What multipliers read, registered, where the tile alone says which neighbours they take."""
        logic, program, vector = self.logic, self.program, self.vector
        if program.is_deep:  # reading takes a cycle of its own
            vector, self.near_shift = self.held(vector), self.held(self.shift)
            vectors = [[logic.delayed(word, "near") for word in words] for words in vectors]
        operands = []
        for number, port in enumerate(self.reads.ports):
            ranks = np.zeros(len(port.lanes), np.int64)
            values = []
            masks = [self.words.vectors == v for v in range(len(vectors))]
            for mine in masks:
                ranks[mine] = np.searchsorted(port.choices(mine), port.lanes[mine])
            rank = self.tile_field(ranks, f"rank_{number}")
            rank = self.held(rank) if program.is_deep else rank
            for memory, lanes, mine in zip(program.walked, vectors, masks, strict=True):
                chosen = logic.pick([lanes[lane] for lane in port.choices(mine)], rank)
                values.append(self.operand_bits(chosen, memory))
            operands.append(logic.delayed(logic.pick(values, vector), f"operand_{number}"))
        return operands

    def held(self, value: Value) -> Value:
        """A cycle later; what never changes is not held."""
        return value if value.op.name == "rtl.literal" else self.logic.delayed(value)

    def operand_bits(self, value: Value, memory: int) -> Value:
        """The integer of a vector's element, in the type and the unit of all operands."""
        logic = self.logic
        raw = logic.raw(value)
        assert isinstance(raw.type, FixedType)
        shifts = sorted({w.shift for w in self.program.walks if w.place.memory == memory})
        if not self.shifts_operands or shifts == [0]:
            return logic.widened(raw, self.vector_type)

        def shifted(shift: int) -> Value:
            assert isinstance(raw.type, FixedType)
            scaled = FixedType(raw.type.signed, raw.type.width, -shift)
            return logic.widened(logic.as_type(raw, scaled), self.vector_type)

        if len(shifts) == 1:
            return shifted(shifts[0])
        by_shift = {shift: shifted(shift) for shift in shifts}
        spare = by_shift[shifts[0]]
        return logic.pick(
            [by_shift.get(shift, spare) for shift in self.all_shifts], self.near_shift
        )

    def stored(self, tiles: Tiles) -> tuple[list[list[Value]], list[Value | None]]:
        """Weights [rows][columns] in the cycle of chosen neighbours, ranks in that of the near ones."""
        logic = self.logic
        address = logic.later(self.sequencer.address, chosen_ready(self.program) - NEAR_READY)
        stored = self.weight_fields(tiles)
        fields = self.words_of([(words, t.width) for words, t in stored], address, "memory")
        weights = iter(
            logic.as_type(field, type_) for field, (_, type_) in zip(fields, stored, strict=True)
        )
        by_row = [[next(weights) for _ in row] for row in tiles.weights]
        if not self.program.is_indexed:
            return by_row, []
        address = logic.later(self.sequencer.address, chosen_ready(self.program) - NEAR_READY - 1)
        ranks = iter(self.words_of(tiles.rank_fields(), address, "ranks"))
        return by_row, [next(ranks) if each.bits else None for each in tiles.sources]

    def weight_fields(self, tiles: Tiles) -> list[tuple[np.ndarray, FixedType]]:
        """What is stored for each multiplier [tiles], row by row, and its type."""
        found = {
            (p, k): (weights, tiles.types[p])
            for p, row in enumerate(tiles.weights)
            for k, weights in enumerate(row)
        }
        for pair in self.pairs:
            low, high = found[pair.low][0], found[pair.high][0]
            found[pair.low] = low, pair.types.low_stored
            found[pair.high] = high - (low < 0), pair.types.high_stored
        return list(found.values())

    def words_of(
        self, fields: list[tuple[np.ndarray, int]], address: Value, name: str
    ) -> list[Value]:
        """Fields of memories, two cycles after the address: read, and one register more."""
        logic = self.logic
        packing = pack_fields(fields)
        read = []
        for number, (words, width) in enumerate(zip(packing.words, packing.widths, strict=True)):
            unit, type_ = f"{logic.unit}.{name}_{number}", FixedType(False, width, 0)
            read.append(blocks.memory(logic, unit, words, type_, address, 2, "word"))
        return [
            logic.bits(read[number], low, bits)
            for (number, low), (_, bits) in zip(packing.places, fields, strict=True)
        ]

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

    def shared_products(
        self, weights: list[list[Value]], operands: list[Value]
    ) -> dict[Place, Term]:
        """The products of blocks that give two each."""
        logic, stages = self.logic, self.program.input_stages
        found: dict[Place, Term] = {}
        for number, pair in enumerate(self.pairs):
            (p, k), (q, n) = pair.low, pair.high
            logic.enter(self.unit)
            low = logic.port(weights[p][k], f"low_{number}")
            high = logic.port(weights[q][n], f"high_{number}")
            word = factor(logic, pair.types, low, high)
            factors = [("weights", word), ("operand", operands[self.reads.places[p][k]])]
            unit, type_ = f"{self.unit}.pair_{number}", pair.types.product
            product = blocks.multiplier(logic, unit, factors, type_, stages, "products")
            products = Products(logic, pair.types, product)
            self.enter_lane(p)
            found[pair.low] = products.low_term(f"product_{k}")
            self.enter_lane(q)
            found[pair.high] = products.high_term(f"product_{n}")
        return found

    def product(self, weight: Value, operand: Value, p: int, k: int) -> Value:
        """One product; what is multiplied by a sign is the operand or its opposite."""
        logic, stages = self.logic, self.program.input_stages
        assert isinstance(weight.type, FixedType)
        type_ = product_type(weight.type, self.vector_type)
        self.enter_lane(p)
        if weight.type == _SIGN and self.has_signs[p]:
            weight, operand = logic.port(weight, f"weight_{k}"), logic.port(operand, f"operand_{k}")
            for _ in range(stages):
                weight = logic.delayed(weight, f"weight_{k}_q")
                operand = logic.delayed(operand, f"operand_{k}_q")
            product = logic.delayed(self.signed_operand(weight, operand, type_), f"product_{k}")
        else:
            factors = [("weight", weight), ("operand", operand)]
            in_logic = self.left_in_logic > 0
            self.left_in_logic -= in_logic
            unit = f"{logic.unit}.{'logic_' if in_logic else ''}multiplier_{k}"
            product = blocks.multiplier(logic, unit, factors, type_, stages, "product", in_logic)
        return product if self.shifts_operands else self.aligned(product)

    def enter_lane(self, row: int) -> None:
        """What follows belongs to a row of multipliers."""
        self.logic.enter(
            f"{self.unit}.lane_{row}", "A row of multipliers, and the sum of what they give."
        )

    def signed_operand(self, weight: Value, operand: Value, type_: FixedType) -> Value:
        """The operand, its opposite or zero: the low bit of 1, 0, -1 is whether, the high one which."""
        logic = self.logic
        some, minus = (logic.equals(logic.bits(weight, bit, 1), 1) for bit in (0, 1))
        same = logic.widened(operand, type_)
        opposite = logic.widened(logic.op("arith.neg", operand), type_)
        chosen = logic.select(minus, opposite, same)
        return logic.select(some, chosen, logic.literal(0, type_))

    def aligned(self, product: Value) -> Value:
        """The product shifted to the unit of its walk's sums."""
        logic = self.logic
        assert isinstance(product.type, FixedType)
        wide = FixedType(product.type.signed, product.type.width + self.all_shifts[-1], 0)

        def shifted(shift: int) -> Value:
            assert isinstance(product.type, FixedType)
            scaled = FixedType(product.type.signed, product.type.width, -shift)
            return logic.widened(logic.as_type(product, scaled), wide)

        there = logic.later(self.shift, self.meet)
        return logic.pick([shifted(shift) for shift in self.all_shifts], there)

    def row_sum(self, row: int, terms: list[Term]) -> Term:
        """The sum of a row's products, registers behind some levels of adders.

        As many levels as may be stand between two of them; the last ones share a cycle with the
        addition to the running sum.
        """
        logic = self.logic
        self.enter_lane(row)
        for level in range(1, self.levels + 1):
            pairs = [terms[i : i + 2] for i in range(0, len(terms), 2)]
            terms = [added(logic, *pair) if len(pair) == 2 else pair[0] for pair in pairs]
            if (self.levels + 1 - level) % self.program.adders == 0:
                terms = [term.delayed(logic, "partial") for term in terms]
        return terms[0]
