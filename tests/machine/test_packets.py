"""Malformed packets: one beat of zeros answers, and the next packet is as if nothing had been."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.machine.machines import Machine, Packet, machines
from tests.passes.levels import FEW, MANY, Recipe
from tests.strategies.networks import Network

NETWORK = Network(4, 3, 2, states=True)
STALLS = ((1.0, 1.0), (0.5, 0.5), (1.0, 0.07), (0.07, 1.0))


@st.composite
def traffic(draw: st.DrawFn) -> tuple[Machine, list[Packet]]:
    """A machine, and packets of which some end inside a step."""
    machine = draw(machines())
    features = draw(st.integers(2, 9))
    machine = replace(machine, network=replace(machine.network, features=features))
    packets = []
    for seed, bad in enumerate(draw(st.lists(st.booleans(), min_size=3, max_size=6))):
        beats = draw(st.integers(1, 3 * features))
        if bad and beats % features:
            packets.append(machine.malformed(beats, seed))
        else:
            packets.append(machine.packet(draw(st.integers(1, 3)), seed))
    return machine, packets


def check(case: tuple[Machine, Sequence[Packet]]) -> None:
    machine, packets = case
    for valid, ready in STALLS:
        machine.check(packets, valid, ready)


@settings(FEW, max_examples=15)
@given(traffic())
def test_malformed_packets_among_others(case: tuple[Machine, list[Packet]]) -> None:
    check(case)


@pytest.mark.soak
@MANY
@given(traffic())
def test_malformed_packets_many_times(case: tuple[Machine, list[Packet]]) -> None:
    check(case)


@pytest.mark.parametrize("macs", [4, 64])
@pytest.mark.parametrize("beats", [1, 2, 3, 5, 6, 7, 9, 11])
def test_a_packet_may_end_at_any_beat(beats: int, macs: int) -> None:
    machine = Machine(NETWORK, Recipe(), macs)
    bad, good = machine.malformed(beats, 1), machine.packet(2, 2)
    check((machine, [good, bad, bad, good, bad, good]))


def test_nothing_but_malformed_packets() -> None:
    machine = Machine(NETWORK, Recipe(), 16)
    check((machine, [machine.malformed(beats, beats) for beats in (1, 6, 3, 2, 9)]))


def test_with_one_feature_no_packet_is_malformed() -> None:
    machine = Machine(replace(NETWORK, features=1), Recipe(), 16)
    check((machine, [machine.packet(steps, steps) for steps in (1, 2, 1, 3)]))
