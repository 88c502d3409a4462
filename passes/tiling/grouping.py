"""Which recurrences can run in the same steps, and what must leave them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lstmir.ir.module import Function
from lstmir.ir.operands import segment
from lstmir.ir.operation import Operation, Value
from lstmir.ir.steps import Words, whole, words_after
from lstmir.ir.types import shape_of
from lstmir.passes.tiling.sequences import emits_of, is_elementwise, keeps_time, sequences_of


@dataclass(eq=False)
class Group:
    """Recurrences that become one; `direction` is open while none of them has a state.

    Groups of one `phase` can run side by side: they read whole sequences of earlier phases alone.
    `emits` are the values of every step that are needed outside, `finals` those of the last step
    alone that no recurrence has as a state.
    """

    direction: str | None = None
    phase: int = 0
    scans: list[Operation] = field(default_factory=list)
    sources: set[Value] = field(default_factory=set)
    emits: dict[Value, None] = field(default_factory=dict)
    finals: dict[Value, None] = field(default_factory=dict)


class Grouping:
    """Which recurrence, and which work on a sequence, belongs to which group."""

    def __init__(self, function: Function) -> None:
        self.sequences = sequences_of(function.region)
        self.words: dict[Value, list[Words]] = {}
        for op in (function.region.entry, *function.region.operations()):
            for value in op.results:
                if value in self.sequences:
                    self.words[value] = words_after(op, self.words) or whole(value)
        self.groups: list[Group] = []
        self.of: dict[Operation, int] = {}
        self._behind: dict[Operation, int] = {}
        for op in function.region.operations():
            if op.name == "rnn.scan":
                self.place(op)
        self._seen: set[Value] = set()
        for value in function.results:
            self.need(value)

    # -- groups -----------------------------------------------------------------------------

    def place(self, scan: Operation) -> None:
        """Let a recurrence join the first group that has all it needs, or found one."""
        inputs = segment(scan, "")
        others = scan.operands[len(inputs) :]
        earliest = max([self.group_of(v) for v in inputs] + [self.group_of(v) + 1 for v in others])
        sources = {leaf for value in inputs for leaf in self.sources(value)}
        direction = scan.attributes.get("direction", "forward") if segment(scan, "state") else None
        index = next(
            (
                k
                for k in range(max(earliest, 0), len(self.groups))
                if self.fits(k, direction, sources, scan) and self.is_behind(k, sources)
            ),
            len(self.groups),
        )
        if index == len(self.groups):
            self.groups.append(Group(phase=self.phase_behind(sources)))
        group = self.groups[index]
        group.direction = group.direction or direction
        group.scans.append(scan)
        group.sources |= sources | set(scan.results[: emits_of(scan)])
        self.of[scan] = index

    def fits(
        self, index: int, direction: str | None, sources: set[Value], scan: Operation
    ) -> bool:  # fmt: skip
        """Whether a recurrence can run in the steps of a group."""
        group = self.groups[index]
        if None not in (group.direction, direction) and group.direction != direction:
            return False
        if segment(scan, "length") or any(segment(other, "length") for other in group.scans):
            return False
        return bool(group.sources & sources)

    def phase_behind(self, sources: set[Value]) -> int:
        """The first phase behind those that sequences come from."""
        read = [self.groups[self.of[s.op]].phase for s in sources if s.op.name == "rnn.scan"]
        return max(read, default=-1) + 1

    def is_behind(self, index: int, sources: set[Value]) -> bool:
        """Whether sequences are the group's own, or come from phases before its own."""
        foreign = {s for s in sources if s.op.name == "rnn.scan" and self.of[s.op] != index}
        return self.phase_behind(foreign) <= self.groups[index].phase

    def group_of(self, value: Value) -> int:
        """The last group that a value needs, -1 for none."""
        op = value.op
        if op.name == "rnn.scan":
            return self.of[op]
        if op.name == "region.entry":
            return -1
        if op not in self._behind:
            self._behind[op] = max((self.group_of(v) for v in op.operands), default=-1)
        return self._behind[op]

    def sources(self, value: Value) -> Iterator[Value]:
        """The sequences that a sequence is made of step by step: those that are given or emitted."""
        if value not in self.sequences:
            return
        if value.op.name in ("region.entry", "rnn.scan") or not keeps_time(value.op):
            yield value
            return
        for operand in value.op.operands:
            yield from self.sources(operand)

    # -- what leaves groups -----------------------------------------------------------------

    def need(self, value: Value) -> None:
        """Note what a value of the function takes from the groups."""
        if value in self._seen:
            return
        self._seen.add(value)
        op = value.op
        if op.name == "rnn.scan":
            if value in self.sequences:
                self.groups[self.of[op]].emits[value] = None
            self.need_scan(op)
        elif self.is_final(value):
            self.need_final(op.operands[0])
        elif value in self.sequences and is_elementwise(op):
            self.need_computed(value)
        elif op.name != "region.entry":
            for operand in op.operands:
                self.need(operand)

    def need_scan(self, scan: Operation) -> None:
        """Note what a recurrence takes from other groups."""
        inputs = segment(scan, "")
        for value in inputs:
            for leaf in self.sources(value):
                if leaf.op.name == "rnn.scan" and self.of[leaf.op] == self.of[scan]:
                    self.need_scan_once(leaf.op)
                else:
                    self.need(leaf)
        for value in scan.operands[len(inputs) :]:
            self.need(value)

    def need_scan_once(self, scan: Operation) -> None:
        """The same for a recurrence of which nothing leaves the group."""
        marker = Value(scan, -1)
        if marker not in self._seen:
            self._seen.add(marker)
            self.need_scan(scan)

    def need_computed(self, value: Value) -> None:
        """A sequence that is computed from others leaves the group of the last of them.

        What is computed from several that run side by side is done behind them.
        """
        index = self.group_of(value)
        leaves = list(self.sources(value))
        if index < 0 or not self.is_behind(index, set(leaves)):
            phase = self.phase_behind(set(leaves))
            self.groups.append(Group("forward", phase, sources=set(leaves)))
            index = len(self.groups) - 1
            self._behind[value.op] = index
        self.groups[index].emits[value] = None
        for leaf in leaves:
            if leaf.op.name == "rnn.scan" and self.of[leaf.op] == index:
                self.need_scan_once(leaf.op)
            else:
                self.need(leaf)

    def is_final(self, value: Value) -> bool:
        """Whether a value is the step of a sequence that its recurrences come to last."""
        op = value.op
        if (
            op.name != "tensor.slice"
            or op.attributes["axis"]
            or op.operands[0] not in self.sequences
        ):
            return False
        time, start = shape_of(op.operands[0].type)[0], op.attributes["start"]
        if op.attributes["size"] != 1:
            return False
        ends = set()
        if start == -1 or (time is not None and start == time - 1):
            ends.add("forward")
        if start == 0:
            ends.add("reverse")
        return self._ends(op.operands[0], ends)

    def _ends(self, value: Value, directions: set[str]) -> bool:
        """Whether the words of a sequence come last where their recurrences run in some direction."""
        if value not in self.sequences:
            return True
        for source in {words.source for words in self.words[value]}:
            op = source.op
            if op.name == "rnn.scan":
                if (self.groups[self.of[op]].direction or "forward") not in directions:
                    return False
            elif not (is_elementwise(op) and all(self._ends(v, directions) for v in op.operands)):
                return False
        return True

    def need_final(self, value: Value) -> None:
        """Note which last steps a last step is made of."""
        if value not in self.sequences:
            self.need(value)
            return
        for source, _, _ in self.words[value]:
            if source.op.name != "rnn.scan":
                for operand in source.op.operands:
                    self.need_final(operand)
                continue
            if state_of(source) is None:
                self.groups[self.of[source.op]].finals[source] = None
            self.need_scan_once(source.op)


def state_of(value: Value) -> int | None:
    """The state that holds what a recurrence emits."""
    end = value.op.regions[0].end
    emitted = segment(end, "emit")[value.index]
    states = segment(end, "state")
    return states.index(emitted) if emitted in states else None
