"""One word chosen of many: a tree of choices, of which each level looks at one bit of a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lstmir.flow.sizing.netlist import Netlist
from lstmir.ir.operation import Value

LEAST = 5
"""Words from which on a choice is more than one table with six inputs."""


@dataclass(frozen=True)
class Choice:
    """The words that are chosen from, and what each level looks at, from the words on."""

    words: tuple[Value, ...]
    conditions: tuple[Value, ...] = ()


class Choices:
    """The trees of a design, by the value that each of them gives."""

    def __init__(self, netlist: Netlist) -> None:
        self.netlist = netlist
        self._found: dict[Value, Choice] = {}

    def of(self, value: Value) -> Choice:
        """The tree whose result a value is; one of a single word, for what is not chosen."""
        if value not in self._found:
            self._found[value] = self._tree(value)
        return self._found[value]

    def _tree(self, value: Value) -> Choice:
        if value.op.name != "arith.select":
            return Choice((value,))
        condition, *words = map(self.netlist.source, value.op.operands)
        low, high = sorted(map(self._branch, words), key=lambda each: len(each.conditions))
        if high.conditions[: len(low.conditions)] != low.conditions:
            low, high = Choice((words[0],)), Choice((words[1],))
        return Choice((*low.words, *high.words), (*high.conditions, condition))

    def _branch(self, value: Value) -> Choice:
        """What nobody else looks at may be a part of a tree."""
        return self.of(value) if len(self.netlist.readers[value]) == 1 else Choice((value,))


def choice_luts(words: int, measured: Sequence[float]) -> float:
    """LUTs for a bit of one word of so many: what was measured, or in proportion beyond that."""
    if words < len(measured):
        return measured[words]
    return float(np.ceil(measured[-1] * words / (len(measured) - 1)))
