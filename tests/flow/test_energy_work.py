"""What an inference does: by hand for a small machine, and as the interpreter does it for others."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
import pytest

from lstmir.flow.energy.work import Work, count_work, stream_bits
from lstmir.interpreter.plan import Array
from lstmir.interpreter.run import run_samples
from lstmir.ir.module import Module
from lstmir.ir.operation import Value
from lstmir.ir.types import Type, element_of, shape_of
from lstmir.numeric.fixed import FixedType
from lstmir.passes.machine.reading import read_program
from lstmir.passes.machine.timing import timing_from
from lstmir.passes.schedule import Schedule
from lstmir.syntax.parser import parse_module
from lstmir.targets import PARTS
from lstmir.targets.energy.constants import constants_of
from tests.machine.machines import Machine, random_machine
from tests.machine.parts import streamed
from tests.passes.levels import Recipe, apply
from tests.passes.test_custom_cells import CELLS
from tests.strategies.networks import Network

STEPS = 5
SMALL = Machine(
    Network(2, 3, kind="lstm", result="final_h"), Recipe(weights=8, bias=8, state=12), macs=4
)


def _work(machine: Machine, part: str, dram_bits: int = 0) -> Work:
    return _work_of(machine.level_4, part, dram_bits)


def _work_of(module: Module, part: str, dram_bits: int = 0) -> Work:
    program, timing = read_program(Schedule(), module), timing_from(module.attributes["timing"])
    return count_work(module, program, timing, STEPS, constants_of(PARTS[part]), dram_bits)


def test_a_small_machine_by_hand() -> None:
    """Of each of three units: five tiles of four products, three products in the tail. A tile is 32
    bits of weights and one element; the tail reads four biases, five tables and a state, and stores two.
    """
    found = _work(SMALL, "ecp5-25k", dram_bits=7)
    tiles, tail, streams = STEPS * 3 * 5, STEPS * 3, STEPS * 2 + 3
    assert found.multiplications == tiles * 4 + tail * 3 == 345
    assert found.words == tiles * (2 + 1) + tail * 12 + streams == 418
    assert (found.steps, found.word_bits, found.narrow, found.dram_bits) == (STEPS, 16, 0, 7)
    assert found.cycles == SMALL.predict([STEPS])


def test_words_are_those_of_the_part() -> None:
    """36 bits hold the weights of a tile; the widest factor has 12 bits, and so all are narrow."""
    found = _work(SMALL, "xc7a35t")
    assert found.words == 75 * (1 + 1) + 15 * 12 + 13
    assert found.narrow == found.multiplications == 345


def test_wide_factors_are_not_narrow() -> None:
    """A cell of 13 bits is a factor of one product in the tail."""
    wide = Machine(SMALL.network, Recipe(weights=8, bias=8, state=13), macs=4)
    assert _work(wide, "xc7a35t").narrow == 345 - 15


def test_a_sparse_machine_by_hand() -> None:
    """Of each of two units: two tiles of the input's four elements, which are two words and read for both,
    one tile of the state; each with a weight and an index. The tail reads a bias and a table, and stores
    one element, which leaves in every step.
    """
    network = Network(4, 2, kind="rnn", result="sequence")
    machine = Machine(network, Recipe(weights=8, bias=8, zeroed=0.5, bank=4), macs=1)
    found = _work(machine, "ecp5-25k")
    unit = 2 * (1 + 1 + 2) + (1 + 1 + 1) + (1 + 1 + 1)
    assert found.words == STEPS * (2 * unit + 4 + 2)
    assert found.multiplications == STEPS * 2 * 3


def test_from_one_to_the_next_is_less_than_alone() -> None:
    found = _work(SMALL, "ecp5-25k")
    several = SMALL.predict([STEPS] * 9)
    assert found.interval == (several - found.cycles) / 8 < found.cycles


class _Multiplications:
    """A listener that counts products as they are computed."""

    def __init__(self) -> None:
        self.count = 0

    def see(self, value: Value, array: Array) -> None:
        if value.op.name == "tile.mac":
            self.count += prod(size or 0 for size in shape_of(value.op.operands[1].type))
        if value.op.name == "arith.mul":
            self.count += array.size


NETWORKS = {
    "gru": Machine(Network(3, 4, kind="gru", result="final_h"), Recipe(), 6),
    "two layers": Machine(Network(3, 4, layers=2), Recipe(zeroed=0.5, bank=2), 8),
    "every step": Machine(Network(3, 4, result="sequence"), Recipe(), 16),
    **{f"seed {seed}": random_machine(seed) for seed in range(4)},
}


@pytest.mark.parametrize("name", NETWORKS)
def test_all_that_the_interpreter_multiplies_is_counted(name: str) -> None:
    machine, listener = NETWORKS[name], _Multiplications()
    samples = np.zeros((1, STEPS, machine.network.features), np.int64)
    run_samples(machine.level_4, [samples], listener)
    found = _work(machine, "ecp5-85k")
    assert found.multiplications == listener.count > 0


@pytest.mark.parametrize("arrays", ["one", "each"])
def test_states_that_travel(arrays: str) -> None:
    """All that comes in and leaves is in the streams: by the formats and the shapes of level 3."""
    pipeline = f"tile{{macs=16 arrays={arrays}}},block-layout,schedule{{lanes=2}}"
    machine = streamed(CELLS["separate matrices"][0], pipeline)
    module, listener = apply(parse_module(machine.text), pipeline), _Multiplications()
    types = [value.type for value in module.main.parameters]
    steps = [[size or STEPS for size in shape_of(type_)] for type_ in types]
    feeds = [np.zeros([1, *shape], np.int64) for shape in steps]
    run_samples(module, feeds, listener)
    found = _work_of(module, "ecp5-85k")
    assert found.multiplications == listener.count > 0
    assert found.cycles == machine.predict([STEPS])
    bits = sum(map(_bits_on_the_wires, (types, module.main.result_types)))
    assert stream_bits(read_program(Schedule(), module), STEPS) == bits > 0


def _bits_on_the_wires(types: Sequence[Type]) -> int:
    """As docs/streams.md has it: two words a beat, each as wide as the widest element needs."""
    elements = [element for each in types if isinstance(element := element_of(each), FixedType)]
    widest = max(element.width for element in elements)
    words = sum(prod(size or 1 for size in shape_of(each)[1:]) for each in types)
    word = next(size for size in (8, 16, 32, 64) if size >= widest)
    return STEPS * -(-words // 2) * 2 * word
