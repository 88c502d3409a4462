"""Two narrow products in one multiplier: what the wires say, and machines that do it."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmir.backends.verilog.primitives import print_primitives
from lstmir.interpreter.rtl import Clocked
from lstmir.ir.module import Module
from lstmir.numeric.fixed import FixedType
from lstmir.passes.machine.operands import shared_blocks
from lstmir.passes.machine.pairs import Block, Range, Shared, shared
from lstmir.passes.machine.reading import read_program
from lstmir.passes.machine.sharing import Sharing
from lstmir.passes.machine.tiles import read_alike
from lstmir.passes.schedule import Schedule
from tests.backends.verilog.blocks import shared_multiplier
from tests.machine.machines import Machine, lengths, machines
from tests.machine.test_encodings import keeps_every_bit
from tests.machine.test_machine import is_right_and_on_time, survives_resets, survives_stalls
from tests.passes.levels import FEW, MANY, Recipe, bits
from tests.strategies.cells import Maker
from tests.strategies.networks import Network

S8, U8 = FixedType(True, 8, 0), FixedType(False, 8, 0)
ANY = Block((32, 32))
"""A block that most products fit."""


def ends(range_: Range) -> list[int]:
    least, most = range_
    return sorted({least, most, *(n for n in (-1, 0, 1) if least <= n <= most)})


def of_type(type_: FixedType) -> Range:
    return type_.min_int, type_.max_int


def is_exact(types: Shared, count: int, seed: int) -> None:
    """The low product, and a sum with the high one, at all ends of the ranges and at some numbers."""
    random, base = Random(seed), FixedType(True, 40, 0)
    ranges = [types.low, types.high, of_type(types.operand), of_type(base)]
    cases = list(product(*map(ends, ranges)))
    cases += [tuple(random.randint(*range_) for range_ in ranges) for _ in range(count)]
    machine = Clocked(shared_multiplier(types, base))
    for low, high, x, sum_ in random.sample(cases, min(len(cases), 4 * count)):
        inputs = {"x0": low, "x1": high - (low < 0), "x2": x, "x3": sum_}
        assert machine.step(inputs) == {"y0": low * x, "y1": sum_ + high * x}


def random_types(random: Random) -> Shared:
    """Ranges of any signs, some of one number, and elements with a sign or without."""
    operand = FixedType(random.random() < 0.6, random.randint(1, 10), 0)
    return Shared(random_range(random), random_range(random), operand)


def random_range(random: Random) -> Range:
    scale = 1 << random.randint(0, 9)
    least, most = random.choice([(-scale, scale), (-scale, scale), (0, scale), (-scale, -1)])
    first, second = (random.randint(least, most) for _ in range(2))
    return min(first, second), max(first, second)


@pytest.mark.parametrize("seed", range(30))
def test_one_product_is_two(seed: int) -> None:
    is_exact(random_types(Random(seed)), 20, seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(30, 1000))
def test_one_product_is_two_of_many_types(seed: int) -> None:
    is_exact(random_types(Random(seed)), 100, seed)


@pytest.mark.parametrize(
    ("low", "high", "operand", "bits"),
    [
        ((-127, 127), (-127, 127), S8, 23),  # no product reaches 2**14
        ((-128, 127), (-127, 127), S8, 24),
        ((-128, 127), (-128, 127), S8, 25),  # what is stored of the higher one reaches -129
        ((-7, 7), (-7, 7), S8, 15),
        ((0, 7), (-7, 7), U8, 15),
        ((-7, 7), (0, 7), U8, 16),
    ],
)
def test_the_width_of_a_word(low: Range, high: Range, operand: FixedType, bits: int) -> None:
    assert Shared(low, high, operand).word.width == bits


def test_the_order_that_makes_the_narrower_word_is_taken() -> None:
    types, is_swapped = shared((-128, 127), (-127, 127), S8)
    assert (types.low, is_swapped) == ((-128, 127), False)
    types, is_swapped = shared((-127, 127), (-128, 127), S8)
    assert types.word.width == min(
        Shared((-127, 127), (-128, 127), S8).word.width,
        Shared((-128, 127), (-127, 127), S8).word.width,
    )


@pytest.mark.parametrize(
    ("block", "fits"), [((25, 18), True), ((18, 25), True), ((23, 8), True), ((22, 18), False),
                        ((25, 7), False)],
)  # fmt: skip
def test_what_fits_a_block(block: tuple[int, int], fits: bool) -> None:
    assert Block(block).fits(Shared((-127, 127), (-127, 127), S8).word, S8) is fits


def test_a_number_without_sign_needs_a_bit_more() -> None:
    word = Shared((-7, 7), (-7, 7), U8).word
    assert Block((18, 9)).fits(word, U8)
    assert not Block((18, 8)).fits(word, U8)
    word = Shared((0, 7), (0, 7), U8).word
    assert (word.width, word.signed) == (14, False)
    assert Block((15, 9)).fits(word, U8)
    assert not Block((14, 9)).fits(word, U8)


def test_what_takes_no_block_shares_none() -> None:
    sharing = Sharing((NARROW, NARROW), ((0,), (0,)), S8)
    assert len(sharing.pairs(Block((25, 18), 12))) == 1
    assert sharing.pairs(Block((25, 18), 13)) == []


NARROW, MIDDLE, WIDE = (-7, 7), (-31, 31), (-127, 127)


@pytest.mark.parametrize(
    ("rows", "pairs"),
    [
        ([NARROW] * 4, [(0, 1), (2, 3)]),
        ([NARROW] * 3, [(0, 1)]),
        ([NARROW, None, NARROW], [(0, 2)]),
        ([WIDE, WIDE, MIDDLE], []),
        ([NARROW, NARROW, WIDE, WIDE], [(0, 2), (1, 3)]),  # what fits with few is served first
        ([WIDE, NARROW, MIDDLE, NARROW], [(0, 1), (2, 3)]),
        ([MIDDLE, MIDDLE, (-32, 31), (-32, 31)], [(0, 2), (1, 3)]),
    ],
)
def test_as_many_pairs_as_there_can_be(
    rows: list[Range | None], pairs: list[tuple[int, int]]
) -> None:
    found = Sharing(tuple(rows), ((0,),) * len(rows), S8).pairs(Block((20, 18)))
    assert [tuple(sorted((pair.low[0], pair.high[0]))) for pair in found] == pairs


def test_only_what_reads_the_same_is_paired() -> None:
    found = Sharing((NARROW,) * 4, ((0, 1), (1, 2), (3, 0), (4, 5)), S8).pairs(ANY)
    assert {(pair.low, pair.high) for pair in found} == {((0, 0), (2, 1)), ((0, 1), (1, 0))}


@pytest.mark.parametrize(
    ("lanes", "alike"),
    [
        ([[-1, 1], [2, 1], [3, 1]], [[2, 1], [2, 1], [3, 1]]),
        ([[2, 1], [-1, 1], [3, -1]], [[2, 1], [2, 1], [3, -1]]),
        ([[-1, -1], [0, 1], [1, 1]], [[0, 1], [0, 1], [1, 1]]),
    ],
)
def test_what_reads_nothing_reads_as_another(
    lanes: list[list[int]], alike: list[list[int]]
) -> None:
    by_tile = np.array(lanes).T[:, :, np.newaxis]
    assert read_alike(by_tile, [1, 1, 1])[:, :, 0].T.tolist() == alike


def units(module: Module, name: str) -> set[str]:
    """The multipliers whose units are called so."""
    found = {str(op.attributes.get("unit")) for op in module.walk() if op.name == "arith.mul"}
    return {unit for unit in found if re.search(name, unit)}


DENSE = Recipe(weights=6, activations=6, operands=6)
MACHINES = {
    "one column": (Machine(Network(3, 5, 4), DENSE, 8), 4),
    "two columns": (Machine(Network(6, 4, 3), DENSE, 48), 16),
    "columns and few additions": (Machine(Network(9, 4, 3), DENSE, 80, 2), 32),
    "a row alone": (Machine(Network(3, 5, 3, kind="rnn"), DENSE, 5), 2),
    "columns are gone": (Machine(Network(4, 6, 3, weights="uneven"), DENSE, 12), 6),
}


@pytest.mark.parametrize("name", MACHINES)
def test_bits_and_cycles(name: str) -> None:
    machine, count = MACHINES[name]
    sharing = replace(machine, block="32x32")
    program = read_program(Schedule(), sharing.level_4)
    assert shared_blocks(program, ANY) == len(units(sharing.level_5, "pair_")) == count
    assert len(units(sharing.level_5, r"multiplier_\d")) == program.macs - 2 * count
    steps = [3, 1, 2]
    is_right_and_on_time(sharing, steps, 0)
    assert [sharing.predict(steps[:n]) for n in (1, 2, 3)] == [
        machine.predict(steps[:n]) for n in (1, 2, 3)
    ]
    data = machine.network.data(3, 4)
    assert (bits(sharing.level_4, data) == bits(sharing.level_3, data)).all()


def test_a_shared_block_is_a_block_of_ecp5() -> None:
    machine = Machine(Network(3, 5, 4), Recipe(weights=4), 8, block="18x18")
    module = machine.level_5
    files = {name: text for name, text in print_primitives(module).items() if "pair" in name}
    assert files
    assert all(
        text.count("MULT18X18D (") + text.count("MULT18X18D #(") == 1 for text in files.values()
    )


SHARING = "lower-to-rtl{products=auto block=32x32}"


@pytest.mark.parametrize(
    ("seed", "columns", "pairs"),
    [
        (5, 7, 12),
        (6, 12, 24),
        (10, 3, 5),
        (13, 7, 7),
        (24, 1, 1),
        (34, 3, 6),
        (37, 7, 12),
        (39, 16, 13),
    ],
)
def test_patterns_and_codes(seed: int, columns: int, pairs: int) -> None:
    """Lists that rows share, columns and blocks; sums of many products, each with what it lacks."""
    module = keeps_every_bit(Maker(seed), columns, SHARING)
    assert len(units(module, "pair_")) == pairs


@pytest.mark.soak
@MANY
@given(st.integers(0, 2**32), st.integers(1, 24))
def test_many_patterns_and_codes(seed: int, columns: int) -> None:
    keeps_every_bit(Maker(seed), columns, SHARING)


def sharing_machines() -> st.SearchStrategy[Machine]:
    blocks = st.sampled_from(["16x16", "18x18", "25x18", "32x32"])
    return st.builds(lambda machine, block: replace(machine, block=block), machines(), blocks)


@settings(FEW, max_examples=8)
@given(sharing_machines(), lengths(), st.integers(0, 99))
def test_any_machine(machine: Machine, steps: list[int], seed: int) -> None:
    is_right_and_on_time(machine, steps, seed)


@pytest.mark.soak
@MANY
@given(sharing_machines(), lengths(), st.integers(0, 2**16))
def test_many_machines(machine: Machine, steps: list[int], seed: int) -> None:
    is_right_and_on_time(machine, steps, seed)
    survives_stalls(machine, steps, seed)
    survives_resets(machine, seed)
