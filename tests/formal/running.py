"""Runs a machine that is given as terms: values for the variables, and the terms fold to numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import z3

from tests.formal.machine import RESET, Machine, Memory, multiplied

Integers = dict[str, int]


def run(machine: Machine, stimuli: Iterable[Mapping[str, int]]) -> list[Integers]:
    """The outputs of each cycle as natural numbers; registers start at zero, memories as they say.

    A stimulus has every input but the reset line, which may be left out.
    """
    registers = dict.fromkeys(machine.registers, 0)
    words = {name: list(memory.initial) for name, memory in machine.memories.items()}
    outputs = []
    for stimulus in stimuli:
        now = _Now(machine, {RESET: 0, **stimulus}, registers, words)
        outputs.append({name: now.value(term) for name, term in machine.outputs.items()})
        registers = {name: now.value(term) for name, term in machine.following.items()}
        words = {name: now.words(memory) for name, memory in machine.memories.items()}
    return outputs


class _Now:
    """One cycle."""

    def __init__(
        self, machine: Machine, inputs: Mapping[str, int], registers: Integers,
        words: Mapping[str, list[int]],
    ) -> None:  # fmt: skip
        known = {**inputs, **registers}
        variables = [*machine.inputs.items(), *machine.registers.items()]
        self.variables = [(v, z3.BitVecVal(known[name], v.size())) for name, v in variables]
        self.contents = [
            (memory.content, looked_up(memory, words[name]))
            for name, memory in machine.memories.items()
        ]

    def value(self, term: z3.BitVecRef) -> int:
        term = z3.substitute(multiplied(term), *self.variables)
        if self.contents:
            term = z3.substitute_funs(term, *self.contents)
        number: int = z3.simplify(term).as_long()
        return number

    def words(self, memory: Memory) -> list[int]:
        at = z3.BitVec("at", memory.address_bits)
        after = memory.after(at)
        return [
            self.value(z3.substitute(after, (at, z3.BitVecVal(index, at.size()))))
            for index in range(len(memory.initial))
        ]


def looked_up(memory: Memory, words: list[int]) -> z3.BitVecRef:
    """The word at the variable 0, as choices between all words."""
    at, width = z3.Var(0, memory.content.domain(0)), memory.content.range().size()
    found = z3.BitVecVal(0, width)
    for index, word in enumerate(words):
        found = z3.If(at == index, z3.BitVecVal(word, width), found)
    return found
