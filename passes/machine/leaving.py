"""What tails store of the result."""

from __future__ import annotations

from dataclasses import dataclass

from lstmir.ir.operation import Value
from lstmir.passes.machine.logic import Logic


@dataclass
class Leaving:
    """Words of one part of the result, one from each tail, as they are stored.

    `turn` counts how often words were stored. `ends` says that they are the part's last, of a result that
    is `kept`: where only the last step's leaves, others are overwritten. `last` says that no step
    follows.
    """

    part: int
    words: list[Value]
    valid: Value
    turn: Value
    ends: Value
    kept: Value
    last: Value


@dataclass
class Stored:
    """Words of the result, one from each tail, where `valid`.

    `ends` says that the result's last are among them, `last` that the packet's are.
    """

    words: list[Value]
    valid: Value
    ends: Value
    last: Value


def joined(logic: Logic, leaving: list[Leaving]) -> Stored:
    """The words of several tails as of one: they come in different cycles, those of the last at last."""
    parts = [_stored(logic, part) for part in leaving]
    *others, last = parts
    words, valid = last.words, last.valid
    for part in others:
        logic.enter("sender")
        words = [logic.select(part.valid, part.words[0], words[0])]
        valid = logic.any(part.valid, valid)
    if not others:
        return last
    ends = logic.all(last.valid, last.last)
    return Stored(words, valid, ends, ends)


def _stored(logic: Logic, part: Leaving) -> Stored:
    valid = logic.all(part.valid, part.kept)
    return Stored(part.words, valid, part.ends, logic.all(part.ends, part.last))
