"""The register block: in the interpreter against a model, then cycle by cycle in both simulators."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random

import networkx as nx
import numpy as np
import pytest

from lstmir.interpreter.counts import Saturations
from lstmir.interpreter.rtl import Clocked
from lstmir.interpreter.run import run_samples
from lstmir.interpreter.streams import beat_width
from lstmir.ir.module import Module
from lstmir.passes.machine import axi_lite
from tests.backends.verilog.batch import Batch, Cycle
from tests.backends.verilog.simulators import BOTH
from tests.machine import registers as host
from tests.machine.hosts import Access, Manager, Streams, Talk
from tests.machine.machines import REFUSED, Machine, Packet, random_machine
from tests.machine.registers import AT, Model
from tests.passes.levels import Recipe, apply
from tests.passes.test_custom_cells import Cell
from tests.strategies.networks import Network

LEVEL_5 = "tile{{macs={}}},block-layout,schedule,lower-to-rtl{{axi-lite=true}}"
NARROW = Machine(Network(3, 5, 2), Recipe(state=6, activations=3, operands=3), 12)
"""Most of its values are clipped now and then; the last group has a unit that is padding."""
MACHINES = {"narrow": NARROW, "random 1": random_machine(1), "random 4": random_machine(4),
            "every step": Machine(Network(2, 4, 3, result="sequence"), Recipe(), 16)}  # fmt: skip
SIMULATED = ("narrow", "every step")
EVERY = pytest.mark.parametrize("name", MACHINES)


@cache
def lowered(name: str) -> Module:
    machine = MACHINES[name]
    module = apply(machine.recipe.fixed_point(machine.network), LEVEL_5.format(machine.macs))
    module.main.name = name.replace(" ", "_")
    return module


def constants(machine: Machine) -> dict[str, int]:
    """What the registers tell of a design, from its formats and lengths."""
    known = {"identification": 0x4C53544D, "version": 1}
    for kind in ("input", "output"):
        format_ = machine.format(kind)
        fields = (format_.width, beat_width(format_) << 8, (format_.frac & 0x7FFF) << 16)
        known[f"{kind}_format"] = sum(fields) | format_.signed << 31
    steps = [len(machine.packet(n, 1).answer) for n in (1, 2)]
    known["input_length"] = machine.network.features
    known["output_length"] = steps[0] | (steps[1] > steps[0]) << 31
    return known


def talk(
    name: str, packets: list[Packet], seed: int = 0, accesses: list[Access] | None = None,
    chance: float = 1.0, bus: float = 1.0,
) -> Talk:  # fmt: skip
    random, machine = Random(seed), MACHINES[name]
    manager = Manager(accesses or [], random, bus)
    streams = Streams(packets, random, chance)
    return Talk(Clocked(lowered(name)), Model(constants(machine)), manager, streams)


def with_malformed(machine: Machine) -> list[Packet]:
    packets = [machine.packet(steps, steps) for steps in (3, 1, 2, 4)]
    if machine.network.features > 1:
        packets.insert(1, machine.malformed(1, 5))
    if machine.network.features > 1 and machine.network.result != "sequence":
        packets.insert(3, machine.malformed(machine.network.features + 1, 6))
    return packets


def anything(random: Random, count: int) -> list[Access]:
    """Reads and writes of all registers and of none; mostly, the design is left enabled."""
    found = []
    for _ in range(count):
        known = random.choice(list(AT.values())) + random.randrange(4)
        address = known if random.random() < 0.8 else random.randrange(256)
        write = random.random() < 0.3
        found.append(Access(address, random.getrandbits(32), random.getrandbits(4))
                     if write else Access(address))  # fmt: skip
        if random.random() < 0.2:
            rare = random.choice([0, host.CLEAR, host.CLEAR_COUNTS, host.ONCE, host.WATCH])
            found.append(Access(AT["control"], host.ENABLE * (random.random() < 0.8) | rare))
    return found


def at_random(name: str, seed: int) -> Talk:
    """A busy bus, streams that stall, and two resets; then all packets are answered."""
    random = Random(seed)
    delays = random.choice([1.0, 0.6, 0.2])
    found = talk(
        name, with_malformed(MACHINES[name]), seed, anything(random, 150), random.choice([1.0, 0.5]), delays
    )  # fmt: skip
    found.design.power_up()  # as the simulators begin
    found.cycle(reset=True)
    found.run(600, resets=[random.randrange(300), 300 + random.randrange(200)])
    found.ask(Access(AT["control"], host.ENABLE))
    found.finish()
    return found


@EVERY
@pytest.mark.parametrize("seed", range(6))
def test_any_talk_is_as_the_model_says(name: str, seed: int) -> None:
    found = at_random(name, seed)
    for register in AT:
        found.read(register)


@EVERY
def test_counts_of_packets_and_cycles(name: str) -> None:
    machine, steps = MACHINES[name], [3, 1, 2]
    found = talk(name, [machine.packet(n, n) for n in steps])
    found.finish()
    assert found.read("packets_answered") == 3
    assert found.read("packets_refused") == 0
    assert found.read("cycles_total_low") == machine.predict(steps)
    assert found.read("cycles_total_high") == 0
    ends = [machine.predict(steps[:n]) for n in (2, 3)]
    assert found.read("cycles_last") == ends[1] - ends[0]
    found.streams = Streams(with_malformed(machine), Random(1), 1.0)
    found.finish()
    malformed = [packet for packet in found.streams.packets if packet.answer == [REFUSED]]
    assert found.read("packets_refused") == len(malformed)
    assert {name: found.read(name) for name in constants(machine)} == constants(machine)


@EVERY
@pytest.mark.parametrize("scale", [1.0, 50.0])
def test_saturations_are_those_of_the_interpreter(name: str, scale: float) -> None:
    machine = MACHINES[name]
    packets = [machine.packet(steps, seed, scale) for seed, steps in enumerate((4, 1, 3))]
    expected = sum(map(saturations(machine), packets))
    found = talk(name, packets, chance=0.7)
    found.ask(Access(AT["control"], host.ENABLE | host.WATCH))
    found.finish()
    assert found.read("saturations") == expected
    found.streams = Streams(packets, Random(1), 1.0)
    found.ask(Access(AT["control"], host.ENABLE))
    found.finish()
    assert found.read("saturations") == expected


def test_the_narrow_machine_clips() -> None:
    assert saturations(NARROW)(NARROW.packet(3, 1, 50.0)) > 0


def saturations(machine: Machine):  # type: ignore[no-untyped-def]
    """How many values of a packet's tails level 3 clips."""

    def count(packet: Packet) -> int:
        module, element = machine.level_3, machine.format("input")
        data = [d - (d > element.max_int) * (1 << beat_width(element)) for d, _ in packet.beats]
        counts = Saturations(module.main)
        run_samples(module, [np.reshape(data, (1, -1, machine.network.features))], counts)
        return sum(found.outside for found in counts.found.values())

    return count


