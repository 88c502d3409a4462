"""When the result leaves, the room that it waits in, and with that all of a machine's timing."""

from __future__ import annotations

import numpy as np

from lstmir.passes.machine.program import Part
from lstmir.passes.machine.timetable import Timetable, power_of_two
from lstmir.passes.machine.timing import Timing, argmax_latency, output_rows, result_tails
from lstmir.pipeline.passes import cannot


def timing_of(table: Timetable) -> Timing:
    """All of it. Raises `UserError` if the result's parts would leave in a wrong order."""
    leaving = _Leaving(table)
    program, (release, reader, tail_reads) = table.program, table.last_read()
    later = tuple(zip(table.gaps[1:], table.steps[1:], strict=True))
    reads, promises = (program.nests[reader].phase, program.promising) if later else (None, None)
    return Timing(
        table.steps[0], table.gap, table.finish_length(), release, leaving.words(),
        program.result.every_step, leaving.room(), program.input_stages, program.adders,
        program.takes_packets, program.lanes, table.buffers, reader, tail_reads, leaving.latest(),
        program.leaves_early or None, later or None, reads, promises,
        program.sends_sequences or None, program.forwarding or None,
    )  # fmt: skip


class _Leaving:
    """When the words of the result are there."""

    def __init__(self, table: Timetable) -> None:
        self.table, self.program = table, table.program

    def words(self) -> tuple[int, ...]:
        """When each beat of the result can leave, after the start of its step or of the finish.

        Of a result that waits for all of its sequence, each beat of the first step, after the start
        of the last one.
        """
        if not self.program.sends_words:
            whole = max(int(stored.max()) for stored in self.stored_parts())
            return tuple(whole + 3 + beat for beat in range(self.program.beats_out))
        found: list[int] = []
        for stored in self.stored_parts():
            if found and int(stored[0]) + 2 <= found[-1]:
                why = (
                    "the parts of the result would leave in another order than the model gives them"
                )
                raise cannot(self.table.pass_, why, None, "cut the model before they are joined")
            found += (stored + 2).tolist()
        return tuple(found)

    def stored_parts(self) -> list[np.ndarray]:
        """When each word of each part of the result is stored: after the start of what gives the result."""
        return [self.stored_part(part) for part in self.program.result.parts]

    def stored_part(self, part: Part) -> np.ndarray:
        """The same for one of them. An index is there when all have been compared."""
        writer = self.table.writers[part.memory]
        stored = self.table.slots[writer].start + self.table.written(
            part.memory, np.arange(part.words)
        )
        if not self.table.is_finish(writer):
            stored = stored - self.before_result(writer)
        if part.pick is None:
            return np.asarray(stored)
        late = argmax_latency(part.words, self.program.nests[writer].tails)
        return np.asarray(stored.max(keepdims=True) + late)

    def before_result(self, writer: int) -> int:
        """Cycles from the last step of a nest's phase to what the result is counted from."""
        program, phase = self.program, self.program.nests[writer].phase
        if program.finish:
            return self.table.since(writer, program.phases) + self.table.gap
        last = program.phases - 1
        return self.table.since(writer, last) + self.table.gaps[last] if phase < last else 0

    def latest(self) -> int:
        """The part of the result that is whole last."""
        ends = [int(stored.max()) for stored in self.stored_parts()]
        return ends.index(max(ends))

    def room(self) -> int:
        """Beats of the output's memory; where several words are stored at once, of whole results.

        Of whole sequences, two: one is put together while the other leaves.
        """
        result = self.program.result
        if self.program.sends_sequences:
            return 2
        if not self.program.sends_words:
            waiting = -(-(self.words()[-1] + 1) // self.table.steps[-1]) if result.every_step else 1
            return power_of_two(1 + waiting) * self.program.beats_out
        tails = result_tails(self.program)
        under_way = 1 + -(-(self.words()[-1] + 1) // self.table.steps[-1])
        results = 1 + result.every_step
        if result.every_step and self.program.phases > 1:
            # Steps of a later phase may be shorter than a result takes.
            results = max(results, under_way)
        rows = output_rows(result, tails, results)
        if result.every_step and any(part.pick for part in result.parts):
            rows = max(rows, power_of_two(under_way))
        return rows if tails == 1 else rows // -(-result.count // tails) * result.count
