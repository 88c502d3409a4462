"""Where the largest of the scores that leave stands: one word, the index, leaves in their place."""

from __future__ import annotations

from dataclasses import dataclass

from lstmir.dialects.reductions import index_type
from lstmir.ir.operation import Value
from lstmir.numeric.fixed import FixedType
from lstmir.passes.machine.leaving import Leaving
from lstmir.passes.machine.logic import Logic, natural
from lstmir.passes.machine.program import Part, Pick

WHAT = "Compares scores as they are stored: when the last one has come, the index of the largest leaves."


@dataclass
class _Entry:
    """The largest score of some neighbouring lanes, the first of which is `first`, and its lane."""

    word: Value
    lane: Value
    first: int


class ArgmaxBuilder:
    """Between two registers stands one comparison of two scores.

    A tail's scores come in order, so the best so far is of lower indices than whatever is compared
    with it; so is the left one of two lanes. What comes later must be larger to be taken, or, where
    the last of several is asked for, no smaller.
    """

    def __init__(self, logic: Logic, part: Part, leaving: Leaving, unit: str) -> None:
        self.logic, self.leaving, self.unit = logic, leaving, unit
        self.tails = len(leaving.words)
        self.words, self.is_last = part.words, part.pick is Pick.LAST
        self.index = index_type(part.words)
        self.turns = -(-part.words // self.tails)

    def build(self) -> Leaving:
        """What leaves instead."""
        logic, leaving = self.logic, self.leaving
        logic.enter(self.unit, WHAT)
        self.follow(leaving.valid, leaving.ends, leaving.kept, leaving.last)
        entries = [
            _Entry(logic.delayed(word, "score"), logic.literal(lane, natural(self.tails)), lane)
            for lane, word in enumerate(leaving.words[: self.words])
        ]
        while len(entries) > 1:
            entries = self.level(entries)
        index = self.best(entries[0])
        done = logic.delayed(logic.all(self.valid, self.ends), "done", reset=True)
        kept, last = self.passed(self.kept, "kept_done"), self.passed(self.last, "last_done")
        none = logic.literal(0, natural(1))
        return Leaving(leaving.part, [index], done, none, logic.truth(True), kept, last)

    def follow(self, valid: Value, ends: Value, kept: Value, last: Value) -> None:
        """What goes along with the scores, a cycle later."""
        self.valid = self.logic.delayed(valid, "valid", reset=True)
        self.ends, self.kept = self.passed(ends, "ends"), self.passed(kept, "kept")
        self.last = self.passed(last, "last")

    def passed(self, value: Value, name: str) -> Value:
        """A cycle later; what never changes stays."""
        return value if value.op.name == "rtl.literal" else self.logic.delayed(value, name)

    def level(self, entries: list[_Entry]) -> list[_Entry]:
        """The larger one of each two, a cycle later."""
        found = [self.larger(entries[k : k + 2]) for k in range(0, len(entries), 2)]
        self.follow(self.valid, self.ends, self.kept, self.last)
        return found

    def larger(self, pair: list[_Entry]) -> _Entry:
        """Lanes behind the last score hold padding in the last turn: it is never larger."""
        logic, left = self.logic, pair[0]
        word, lane = left.word, left.lane
        if len(pair) > 1:
            right = pair[1]
            takes = self.beats(right.word, left.word)
            if right.first >= self.words - (self.turns - 1) * self.tails:
                takes = logic.all(takes, logic.no(self.ends))
            word = logic.select(takes, right.word, left.word)
            lane = logic.select(takes, right.lane, left.lane)
        return _Entry(logic.delayed(word, "larger"), self.passed(lane, "lane"), left.first)

    def beats(self, later: Value, earlier: Value) -> Value:
        """Whether a score is taken in the place of one of a lower index."""
        predicate = "le" if self.is_last else "lt"
        return self.logic.op("arith.compare", earlier, later, predicate=predicate)

    def best(self, entry: _Entry) -> Value:
        """The index of the best so far, in the cycle behind the turn of `entry`."""
        logic = self.logic
        if self.turns == 1:
            return self.passed(self.narrowed(entry.lane), "index")
        base = logic.reg(self.index, "base", 0)
        following = logic.wrapped(
            logic.op("arith.add", base, logic.literal(self.tails, natural(self.tails + 1))),
            self.index,
        )
        following = logic.select(self.ends, logic.literal(0, self.index), following)
        logic.drive(base, logic.select(self.valid, following, base))
        best = logic.reg(entry.word.type, "best")
        takes = logic.all(
            self.valid, logic.any(logic.equals(base, 0), self.beats(entry.word, best))
        )
        logic.drive(best, logic.select(takes, entry.word, best))
        place = base
        if self.tails > 1:
            place = logic.wrapped(logic.op("arith.add", base, entry.lane), self.index)
        return logic.held(place, takes, "index")

    def narrowed(self, lane: Value) -> Value:
        """A lane as an index."""
        if lane.op.name == "rtl.literal":
            return self.logic.literal(lane.op.attributes["integer"], self.index)
        assert isinstance(lane.type, FixedType)
        return self.logic.wrapped(lane, self.index) if lane.type != self.index else lane
