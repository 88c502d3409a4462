"""Which storage each block of rows takes under a budget, by what it does to the outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from lstmir.ir.encodings import Storage
from lstmir.ir.module import Module
from lstmir.numeric.allotment import allot, frontier, total
from lstmir.passes.allotting.gate_rows import Array, Block, GateRows, changed_arrays
from lstmir.passes.sensitivity import Sensitivity

Choice = list[int]
"""The number of a storage for each block."""
Table = list[np.ndarray]
"""For each block, a number for each storage."""


@dataclass(frozen=True)
class Search:
    """Allots storages to the blocks of all gates. Budgets are in bits of all of them together."""

    module: Module
    gates: Sequence[GateRows]
    storages: Sequence[Storage]
    sensitivity: Sensitivity
    progress: Callable[[str], None]
    _stored: dict[tuple[GateRows, tuple[int | None, ...]], Array] = field(
        default_factory=dict, init=False
    )

    @property
    def blocks(self) -> list[Block]:
        """All of them, gate by gate."""
        return [block for gate in self.gates for block in gate.blocks]

    @cached_property
    def offered(self) -> list[list[Storage | None]]:
        """The storages as each block can have them; None where it cannot."""
        return [[block.within(storage) for storage in self.storages] for block in self.blocks]

    def taken(self, choice: Choice) -> list[Storage]:
        """The storage of each block."""
        found = [own[each] for own, each in zip(self.offered, choice, strict=True)]
        return [each for each in found if each is not None]

    def costs(self) -> Table:
        """Bits; endless for what a block cannot have."""
        return [
            np.array([np.inf if each is None else each.stored_bits(block.shape, 0) for each in own])
            for block, own in zip(self.blocks, self.offered, strict=True)
        ]

    def losses(self) -> Table:
        """The divergence with one block stored, and all others as they are.

        What a block cannot have counts as the worst of what it can.
        """
        found = []
        for number, _ in enumerate(self.blocks):
            self.progress(f"allot: block {number + 1} of {len(self.blocks)}")
            losses = np.array(
                [
                    -np.inf if storage is None else self.divergence(self._alone(number, index))
                    for index, storage in enumerate(self.offered[number])
                ]
            )
            found.append(np.where(np.isinf(losses), losses.max(), losses))
        return found

    def divergence(self, choice: Sequence[int | None]) -> float:
        """Of the network with all blocks stored as chosen; None leaves a block as it is."""
        changed, first = {}, 0
        for gate in self.gates:
            place = slice(first, first + len(gate.blocks))
            first = place.stop
            if any(each is not None for each in choice[place]):
                changed[gate] = self.stored(gate, place, tuple(choice[place]))
        return self.sensitivity.of(changed_arrays(self.module, changed))

    def stored(self, gate: GateRows, place: slice, choice: tuple[int | None, ...]) -> Array:
        """The weights of a gate in the storages that its blocks, those at `place`, take."""
        key = (gate, choice)
        if key not in self._stored:
            pairs = zip(self.offered[place], choice, strict=True)
            storages = [None if each is None else own[each] for own, each in pairs]
            self._stored[key] = gate.stored(storages)
        return self._stored[key]

    def best(self, alone: Table, budget: float, rounds: int) -> Choice:
        """A choice within the budget, by the losses of each block alone.

        Then, round by round, each block is judged again beside the others as they were chosen,
        since errors add up in some places and cancel in others: what counts is the divergence and,
        at the price that bits had in the first choice, the bits. Raises ValueError where the
        cheapest choice costs more than the budget.
        """
        costs = self.costs()
        choice = allot(costs, alone, budget)
        price = _price(costs, alone, budget)
        for _ in range(rounds):
            before = list(choice)
            for number in range(len(choice)):
                choice[number] = self._moved(choice, number, costs, price, budget)
            if choice == before:
                break
        return choice

    def within(self, alone: Table, divergence: float) -> tuple[Choice, float]:
        """The cheapest choice on the frontier that moves the outputs no further, and how far it does.

        Where none does, that of the least losses.
        """
        found = frontier(self.costs(), alone)
        low, high = 0, len(found) - 1
        while low < high:
            middle = (low + high) // 2
            if self.divergence(found[middle]) <= divergence:
                high = middle
            else:
                low = middle + 1
        return found[low], self.divergence(found[low])

    def _moved(self, choice: Choice, number: int, costs: Table, price: float, budget: float) -> int:
        """The best storage of one block beside the others, where all are within the budget."""
        self.progress(f"allot: block {number + 1} of {len(choice)}, beside the others")
        rest = total(costs, choice) - costs[number][choice[number]]
        found = {}
        for storage, cost in enumerate(costs[number]):
            if rest + cost <= budget:
                trial = [*choice]
                trial[number] = storage
                found[storage] = self.divergence(trial) + price * cost
        return min(found, key=found.__getitem__)

    def _alone(self, number: int, storage: int) -> list[int | None]:
        trial: list[int | None] = [None] * len(self.blocks)
        trial[number] = storage
        return trial


def _price(costs: Table, losses: Table, budget: float) -> float:
    """What a bit more than the budget would have saved: the slope of the frontier there."""
    found = frontier(costs, losses)
    within = [choice for choice in found if total(costs, choice) <= budget]
    if len(within) == len(found):
        return 0.0
    last, better = within[-1], found[len(within)]
    saved = total(losses, last) - total(losses, better)
    return saved / (total(costs, better) - total(costs, last))
