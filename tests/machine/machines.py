"""Random networks as machines, and the packets that they must answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random

import numpy as np
from hypothesis import strategies as st

from lstmir.interpreter.rtl import Clocked, StreamResult
from lstmir.interpreter.streams import InputBeat, OutputBeat, beat_width, encode
from lstmir.ir.interface import ports
from lstmir.ir.module import Module
from lstmir.numeric.arrays import quantize_real
from lstmir.numeric.fixed import FixedType
from lstmir.passes.machine.prediction import predict_cycles
from lstmir.passes.machine.timing import timing_from
from tests.passes.levels import Recipe, apply, bits, recipes
from tests.strategies.networks import RESULTS, WEIGHTS, Network, networks

LEVEL_5 = "tile{{macs={}}},block-layout,schedule,lower-to-rtl"
REFUSED: OutputBeat = (0, 1, 1)
"""The one beat that answers a malformed packet."""


@dataclass(frozen=True)
class Packet:
    """What goes in, and what must come out."""

    beats: list[InputBeat]
    answer: list[OutputBeat]


@dataclass(frozen=True)
class Machine:
    """A network at level 3, which says what is right, and at level 5.

    Where a `block` is said, such as 18x18, two products that fit it share one.
    """

    network: Network
    recipe: Recipe
    macs: int
    operations: int = 1
    block: str = ""

    @cached_property
    def level_3(self) -> Module:
        """What defines the bits."""
        return self.recipe.fixed_point(self.network)

    @cached_property
    def level_4(self) -> Module:
        """Tiled, packed and scheduled."""
        pipeline, _, _ = self.pipeline.partition(",lower-to-rtl")
        return apply(self.recipe.fixed_point(self.network), pipeline)

    @property
    def pipeline(self) -> str:
        """From level 3 to level 5."""
        schedule = f"schedule{{operations={self.operations}}}"
        sharing = f"{{products=auto block={self.block}}}" if self.block else ""
        return LEVEL_5.format(self.macs).replace("schedule", schedule) + sharing

    @cached_property
    def level_5(self) -> Module:
        """Registers and logic."""
        return apply(self.recipe.fixed_point(self.network), self.pipeline)

    @cached_property
    def clocked(self) -> Clocked:
        """The simulation of level 5; its memories keep what the run before left in them."""
        return Clocked(self.level_5)

    def format(self, kind: str) -> FixedType:
        """The format of an element of the `input` or the `output`."""
        (port,) = ports(self.level_5, kind)
        assert port.format is not None
        return port.format

    def packet(self, steps: int, seed: int, scale: float = 1.0) -> Packet:
        """A sequence, and its result."""
        reals = self.network.data(1, steps, scale, seed)
        return self._answered(quantize_real(reals, self.format("input")))

    def extreme(self, steps: int, seed: int) -> Packet:
        """A sequence of the numbers at which something is full or turns over, and its result."""
        element = self.format("input")
        ends = [
            element.min_int,
            element.max_int,
            max(element.min_int, -1),
            0,
            min(element.max_int, 1),
        ]
        kinds = [ends, ends[:1], ends[1:2], ends[:2]]
        shape = (1, steps, self.network.features)
        return self._answered(np.random.default_rng(seed).choice(kinds[seed % len(kinds)], shape))

    def _answered(self, data: np.ndarray) -> Packet:
        element = self.format("input")
        result = bits(self.level_3, data).ravel().tolist()
        wires = (1 << beat_width(self.format("output"))) - 1
        answer = [(word & wires, int(n == len(result)), 0) for n, word in enumerate(result, 1)]
        return Packet(encode(data, element), answer)

    def malformed(self, beats: int, seed: int) -> Packet:
        """A packet whose last beat is not the last of a step."""
        assert beats % self.network.features
        whole = self.packet(beats // self.network.features + 1, seed).beats[:beats]
        return Packet([*whole[:-1], (whole[-1][0], True)], [REFUSED])

    def run(
        self, packets: Sequence[Packet], valid: float = 1.0, ready: float = 1.0, seed: int = 0
    ) -> StreamResult:
        """All packets back to back; `valid` and `ready` are the chances that a stream may move."""
        beats = [beat for packet in packets for beat in packet.beats]
        expected = sum(len(packet.answer) for packet in packets)
        chances = pattern(valid, seed), pattern(ready, seed + 1)
        return self.clocked.run_streams(beats, expected, valid=chances[0], ready=chances[1])

    def check(
        self, packets: Sequence[Packet], valid: float = 1.0, ready: float = 1.0, seed: int = 0
    ) -> StreamResult:
        """Run packets and compare every beat."""
        result = self.run(packets, valid, ready, seed)
        assert result.beats_out == [beat for packet in packets for beat in packet.answer]
        assert result.beats_in == sum(len(packet.beats) for packet in packets)
        return result

    def predict(self, lengths: Sequence[int]) -> int:
        """The cycle in which the last beat should leave."""
        timing = timing_from(self.level_5.attributes["timing"])
        return predict_cycles(timing, self.network.features, lengths)


def random_machine(seed: int) -> Machine:
    """A machine small enough for a few of them to be compiled together."""
    random = Random(seed)
    network = Network(
        features=random.randint(1, 9), hidden=random.randint(1, 12), outputs=random.randint(1, 10),
        result=RESULTS[seed % len(RESULTS)], weights=random.choice(WEIGHTS), seed=seed,
        bias=random.random() < 0.7, states=random.random() < 0.5,
    )  # fmt: skip
    recipe = Recipe(
        zeroed=random.choice([0.0, 0.5, 0.75]), bank=random.randint(1, 8),
        weights=random.randint(3, 9), bias=random.randint(3, 16), state=random.randint(6, 16),
        activations=random.randint(3, 9), operands=random.randint(3, 9),
    )  # fmt: skip
    return Machine(network, recipe, random.choice([4, 5, 8, 12, 16, 24]))


def pattern(chance: float, seed: int) -> Callable[[int], bool] | None:
    """A stream that may move with a chance, in each cycle anew."""
    if chance >= 1:
        return None
    random = Random(seed)
    return lambda cycle: random.random() < chance


def machines() -> st.SearchStrategy[Machine]:
    """Networks with sequences of any length, in any array."""
    return st.builds(Machine, networks(time=st.none()), recipes(), st.integers(4, 64))


def lengths() -> st.SearchStrategy[list[int]]:
    """The steps of a few sequences."""
    return st.lists(st.integers(1, 5), min_size=2, max_size=5)
