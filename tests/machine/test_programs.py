"""Networks of every kind on the machine: the bits of level 3, in exactly the predicted cycles."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmir.ir.diagnostics import UserError
from tests.machine.machines import REFUSED, Machine, Packet
from tests.passes.levels import FEW, MANY, Recipe, recipes
from tests.strategies.networks import KINDS, Network, programs

SCALES = (1.0, 1.0, 50.0)
STALLS = ((0.5, 0.5), (1.0, 0.07))
NO_UNIT = (
    "a recurrence that begins with the last step needs to know the longest sequence",
    "a recurrence that reads the whole sequence of another needs to know the longest sequence",
    "'tensor.reshape' is no memory of the machine",
)
"""What the machine says of the networks that it does not run."""


def lengths_of(network: Network) -> list[int]:
    """The steps of some sequences: a network of known length takes no others."""
    return [1, 3, 2, 4] if network.time is None else [network.time] * 3


def is_right_and_on_time(machine: Machine, seed: int) -> None:
    """Every bit, the cycle of each packet's last beat, and the bits again under back-pressure."""
    lengths = lengths_of(machine.network)
    packets = [machine.packet(n, seed + k, SCALES[k % 3]) for k, n in enumerate(lengths)]
    result = machine.check(packets)
    assert result.packet_cycles == [machine.predict(lengths[: k + 1]) for k in range(len(lengths))]
    for valid, ready in STALLS:
        machine.check(packets, valid, ready, seed)


def runs_or_is_refused(machine: Machine, seed: int) -> None:
    try:
        _ = machine.level_5
    except UserError as error:
        message = error.diagnostics[0].message
        assert any(message.endswith(reason) for reason in NO_UNIT), message
        return
    is_right_and_on_time(machine, seed)


def machines() -> st.SearchStrategy[Machine]:
    """Networks of every kind, with constant states, in any array."""
    networks = programs().map(lambda network: replace(network, fed=False))
    return st.builds(Machine, networks, recipes(), st.integers(4, 40))


@settings(FEW, max_examples=15)
@given(machines(), st.integers(0, 99))
def test_any_network(machine: Machine, seed: int) -> None:
    runs_or_is_refused(machine, seed)


@pytest.mark.soak
@MANY
@given(machines(), st.integers(0, 2**16))
def test_many_networks(machine: Machine, seed: int) -> None:
    runs_or_is_refused(machine, seed)


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize(
    ("direction", "layers", "result"),
    [
        ("forward", 2, "dense"),
        ("forward", 3, "sequence"),
        ("forward", 1, "dense_relu"),
        ("forward", 2, "dense_sequence"),
        ("reverse", 1, "final_h"),
        ("bidirectional", 1, "dense"),
        ("bidirectional", 1, "final_h"),
    ],
)
def test_each_kind(kind: str, direction: str, layers: int, result: str) -> None:
    time = None if direction == "forward" else 3
    network = Network(3, 5, 4, time, kind=kind, direction=direction, layers=layers, result=result)
    is_right_and_on_time(Machine(network, Recipe(), 16), 0)


@pytest.mark.parametrize(("features", "hidden", "macs"), [(6, 20, 220), (3, 8, 64), (1, 8, 100)])
def test_two_operations_between_registers(features: int, hidden: int, macs: int) -> None:
    network = Network(features, hidden, 1, result="final_h")
    short, plain = (Machine(network, Recipe(), macs, operations) for operations in (2, 1))
    is_right_and_on_time(short, 0)
    assert short.level_4.attributes["timing"]["step"] < plain.level_4.attributes["timing"]["step"]


def test_a_recurrence_within_seventeen_cycles() -> None:
    machine = Machine(Network(6, 20, 1, result="final_h"), Recipe(), 220, operations=2)
    assert machine.level_4.attributes["timing"]["step"] <= 17


def test_layers_hide_each_others_latency() -> None:
    network = Network(12, 32, 9, layers=2)
    timing = Machine(network, Recipe(), 16).level_4.attributes["timing"]
    assert timing["step"] == (12 + 32 + 32 + 32) * 128 // 16


def test_directions_hide_each_others_latency() -> None:
    network = Network(12, 32, 9, 4, direction="bidirectional")
    timing = Machine(network, Recipe(), 16).level_4.attributes["timing"]
    assert timing["step"] == 2 * (12 + 32) * 128 // 16


@pytest.mark.parametrize("direction", ["forward", "bidirectional", "reverse"])
@pytest.mark.parametrize("time", [1, 2, 3])
def test_a_packet_that_is_too_long_is_refused(direction: str, time: int) -> None:
    machine = Machine(Network(3, 4, 2, time, direction=direction), Recipe(), 16)
    good = machine.packet(time, 1)
    values = [value for value, _ in good.beats]
    for extra in (1, 2, 3, 4, 7):
        more = [(values[k % len(values)], k == extra - 1) for k in range(extra)]
        long = Packet([*((value, False) for value in values), *more], [REFUSED])
        short = Packet([(values[0], True)], [REFUSED])
        for stalls in ((1.0, 1.0), *STALLS):
            machine.check([good, long, good, short, long, long, good], *stalls)
