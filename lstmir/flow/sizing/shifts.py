"""Registers in a row, of which only the last is read: a shift register."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from lstmir.flow.sizing.netlist import Netlist, width
from lstmir.ir.operation import Operation, Value

_LEAST = 3


@dataclass(frozen=True)
class Step:
    """What a register takes; in the cycles in which these `choices` are taken, it keeps what it has."""

    source: Value
    choices: frozenset[tuple[Value, bool]]
    holds: frozenset[Operation]


def shift_registers(netlist: Netlist, allowed: Set[Value]) -> list[list[Value]]:
    """Chains of at least three registers that wait together, from the last to the first."""
    steps = {state: _step(netlist, state) for state in allowed}
    follows = {
        state: step.source for state, step in steps.items() if _follows(netlist, steps, state)
    }
    inner, found = set(follows.values()), []
    for last in follows:
        if last in inner:
            continue
        chain = [last]
        while chain[-1] in follows:
            chain.append(follows[chain[-1]])
        if len(chain) >= _LEAST:
            found.append(chain)
    return found


def _follows(netlist: Netlist, steps: dict[Value, Step], state: Value) -> bool:
    """Whether a register takes nothing but what another one has, and is alone in that."""
    step = steps[state]
    before = steps.get(step.source)
    return (
        before is not None
        and step.source != state
        and before.choices == step.choices
        and width(step.source) == width(state)
        and len(netlist.readers[step.source] - before.holds) == 1
    )


def _step(netlist: Netlist, state: Value) -> Step:
    source = netlist.source(netlist.nexts[state])
    choices, holds = set(), set()
    while source.op.name == "arith.select":
        condition, yes, no = map(netlist.source, source.op.operands)
        if state not in (yes, no):
            break
        choices.add((condition, state == yes))
        holds.add(source.op)
        source = no if state == yes else yes
    return Step(source, frozenset(choices), frozenset(holds))
