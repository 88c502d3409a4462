"""Packets of several inputs and outputs, packed here as the definition of the streams says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from random import Random

import numpy as np

from lstmir.interpreter.rtl import Clocked
from lstmir.interpreter.run import run_samples
from lstmir.ir.module import Module
from lstmir.ir.types import Type, element_of, shape_of
from lstmir.numeric.fixed import FixedType
from lstmir.passes.machine.prediction import predict_cycles
from lstmir.passes.machine.timing import timing_from
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module
from tests.machine.machines import pattern
from tests.passes.levels import apply

Beats = list[tuple[int, bool]]
STALLS = ((0.5, 0.5), (1.0, 0.07), (0.07, 1.0), (0.3, 0.9))


@dataclass(frozen=True)
class Streamed:
    """A level-3 function of sequences, several in and several out, and its machine."""

    text: str
    pipeline: str

    @cached_property
    def level_3(self) -> Module:
        return parse_module(self.text)

    @cached_property
    def level_5(self) -> Module:
        return apply(parse_module(self.text), f"{self.pipeline},lower-to-rtl")

    @cached_property
    def clocked(self) -> Clocked:
        return Clocked(self.level_5)

    @cached_property
    def inputs(self) -> list[tuple[FixedType, int]]:
        """The format of each input, and its words a step."""
        return [_described(value.type) for value in self.level_3.main.parameters]

    def packet(self, steps: int, seed: int) -> tuple[Beats, Beats]:
        """Random steps, and what must come of them."""
        random = np.random.default_rng(seed)
        arrays = [
            random.integers(type_.min_int, type_.max_int, (steps, words), endpoint=True)
            for type_, words in self.inputs
        ]
        shapes = [_step(value.type) for value in self.level_3.main.parameters]
        given = [a.reshape(1, steps, *s) for a, s in zip(arrays, shapes, strict=True)]
        results = [np.asarray(r)[0].reshape(steps, -1) for r in run_samples(self.level_3, given)]
        outputs = [_described(type_)[0] for type_ in self.level_3.main.result_types]
        return self.beats(arrays, [t for t, _ in self.inputs]), self.beats(results, outputs)

    def beats(self, arrays: Sequence[np.ndarray], types: Sequence[FixedType]) -> Beats:
        """Step by step, the words of all arrays; so many in a beat as there are lanes."""
        widest = max(type_.width for type_ in types)
        width = next(w for w in (8, 16, 32, 64) if w >= widest)
        lanes = timing_from(self.level_5.attributes["timing"]).lanes
        found: Beats = []
        for step in range(len(arrays[0])):
            words = [int(word) % (1 << width) for array in arrays for word in array[step]]
            words += [0] * (-len(words) % lanes)
            beats = [words[k : k + lanes] for k in range(0, len(words), lanes)]
            found += [(sum(w << width * k for k, w in enumerate(b)), False) for b in beats]
        return [*found[:-1], (found[-1][0], True)]

    def predict(self, lengths: Sequence[int]) -> int:
        timing = timing_from(self.level_5.attributes["timing"])
        return predict_cycles(timing, sum(words for _, words in self.inputs), lengths)

    def check(
        self, lengths: Sequence[int], seed: int, valid: float = 1.0, ready: float = 1.0
    ) -> int:
        """Packets back to back: every beat; gives the cycles."""
        packets = [self.packet(steps, seed + k) for k, steps in enumerate(lengths)]
        offered = [beat for packet, _ in packets for beat in packet]
        wanted = [(data, int(last), 0) for _, answer in packets for data, last in answer]
        result = self.clocked.run_streams(
            offered, len(wanted), valid=pattern(valid, seed), ready=pattern(ready, seed + 1)
        )
        assert result.beats_out == wanted
        return result.cycles_total

    def disturb(self, seed: int) -> None:
        """Anything may come and go for a while; a reset ends it."""
        random = Random(seed)
        packet, _ = self.packet(5, seed)
        cycles = random.randint(1, 300)
        for cycle in range(1, cycles + 1):
            inputs = {
                "s_axis_tdata": random.choice(packet)[0],
                "s_axis_tvalid": random.random() < 0.9,
                "s_axis_tlast": random.random() < 0.05,
                "m_axis_tready": random.random() < 0.6,
            }
            self.clocked.step(inputs, reset=cycle == cycles)


def streamed(make: Callable[[], Module], pipeline: str) -> Streamed:
    """A recurrence whose states travel with its steps."""
    return Streamed(print_module(apply(make(), "stream-states")), pipeline)


def _described(type_: Type) -> tuple[FixedType, int]:
    element = element_of(type_)
    assert isinstance(element, FixedType)
    return element, prod(_step(type_))


def _step(type_: Type) -> tuple[int, ...]:
    return tuple(size or 0 for size in shape_of(type_)[1:])
