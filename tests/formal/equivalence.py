"""Proves two descriptions of one machine equal, a state and an output at a time.

Both are over the same variables: inputs, registers, words of memories. If every register, every
word of every memory and every output is the same in the next cycle, for every state and every
input, then machines that start alike stay alike for ever. No state is assumed to be reachable, but
for one thing: words behind the last of a memory are zero, which is proven to stay so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter

import z3

from tests.formal.machine import Machine, Memory, multiplied


@dataclass(frozen=True)
class Obligation:
    """Two terms that must be the same wherever the assumptions hold."""

    name: str
    defined: z3.BitVecRef
    printed: z3.BitVecRef
    assumptions: tuple[z3.BoolRef, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """Whether an obligation is proven; if not, a case in which it fails, unless time ran out."""

    name: str
    proven: bool
    seconds: float
    case: str = ""


def obligations(defined: Machine, printed: Machine) -> Iterator[Obligation]:
    """All that must be proven. Raises AssertionError if ports, states or their starts differ."""
    for kind in ("inputs", "registers", "memories", "outputs", "following"):
        ours, theirs = set(getattr(defined, kind)), set(getattr(printed, kind))
        assert ours == theirs, f"{kind}: {sorted(ours ^ theirs)}"
    padding = tuple(zero for memory in defined.memories.values() for zero in _padding(memory))
    for name, term in defined.following.items():
        yield Obligation(name, term, printed.following[name], padding)
    for name, term in defined.outputs.items():
        yield Obligation(name, term, printed.outputs[name], padding)
    for name, memory in defined.memories.items():
        other = printed.memories[name]
        assert memory.content == other.content, f"{name} has another shape"
        assert memory.initial == other.initial, f"{name} starts with other words"
        at = z3.BitVec(f"{name} at", memory.address_bits)
        padded = (*padding, *_padding_at(memory, at))
        yield Obligation(name, memory.after(at), other.after(at), padded)


def _padding(memory: Memory) -> Iterator[z3.BoolRef]:
    for index in range(memory.words, 1 << memory.address_bits):
        yield memory.content(z3.BitVecVal(index, memory.address_bits)) == 0


def _padding_at(memory: Memory, at: z3.BitVecRef) -> Iterator[z3.BoolRef]:
    if memory.words < 1 << memory.address_bits:
        yield z3.Implies(z3.UGE(at, memory.words), memory.content(at) == 0)


def prove(obligation: Obligation, seconds: float = 60) -> Verdict:
    """A proof, or a case in which the obligation fails; neither if time runs out.

    A case that depends on what a product is does not count: then products are multiplied out.
    """
    start = perf_counter()
    differs = z3.simplify(obligation.defined != obligation.printed)
    found, case = _check(differs, obligation.assumptions, seconds)
    if found == z3.sat and not z3.eq(multiplied(differs), differs):
        found, case = _check(multiplied(differs), obligation.assumptions, seconds)
    return Verdict(obligation.name, found == z3.unsat, perf_counter() - start, case)


def _check(
    claim: z3.BoolRef, assumptions: tuple[z3.BoolRef, ...], seconds: float
) -> tuple[z3.CheckSatResult, str]:
    """Whether a claim can be true, and where."""
    if z3.is_false(claim):
        return z3.unsat, ""
    solver = z3.SolverFor("QF_UFBV")
    solver.set("timeout", int(seconds * 1000))
    solver.add(claim, *assumptions)
    found = solver.check()
    return found, f"{found}: {solver.model()}" if found == z3.sat else ""
