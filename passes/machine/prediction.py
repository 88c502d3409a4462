"""The cycles of whole sequences: the sequencer's decisions, event by event."""

from __future__ import annotations

from collections.abc import Iterable

from lstmir.passes.machine.timing import Timing


def predict_cycles(timing: Timing, features: int, lengths: Iterable[int]) -> int:
    """The cycle in which the last output beat leaves, without stalls on either stream.

    `features` are the words of a step; `lengths` the steps of each sequence, sent back to back.
    """
    clock = _Clock(timing, -(-features // timing.lanes))
    for length in lengths:
        for step in range(length):
            clock.step(length, step)
    return clock.left[-1]


class _Clock:
    """The sequencer's decisions, event by event."""

    def __init__(self, timing: Timing, beats: int) -> None:
        self.timing, self.beats = timing, beats
        self.free = 1  # the first cycle in which the sequencer may decide
        self.filled = 1  # the first cycle after the last accepted step
        self.releases = [1] * timing.buffers  # when those of the steps before can be filled again
        self.left: list[int] = []  # when each beat left
        self.promised = 0  # beats that steps were started for

    def step(self, length: int, step: int) -> None:
        timing = self.timing
        is_last = step == length - 1
        if not timing.takes_packets or step == 0:
            steps = length if timing.takes_packets else 1
            self.filled = max(self.filled, self.releases[0]) + self.beats * steps
        steps_wait = timing.finish == 0 or bool(timing.steps_promise)
        start = max(self.free, self.filled, self.room(steps_wait)) + 1
        if not timing.takes_packets or is_last:
            self.releases = [*self.releases[1:], start + timing.release]
        self.free = start + timing.step - 1
        if timing.every_step or (is_last and not timing.finish):
            self.send(start)
        elif is_last:
            start = max(self.free, self.room(not steps_wait)) + 1 + timing.gap
            self.free = start + timing.finish - 1
            self.send(start)

    def room(self, is_needed: bool) -> int:
        """The first cycle in which there is room for a result."""
        over = self.promised + len(self.timing.results) - self.timing.room
        return self.left[over - 1] + 1 if is_needed and over > 0 else 0

    def send(self, start: int) -> None:
        self.promised += len(self.timing.results)
        for ready in self.timing.results:
            before = self.left[-1] if self.left else 0
            self.left.append(max(before + 1, start + ready))
