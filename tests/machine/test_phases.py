"""Recurrences that read whole sequences of others, and sequences out of reverse ones."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from lstmir.ir.module import Module
from lstmir.passes.machine.timing import timing_from
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module
from tests.machine.bounded import Bounded
from tests.machine.machines import Machine, Packet
from tests.passes.levels import Recipe, refusal
from tests.strategies.networks import Network

STALLS = ((0.5, 0.5), (1.0, 0.07), (0.07, 1.0))
LENGTHS = (1, 3, 5, 1, 1, 4, 2)


class Summed(Network):
    """A layer that is read both ways; its result are the sums of both directions, step by step."""

    def module(self) -> Module:
        text, size = print_module(super().module()), self.hidden
        both, one = f"tensor<?x2x?x{size}xf32>", f"tensor<?x1x?x{size}xf32>"
        text = text.replace(f"-> {both} {{", f"-> {one} {{").replace("[-1, 2, -1,", "[-1, 1, -1,")
        cuts = "".join(
            f"    %{name} = tensor.slice %ys {{axis = 1, start = {k}, size = 1}} : ({both}) -> {one}\n"
            for k, name in enumerate(("there", "back"))
        )
        total = f"    %total = arith.add %there, %back : ({one}, {one}) -> {one}\n"
        return parse_module(
            text.replace(f"    return %ys : {both}", f"{cuts}{total}    return %total : {one}")
        )


BOTH_WAYS = Network(3, 3, 4, direction="bidirectional")


def machine(macs: int = 8, recipe: Recipe | None = None, **network: object) -> Bounded:
    """A small network that is read both ways, unless it says otherwise."""
    return Bounded(replace(BOTH_WAYS, **network), recipe or Recipe(), macs)  # type: ignore[arg-type]


MACHINES = {
    "two layers and a head": machine(layers=2),
    "sequences of both directions": machine(result="sequence", kind="gru"),
    "a head at every step of two layers": machine(
        8, Recipe(zeroed=0.5, bank=2), layers=2, kind="rnn", result="dense_sequence"
    ),
    "sums of both directions": Bounded(
        Summed(2, 3, direction="bidirectional", kind="rnn", result="sequence"), Recipe(), 8
    ),
    "the largest of every step": machine(
        direction="reverse", kind="rnn", result="dense_sequence", pick="last", outputs=5
    ),
}
MORE = {
    "gates that wait": machine(layers=2, kind="gru", result="final_h", states=True),
    "three layers and two heads": machine(layers=3, kind="rnn", result="dense_relu"),
    "sequences of a reverse layer": machine(
        result="sequence", direction="reverse", kind="gru_late"
    ),
    "sequences of the second layer": machine(40, layers=2, result="sequence", peepholes=True),
    "a head at every step": machine(result="dense_sequence", kind="gru"),
    "half of the weights": machine(
        8, Recipe(zeroed=0.5, bank=2), layers=2, result="dense_sequence"
    ),
}


def sequences(each: Machine) -> list[Packet]:
    """Of all lengths, with ordinary numbers and the ends of their format."""
    packets = [each.packet(steps, seed) for seed, steps in enumerate(LENGTHS)]
    return [*packets[:-1], each.extreme(LENGTHS[-1], len(packets))]


def with_malformed(each: Bounded, seed: int) -> list[Packet]:
    """Among them some that end inside a step, or that are too long."""
    random, packets = Random(seed), sequences(each)
    for extra in (1, 2, 3, 7):
        packets.insert(random.randrange(len(packets)), each.too_long(extra, extra))
        beats = each.network.features * extra - 1
        packets.insert(random.randrange(len(packets)), each.malformed(beats, extra))
    return packets


@pytest.mark.parametrize("each", MACHINES.values(), ids=list(MACHINES))
def test_every_bit_and_every_cycle(each: Bounded) -> None:
    is_right_and_on_time(each)


@pytest.mark.soak
@pytest.mark.parametrize("each", MORE.values(), ids=list(MORE))
def test_more_machines(each: Bounded) -> None:
    is_right_and_on_time(each)


def is_right_and_on_time(each: Bounded) -> None:
    """Every bit, the cycle of each packet's last beat; then malformed ones among them, and stalls."""
    result = each.check(sequences(each))
    counts = range(1, len(LENGTHS) + 1)
    assert result.packet_cycles == [each.predict(LENGTHS[:n]) for n in counts]
    assert result.cycles_total == each.predict(LENGTHS)
    for seed, (valid, ready) in enumerate(STALLS):
        each.check(with_malformed(each, seed), valid, ready, seed)


# -- how good it is -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layers", "result", "steps"),
    [(2, "dense", (704, 1536)), (3, "dense", (704, 1536, 1536)), (1, "dense_sequence", (704, 32))],
)
def test_multipliers_wait_between_phases_alone(
    layers: int, result: str, steps: tuple[int, ...]
) -> None:
    """Both directions of a layer run side by side, and what the next one reads was stored while they did."""
    network = Network(12, 32, 8, 4, direction="bidirectional", layers=layers, result=result)
    timing = timing_from(Machine(network, Recipe(), 16).level_4.attributes["timing"])
    products = [2 * (12 + 32) * 128, *[2 * (64 + 32) * 128] * (layers - 1)]
    products += [64 * 8] if result == "dense_sequence" else []
    assert steps == tuple(-(-count // 16) for count in products)
    assert timing.steps == steps
    assert max(timing.gaps) < 25


def test_directions_of_every_layer_hide_each_others_latency() -> None:
    network = Network(12, 32, 9, 4, direction="bidirectional", layers=2)
    timing = timing_from(Machine(network, Recipe(), 64).level_4.attributes["timing"])
    assert timing.steps == (2 * (12 + 32) * 128 // 64, 2 * (64 + 32) * 128 // 64)


# -- what stays impossible ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pipeline", "reason"),
    [
        ("tile{macs=8},block-layout,schedule{lanes=2}", "a network that needs whole sequences has"),
        ("tile{macs=16 arrays=each},block-layout,schedule", "a network that needs whole sequences"),
    ],
)
def test_whole_sequences_come_word_by_word_to_one_array(pipeline: str, reason: str) -> None:
    module = MACHINES["two layers and a head"].bounded()
    assert refusal(module, pipeline).startswith(f"schedule: {reason}")


@pytest.mark.parametrize(
    ("layers", "who"), [(1, "begins with the last step"), (2, "reads the whole")]
)
def test_the_longest_sequence_must_be_known(layers: int, who: str) -> None:
    module = Recipe().fixed_point(replace(BOTH_WAYS, layers=layers))
    message = refusal(module, "tile{macs=8},block-layout,schedule")
    assert who in message and message.endswith("needs to know the longest sequence")
