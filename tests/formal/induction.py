"""Proves that something is true of a machine in every cycle after a reset, by induction.

A claim is a condition on the state (and, if it likes, on the inputs and outputs) of one cycle. It
holds for ever if it holds after a reset from ANY state, and if a clock without reset keeps it. Most
claims need helpers to be kept: relations between registers that nobody wrote down. They are found by
elimination: of many simple candidates those are dropped that a reset or a clock can break, until the
rest keep each other. What is left is proven; it is the largest such set, whatever order was taken.

Registers that no claim mentions, and memories, may be anything, so what is proven holds of less
careful machines, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, permutations

import z3

from tests.formal.machine import RESET, Machine, extended, low, nodes

WIDEST_COUNTER = 12
"""Registers of more bits are data."""


class Clock:
    """Says claims of the next cycle in terms of this one, whose inputs are other ones."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.later = [(v, z3.BitVec(f"next {n}", v.size())) for n, v in machine.registers.items()]
        self.other = [(v, z3.BitVec(f"other {n}", v.size())) for n, v in machine.inputs.items()]
        self.taken = [
            (z3.BitVec(f"next {name}", term.size()), term)
            for name, term in machine.following.items()
        ]

    def after(self, claim: z3.ExprRef) -> z3.ExprRef:
        """The claim, or the term, as it is after the clock edge."""
        claim = z3.substitute(claim, *self.later, *self.other)
        memories = [
            (memory.content, memory.after(z3.Var(0, memory.content.domain(0))))
            for memory in self.machine.memories.values()
        ]
        # What was written looks at this cycle, so it may only go in where nothing is of this cycle.
        claim = z3.substitute_funs(claim, *memories) if memories else claim
        return z3.substitute(claim, *self.taken)

    def with_reset(self, claim: z3.ExprRef, reset: int) -> z3.ExprRef:
        """The claim after an edge with the reset line low or high."""
        line = self.machine.inputs[RESET]
        return z3.substitute(self.after(claim), (line, z3.BitVecVal(reset, 1)))


def holds_always(machine: Machine, claim: z3.BoolRef, helpers: Sequence[z3.BoolRef]) -> bool:
    """Whether a claim is true in every cycle after a reset; `helpers` are known to be."""
    clock = Clock(machine)
    at_first = impossible(z3.Not(clock.with_reset(claim, 1)))
    return at_first and impossible(claim, *helpers, z3.Not(clock.with_reset(claim, 0)))


def impossible(*claims: z3.BoolRef) -> bool:
    """Whether claims exclude each other."""
    solver = z3.SolverFor("QF_UFBV")
    solver.add(*claims)
    return bool(solver.check() == z3.unsat)


def invariants(
    machine: Machine, names: Sequence[str], assumed: Sequence[z3.BoolRef] = ()
) -> list[z3.BoolRef]:
    """All candidates about some registers that hold in every cycle after a reset, proven together.

    `assumed` are claims that somebody else must answer for.
    """
    first, after = (_edge(machine, names, reset) for reset in (1, 0))
    kept = [
        claim for claim in candidates(machine, names)
        if impossible(z3.Not(z3.substitute(claim, *first)))
    ]  # fmt: skip
    while (broken := _broken(kept, assumed, after)) is not None:
        kept = [claim for claim in kept if z3.is_true(z3.simplify(z3.substitute(claim, *broken)))]
    return kept


State = list[tuple[z3.BitVecRef, z3.BitVecRef]]
"""Registers, each with what it is."""


def _edge(machine: Machine, names: Sequence[str], reset: int) -> State:
    """What becomes of some registers at an edge."""
    line = machine.inputs[RESET], z3.BitVecVal(reset, 1)
    return [
        (machine.registers[name], z3.simplify(z3.substitute(machine.following[name], line)))
        for name in names
    ]


def _broken(kept: list[z3.BoolRef], assumed: Sequence[z3.BoolRef], after: State) -> State | None:
    """A state that follows one in which all claims hold, and in which they don't; None if none does."""
    solver = z3.SolverFor("QF_UFBV")
    solver.add(*kept, *assumed, z3.Or([z3.Not(z3.substitute(claim, *after)) for claim in kept]))
    if solver.check() != z3.sat:
        return None
    model = solver.model()
    return [(register, model.eval(term, model_completion=True)) for register, term in after]


def candidates(machine: Machine, names: Iterable[str]) -> Iterator[z3.BoolRef]:
    """Ranges, orders, sums and implications between flags and counters."""
    registers = [machine.registers[name] for name in names]
    flags = [register for register in registers if register.size() == 1]
    counters = [r for r in registers if 1 < r.size() <= WIDEST_COUNTER]
    terms = [machine.following[register.decl().name()] for register in registers]
    limits = {width: _constants(terms, width) for width in {c.size() for c in counters}}
    facts = list(_facts(counters, limits))
    yield from facts
    for a, b, c in permutations([*flags, *counters], 3):
        width = min(a.size(), b.size(), c.size())
        yield low(a, width) == low(b, width) + low(c, width)
    for a, b in combinations(flags, 2):
        yield from (z3.Or(a == x, b == y) for x in (0, 1) for y in (0, 1))
    for flag in flags:
        yield from (z3.Or(flag == value, fact) for value in (0, 1) for fact in facts)


def _facts(counters: Sequence[z3.BitVecRef], limits: dict[int, set[int]]) -> Iterator[z3.BoolRef]:
    for counter in counters:
        for limit in sorted(limits[counter.size()]):
            yield z3.ULE(counter, limit)
            yield counter == limit
            yield counter != limit
    for a, b in permutations(counters, 2):
        width = max(a.size(), b.size())
        yield z3.ULE(extended(a, width, signed=False), extended(b, width, signed=False))


def _constants(terms: Iterable[z3.ExprRef], width: int) -> set[int]:
    """The constants of a width in some terms: what counters are compared with, and are set to."""
    constants = (node for node in nodes(terms) if z3.is_bv_value(node))
    return {node.as_long() for node in constants if node.size() == width}


def cone(machine: Machine, terms: Iterable[z3.ExprRef], depth: int) -> list[str]:
    """Registers that some terms look at, and those that these depend on, `depth` clocks back."""
    names = {v.decl().name(): name for name, v in machine.registers.items()}
    found: dict[str, None] = {}
    edge = list(terms)
    for _ in range(depth + 1):
        new = [name for name in _variables(edge) if name in names and name not in found]
        found |= dict.fromkeys(sorted(new))
        edge = [machine.following[name] for name in new]
    return list(found)


def memories_in(machine: Machine, term: z3.ExprRef) -> list[str]:
    """Memories that a term reads."""
    called = {node.decl().name() for node in nodes([term]) if node.num_args() == 1}
    return [name for name, memory in machine.memories.items() if memory.content.name() in called]


def _variables(terms: Iterable[z3.ExprRef]) -> set[str]:
    variables = (node for node in nodes(terms) if not node.num_args())
    return {node.decl().name() for node in variables if not z3.is_bv_value(node)}
