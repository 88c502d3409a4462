"""Level 5 in the interpreter: the bits of level 3, in exactly the predicted cycles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.machine.machines import Machine, lengths, machines, random_machine
from tests.passes.levels import FEW, MANY, Recipe
from tests.strategies.networks import Network

SCALES = (1.0, 1.0, 50.0)
SEEDS = st.integers(0, 99)
STEPS = (2, 1, 3)
STALLS = ((0.5, 0.5), (1.0, 0.07), (0.07, 1.0), (0.3, 0.9))
"""How often the input offers a beat, and how often the output takes one."""


def is_right_and_on_time(machine: Machine, steps: list[int], seed: int) -> None:
    """Every bit, and the cycle of each packet's last beat."""
    packets = [machine.packet(n, seed + k, SCALES[k % 3]) for k, n in enumerate(steps)]
    result = machine.check(packets)
    predicted = [machine.predict(steps[:count]) for count in range(1, len(steps) + 1)]
    assert result.packet_cycles == predicted
    assert result.cycles_total == predicted[-1]


def survives_stalls(machine: Machine, steps: list[int], seed: int) -> None:
    """Any pattern of back-pressure changes when, and nothing else."""
    packets = [machine.packet(n, seed + k, SCALES[k % 3]) for k, n in enumerate(steps)]
    for valid, ready in STALLS:
        machine.check(packets, valid, ready, seed)


def survives_resets(machine: Machine, seed: int) -> None:
    """Stopped anywhere, with any packets under way, the machine starts anew, soon or later."""
    random = Random(seed)
    data = [value for value, _ in machine.packet(5, seed, scale=50.0).beats]
    packets = [machine.packet(n, seed + n) for n in STEPS]
    for valid in (1.0, 0.1, 1.0, 0.1, 1.0, 0.1):
        cycles = random.randint(1, 200)
        for cycle in range(1, cycles + 1):
            inputs = {
                "s_axis_tdata": random.choice(data),
                "s_axis_tvalid": random.random() < 0.9,
                "s_axis_tlast": random.random() < 0.1,
                "m_axis_tready": random.random() < 0.3,
            }
            machine.clocked.step(inputs, reset=cycle == cycles)
        result = machine.check(packets, valid, seed=seed)
        assert valid < 1 or result.cycles_total == machine.predict(STEPS)


@settings(FEW, max_examples=40)
@given(machines(), lengths(), SEEDS)
def test_bits_and_cycles(machine: Machine, steps: list[int], seed: int) -> None:
    is_right_and_on_time(machine, steps, seed)


@settings(FEW, max_examples=12)
@given(machines(), lengths(), SEEDS)
def test_back_pressure(machine: Machine, steps: list[int], seed: int) -> None:
    survives_stalls(machine, steps, seed)


@pytest.mark.parametrize("seed", [1, 10, 13, 14, 17, 19])
def test_a_beat_stays_where_several_words_are_stored_at_once(seed: int) -> None:
    """Seen, not proven: the proofs are of machines that store one at a time."""
    waiting: dict[str, int] = {}
    waited = 0
    for beat, ready in beats_out(random_machine(seed), seed, cycles=3000):
        assert not waiting or beat == waiting
        waiting = beat if beat["m_axis_tvalid"] and not ready else {}
        waited += bool(waiting)
    assert waited > 100


def beats_out(machine: Machine, seed: int, cycles: int) -> Iterator[tuple[dict[str, int], bool]]:
    """What a machine that is always fed offers in each cycle, and whether it is taken."""
    random = Random(seed)
    packets = (machine.packet(1 + n % 3, n) for n in count())
    under_way = (beat for packet in packets for beat in packet.beats)
    data, last = next(under_way)
    machine.clocked.reset()
    for _ in range(cycles):
        ready = random.random() < 0.2
        inputs = {"s_axis_tdata": data, "s_axis_tvalid": 1, "s_axis_tlast": last}
        outputs = machine.clocked.step({**inputs, "m_axis_tready": ready})
        if outputs["s_axis_tready"]:
            data, last = next(under_way)
        yield {name: word for name, word in outputs.items() if name.startswith("m_axis")}, ready


@settings(FEW, max_examples=25)
@given(machines(), SEEDS)
def test_resets(machine: Machine, seed: int) -> None:
    survives_resets(machine, seed)


@pytest.mark.parametrize("recipe", [Recipe(), Recipe(zeroed=0.5, bank=5)])
def test_a_reset_in_any_cycle(recipe: Recipe) -> None:
    machine = Machine(Network(4, 5, 9, states=True), recipe, 16)
    packets = [machine.packet(n, n) for n in STEPS]
    beats = [beat for packet in packets for beat in packet.beats]
    for cycles in range(1, machine.predict(STEPS), 2):
        under_way = iter(beats)
        data, last = next(under_way)
        for cycle in range(1, cycles + 1):
            inputs = {
                "s_axis_tdata": data,
                "s_axis_tvalid": 1,
                "s_axis_tlast": last,
                "m_axis_tready": 1,
            }
            if machine.clocked.step(inputs, reset=cycle == cycles)["s_axis_tready"]:
                data, last = next(under_way, (0, True))
        assert machine.check(packets).cycles_total == machine.predict(STEPS)


@pytest.mark.soak
@MANY
@given(machines(), lengths(), SEEDS)
def test_many_machines(machine: Machine, steps: list[int], seed: int) -> None:
    is_right_and_on_time(machine, steps, seed)
    survives_stalls(machine, steps, seed)
    survives_resets(machine, seed)


@pytest.mark.parametrize(
    ("network", "macs"),
    [
        (Network(9, 1, 1), 64),  # loading a step takes longer than computing it
        (Network(9, 1, 10), 64),
        (Network(1, 1, 1), 4),
        (Network(1, 12, 10), 4),
        (Network(2, 12, 10), 48),  # groups of four units each
        (Network(3, 11, 10), 64),  # hidden units that do not fill the last group
        (Network(3, 5, 10), 4),  # more outputs than rows
        (Network(9, 12, 1), 64),
    ],
)
@pytest.mark.parametrize("result", ["dense", "final_c"])
def test_where_something_else_is_the_bottleneck(network: Network, macs: int, result: str) -> None:
    for bank in (0, 4):
        recipe = Recipe(zeroed=0.5 if bank else 0.0, bank=bank or 1)
        machine = Machine(replace(network, result=result), recipe, macs)
        is_right_and_on_time(machine, [1, 1, 4, 2, 1], 0)
        survives_stalls(machine, [1, 3, 1], 0)


def test_a_known_length_changes_nothing() -> None:
    is_right_and_on_time(Machine(Network(time=3), Recipe(), 16), [3, 3, 3], 0)
