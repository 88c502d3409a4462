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
        for phase in range(len(timing.steps)):
            for step in range(length):
                clock.step(length, step, phase)
    return clock.left[-1]


class _Clock:
    """The sequencer's decisions, event by event."""

    def __init__(self, timing: Timing, beats: int) -> None:
        self.timing, self.beats = timing, beats
        self.free = 1  # the first cycle in which the sequencer may decide
        self.filled = 1  # the first cycle after the last accepted step
        self.releases = [1] * timing.buffers  # when those of the steps before can be filled again
        self.left: list[int] = []  # when each beat left
        self.gone: list[int] = []  # when what takes room together had left: a beat, or a sequence
        self.promised = 0  # how much of that steps were started for

    def step(self, length: int, step: int, phase: int) -> None:
        timing = self.timing
        is_first, is_last = step == 0, step == length - 1
        if phase == 0 and (is_first or not timing.takes_packets):
            steps = length if timing.takes_packets else 1
            self.filled = max(self.filled, self.releases[0]) + self.beats * steps
        start = max(self.free, self.filled, self.room(self.waits(phase, is_first))) + 1
        if self.promises(phase, is_first, is_last):
            self.promise()
        start += timing.gaps[phase] if is_first else 0
        if phase == (timing.reads or 0) and (is_last or not timing.takes_packets):
            self.releases = [*self.releases[1:], start + timing.release]
        self.free = start + timing.steps[phase] - 1
        if phase < len(timing.steps) - 1:
            return
        if is_last and timing.finish:
            waits = not self.waits_for_steps
            start = max(self.free, self.room(waits)) + 1 + timing.gap
            self.free = start + timing.finish - 1
            if waits:
                self.promise()
        if timing.is_whole and is_last:
            self.send(start, length)
        elif is_last or (timing.every_step and not timing.is_whole):
            self.send(start)

    # -- room -------------------------------------------------------------------------------

    @property
    def waits_for_steps(self) -> bool:
        """Whether it is steps that take room for results, not what runs behind the last one."""
        if self.timing.later:
            return self.timing.promises is not None
        return self.timing.finish == 0 or bool(self.timing.steps_promise)

    def waits(self, phase: int, is_first: bool) -> bool:
        """Whether a step needs room."""
        if phase != (self.timing.promises or 0) or not self.waits_for_steps:
            return False
        return is_first or not self.timing.is_whole

    def promises(self, phase: int, is_first: bool, is_last: bool) -> bool:
        """Whether a step takes it."""
        if not self.waits(phase, is_first):
            return False
        return is_last or self.timing.every_step

    @property
    def taken(self) -> int:
        """What a result takes of the room."""
        return 1 if self.timing.is_whole else len(self.timing.results)

    def room(self, is_needed: bool) -> int:
        """The first cycle in which there is room for a result."""
        over = self.promised + self.taken - self.timing.room
        return self.gone[over - 1] + 1 if is_needed and over > 0 else 0

    def promise(self) -> None:
        self.promised += self.taken

    def send(self, start: int, steps: int = 1) -> None:
        """Beats leave: of whole sequences, those of all steps one behind the other."""
        first, before = len(self.left), self.left[-1] if self.left else 0
        for beat in range(steps * len(self.timing.results)):
            known = self.timing.results[min(beat, len(self.timing.results) - 1)]
            before = max(before + 1, start + known)
            self.left.append(before)
        self.gone += self.left[-1:] if self.timing.is_whole else self.left[first:]
