"""What travels when all sequences take their steps side by side: their states, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from lstmir.flow.check import Golden
from lstmir.interpreter.run import run_samples
from lstmir.ir.module import Module
from lstmir.ir.operands import segment
from lstmir.ir.operation import Value
from lstmir.passes.stream_states import StreamStates, leaving, read_by, yielded


@dataclass
class _Heard:
    """A listener that keeps what some values were, each time they were computed."""

    wanted: frozenset[Value]
    arrays: dict[Value, list[np.ndarray]] = field(default_factory=dict)

    def see(self, value: Value, array: np.ndarray) -> None:
        """Arrays are new each time: nobody writes into them later."""
        if value in self.wanted:
            self.arrays.setdefault(value, []).append(array)

    def packets(self, value: Value, sequences: int) -> np.ndarray:
        """[times, sequences, words]; what was the same for all sequences stands for each."""
        each = [array.reshape(len(array), -1) for array in self.arrays[value]]
        return np.stack([np.broadcast_to(one, (sequences, one.shape[1])) for one in each])


def run_recorded(module: Module, samples: Sequence[np.ndarray]) -> tuple[list[np.ndarray], Golden]:
    """The results of a recurrence on stacks [N, …], and the packets that `stream-states` makes of it.

    Packet t has the step of each sequence that the recurrence takes as its t-th, with the states before
    it; the answer has the states behind it. Raises `UserError` where that pass would.
    """
    scan = StreamStates().recurrence(module, module.main)
    inner = scan.regions[0]
    read = segment(scan, "")
    coming = [inner.arguments[read.index(value)] for value in read_by(scan)]
    coming += inner.arguments[len(read) :][: len(segment(scan, "state"))]
    going = [yielded(scan, index) for index in leaving(scan)]
    heard = _Heard(frozenset([*coming, *going]))
    results = run_samples(module, samples, heard)
    inputs, outputs = (
        tuple(heard.packets(value, len(samples[0])) for value in side) for side in (coming, going)
    )
    return results, Golden(inputs, outputs)
