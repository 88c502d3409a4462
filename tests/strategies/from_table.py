"""Recipes that follow from the operation table, for whatever operations it has.

The table is first asked, over all kinds of operands, which ones an operation takes at all. Its
recipe then draws operands of these kinds from what is there, guesses attributes and written result
types near them, and adds a combination that the rules of the table accept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from random import Random

from lstmir.ir.definition import OpDefinition
from lstmir.ir.module import Module
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import Type
from tests.strategies.candidates import near
from tests.strategies.kinds import Kind, examples_at, kind_of
from tests.strategies.program import Program
from tests.strategies.search import Slot, first_legal, type_of

ANCHORS = 3
"""How often a recipe starts anew."""

AGAIN = 0.04
"""How likely an operation is applied to its own result: many cancel out then."""


def says_enough(definition: OpDefinition) -> bool:
    """Whether an operation follows from the table alone: regions, groups and resources do not."""
    needs_more = definition.has_region or definition.terminator or definition.takes_resource
    return not (needs_more or definition.groups)


def from_table(definition: OpDefinition, level: int) -> TableRecipe | None:
    """The recipe of an operation at a level; None where nothing that it takes occurs there."""
    if not says_enough(definition):
        return None
    p = Program(Random(0), Module("probe"), Region(), level)
    examples = examples_at(level)
    legal = [
        [kind_of(type_) for type_ in types]
        for types in product(examples, repeat=len(definition.operands))
        if any(
            first_legal(p, definition, [[type_] for type_ in types], guide, tries=1000)
            for guide in types[:1] or examples
        )
    ]
    takes = [sorted(set(kinds)) for kinds in zip(*legal, strict=True)]
    return TableRecipe(definition, takes) if legal else None


@dataclass(frozen=True)
class TableRecipe:
    """Adds an operation to a program; `takes` has the kinds that each operand may have."""

    definition: OpDefinition
    takes: Sequence[Sequence[Kind]]

    @cached_property
    def places(self) -> dict[Kind, list[int]]:
        """Which operands a value of some kind can be."""
        kinds = {kind for kinds in self.takes for kind in kinds}
        return {kind: [i for i, taken in enumerate(self.takes) if kind in taken] for kind in kinds}

    def __call__(self, p: Program) -> None:
        """Add the operation, now and then to its own result too; nothing if none is found."""
        op = self._around(p, self._anchor(p))
        for _ in range(ANCHORS - 1):
            if op is None:
                op = self._around(p, self._anchor(p))
        while op is not None and p.chance(AGAIN) and op.results:
            op = self._around(p, p.one_of(op.results))

    def _anchor(self, p: Program) -> Slot:
        """One of the operands, to which the others shall fit: seldom something new."""
        if not self.takes:
            return p.type()
        kinds = p.one_of(self.takes)
        there = p.find(kinds)
        if there is not None:
            return there
        type_ = p.type()
        _, axes = kind_of(type_)
        alike = [kind for kind in kinds if kind[1] == axes]
        return near(p, type_, p.one_of(alike or kinds))

    def _around(self, p: Program, anchor: Slot) -> Operation | None:
        """The operation on an anchor and values that are there, or else on it and new values."""
        type_ = type_of(anchor)
        places = self.places.get(kind_of(type_), [])
        if self.takes and not places:
            return None
        for fresh in (False, True):
            operands = self._operands(p, anchor, places, fresh)
            draft = first_legal(p, self.definition, operands, type_)
            if draft is not None:
                values = [s if isinstance(s, Value) else p.fresh(s) for s in draft.operands]
                return p.add(self.definition.name, values, draft.types, **draft.attributes)
        return None

    def _operands(
        self, p: Program, anchor: Slot, places: Sequence[int], fresh: bool
    ) -> list[Sequence[Slot]]:
        """The candidates for each operand."""
        columns: list[Sequence[Slot]] = []
        type_ = type_of(anchor)
        place = p.one_of(places) if places else None
        for index, name in enumerate(self.definition.operands):
            kinds: Sequence[Kind] = self.takes[index]
            if index == place:
                columns.append([anchor])
                if not name.endswith("*"):
                    continue
                # What is repeated is of one kind: that suits all, and some insist on it.
                kinds = [kind_of(type_)]
            columns += [_candidates(p, kinds, type_, fresh) for _ in range(_count(p, name))]
        return columns


def _count(p: Program, name: str) -> int:
    """How many operands stand for a name of the table."""
    if name.endswith(("*", "?")):
        return p.random.randint(0, 2 if name.endswith("*") else 1)
    return 1


def _candidates(p: Program, kinds: Sequence[Kind], type_: Type, fresh: bool) -> Sequence[Slot]:
    there = [] if fresh or p.chance(0.08) else p.of_kinds(kinds)
    return there or [near(p, type_, p.one_of(kinds)) for _ in range(1 + fresh)]
