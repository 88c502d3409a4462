"""Random machines as Verilog, all in one build of each simulator: the bits, and the cycles, of level 5."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lstmir.flow.toolchain.simulate import Traffic
from tests.backends.verilog.simulators import BOTH, problems
from tests.machine.bounded import Bounded
from tests.machine.machines import Machine, Packet, random_machine
from tests.machine.simulators import Simulators, build, print_machine
from tests.passes.levels import Recipe
from tests.strategies.networks import Network

pytestmark = BOTH

CORNERS = {
    "results wait behind results": Machine(Network(1, 1, 10), Recipe(), 64),
    "units leave the array faster than the tail takes them": Machine(
        Network(2, 12, 10), Recipe(), 48
    ),
    "sums are needed soon after they are made": Machine(Network(1, 12, 1), Recipe(), 16),
    "the index of the largest leaves": Machine(Network(2, 5, 10, pick="first"), Recipe(), 16),
    "several scores are stored at once": Machine(
        Network(3, 10, result="final_h", pick="last"), Recipe(weights=2, activations=2), 32
    ),
    "two products share a block": Machine(Network(2, 2, 3), Recipe(weights=4), 16, block="18x18"),
    "a layer reads the whole sequences of both directions": Bounded(
        Network(2, 2, 2, direction="bidirectional", layers=2, kind="gru", result="dense_sequence"),
        Recipe(),
        8,
    ),
    "whole sequences leave": Bounded(
        Network(3, 2, direction="bidirectional", kind="rnn", result="sequence"), Recipe(), 8
    ),
}
RANDOM = 8
MACHINES = [*(random_machine(seed) for seed in range(RANDOM)), *CORNERS.values()]
NAMES = [*(f"random {seed}" for seed in range(RANDOM)), *CORNERS]
EVERY = pytest.mark.parametrize("number", range(len(MACHINES)), ids=NAMES)

STEPS = [3, 1, 2, 4, 1, 1]
SCALES = (1.0, 50.0)
STALLS = [
    Traffic(50, 50),
    Traffic(5, 100),
    Traffic(100, 5),
    Traffic(5, 5, pace_cycles=60),
]


@pytest.fixture(scope="module")
def simulators(tmp_path_factory: pytest.TempPathFactory) -> Simulators:
    return build(MACHINES, tmp_path_factory.mktemp("machines"))


def sequences(machine: Machine) -> list[Packet]:
    """Of a few steps or one, with ordinary numbers, large ones, and the ends of their format."""
    packets = [machine.packet(n, seed, SCALES[seed % 2]) for seed, n in enumerate(STEPS)]
    packets[2:5:2] = [machine.extreme(STEPS[place], place) for place in (2, 4)]
    return packets


def with_malformed(machine: Machine) -> list[Packet]:
    """The same, and packets among them that end inside a step."""
    packets, features = sequences(machine), machine.network.features
    if features > 1:
        for place, beats in ((1, features + 1), (2, features - 1), (5, 1)):
            packets.insert(place, machine.malformed(beats, place))
    return packets


def is_right_and_on_time(simulators: Simulators, number: int, machine: Machine) -> None:
    """Every bit, in the cycles that the interpreter shows and the schedule predicts."""
    packets = sequences(machine)
    result, interpreted = simulators.run(number, packets), machine.check(packets)
    assert result.packet_cycles == interpreted.packet_cycles
    assert result.packet_cycles == [machine.predict(STEPS[:n]) for n in range(1, len(STEPS) + 1)]
    assert result.cycles_total == machine.predict(STEPS)
    malformed = with_malformed(machine)
    assert (
        simulators.run(number, malformed).packet_cycles
        == machine.check(malformed).packet_cycles[:8]
    )


def survives_stalls(
    simulators: Simulators, number: int, machine: Machine, traffic: Traffic
) -> None:
    """Stalls change when, and nothing else."""
    simulators.run(number, with_malformed(machine), replace(traffic, seed=number))


def survives_resets(simulators: Simulators, number: int, machine: Machine) -> None:
    """Reset in any cycle, with anything under way, the machine takes as long as a fresh one."""
    packets, cycles = sequences(machine), machine.predict(STEPS)
    for seed in range(5):
        anywhere = Traffic(resets=6, reset_cycles=cycles, seed=seed)
        result = simulators.run(number, packets, anywhere)
        assert result.cycles_total == machine.predict(STEPS[result.first_packet :])
    stalled = Traffic(5, 5, pace_cycles=60, resets=20, reset_cycles=4 * cycles, seed=number)
    simulators.run(number, with_malformed(machine), stalled)


@EVERY
def test_bits_and_cycles(simulators: Simulators, number: int) -> None:
    is_right_and_on_time(simulators, number, MACHINES[number])


@EVERY
@pytest.mark.parametrize("traffic", STALLS, ids=["both", "output", "input", "changing"])
def test_stalls_and_malformed_packets(
    simulators: Simulators, number: int, traffic: Traffic
) -> None:
    survives_stalls(simulators, number, MACHINES[number], traffic)


@EVERY
def test_resets(simulators: Simulators, number: int) -> None:
    survives_resets(simulators, number, MACHINES[number])


@pytest.mark.soak
@pytest.mark.parametrize("first", range(RANDOM, RANDOM + 200, 8))
def test_many_machines(first: int, tmp_path: Path) -> None:
    machines = [random_machine(seed) for seed in range(first, first + 8)]
    simulators = build(machines, tmp_path)
    for number, machine in enumerate(machines):
        is_right_and_on_time(simulators, number, machine)
        survives_resets(simulators, number, machine)
        for traffic in STALLS:
            survives_stalls(simulators, number, machine, traffic)


@pytest.mark.parametrize("zeroed", [0.0, 0.5])
def test_a_machine_lints_clean(zeroed: float, tmp_path: Path) -> None:
    machine = Machine(Network(), Recipe(zeroed=zeroed), 16)
    assert problems(print_machine(machine, "machine", tmp_path), "machine") == ()