def test_the_low_word_of_the_cycles_carries() -> None:
    found, begun = talk("narrow", [NARROW.packet(3, 3)]), (1 << 32) - 40
    (index,) = (
        index for index, register in enumerate(found.design.design.registers)
        if register.name == "registers_cycles_total_low"
    )  # fmt: skip
    found.design._state[index] = found.model.counts["cycles_total"] = begun
    found.finish()
    total = begun + NARROW.predict([3])
    assert total >> 32 == 1
    low = found.read("cycles_total_low")
    assert found.read("cycles_total_high") << 32 | low == total


def test_once_lets_one_packet_in() -> None:
    packets = [NARROW.packet(steps, steps) for steps in (2, 1, 3)]
    found = talk("narrow", packets)
    found.ask(Access(AT["control"], host.CLEAR))
    for _ in packets:
        found.ask(Access(AT["control"], host.ENABLE | host.ONCE))
        found.run(300)
        assert found.streams.ended == found.streams.sent
        assert found.read("status") == 1
    assert found.read("packets_answered") == found.streams.ended


def test_no_output_of_the_bus_looks_at_an_input() -> None:
    region = lowered("narrow").main.region
    outputs = dict(zip(lowered("narrow").main.attributes["outputs"], region.end.operands))  # noqa: B905
    graph = nx.DiGraph(region.graph)
    for name in axi_lite.OUTPUTS:
        assert region.entry not in nx.ancestors(graph, outputs[name].op) | {outputs[name].op}
    assert region.entry not in nx.ancestors(graph, outputs["s_axis_tready"].op)


@BOTH
def test_both_simulators_do_the_same(tmp_path: Path) -> None:
    """Every output in every cycle, as the interpreter has it; and no fault is found with the text."""
    talks = {name: at_random(name, seed) for seed, name in enumerate(SIMULATED)}
    cycles = min(len(each.given) for each in talks.values())
    batch = Batch([lowered(name) for name in SIMULATED], tmp_path)
    assert batch.lint() == ()
    stimuli = [[Cycle(*given) for given in each.given[:cycles]] for each in talks.values()]
    for tool in ("verilator", "cxxrtl"):
        for name, seen in zip(SIMULATED, batch.run(tool, stimuli), strict=True):
            assert seen == talks[name].seen[:cycles], (tool, name)


class Held(Streams):
    """Whose answers are not taken, for now."""

    is_held = True

    def drive(self) -> dict[str, int]:
        given = super().drive()
        return given | {"m_axis_tready": 0} if self.is_held else given


def test_many_packets_are_under_way_where_steps_overlap() -> None:
    """More of them are buffered than results wait to leave. Lengths count beats, which have lanes."""
    cell = Cell(a=3)
    vector = cell.x
    for name in "uvw":
        vector = cell.narrow(cell.product(name, 3, vector))
    module = cell.end(cell.narrow(cell.op("arith.add", vector, cell.x)))
    pipeline = "tile{macs=45 arrays=each},block-layout,schedule{lanes=2}"
    apply(module, f"{pipeline},lower-to-rtl{{axi-lite=true}}")
    packets, random = [Packet([(0, True)], [REFUSED])] * 16, Random(1)
    streams = Held(packets, random, 1.0)
    found = Talk(Clocked(module), Model({}), Manager([], random, 1.0), streams)
    for _ in range(40):
        found.cycle()
        assert found.read("status") == 2 * found.model.busy
    assert found.model.under_way == len(packets)
    streams.is_held = False
    found.finish()
    assert found.read("packets_refused") == len(packets)
    assert found.read("input_length") == found.read("output_length") == 2
