"""What the options of prune ask for: the share of each gate of each matrix."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from lstmir.passes.gates import gates_of
from lstmir.passes.pruning.allotment import RATIOS, Item, ratios_for
from lstmir.passes.pruning.ratios import of_state
from lstmir.passes.pruning.shapes import Shape
from lstmir.passes.refining.columns import Columns
from lstmir.passes.refining.trials import Trials
from lstmir.pipeline.passes import Pass, cannot

Ratios = tuple[float, ...]
"""One for each gate, in the order of the rows."""


@dataclass(frozen=True)
class Plan:
    """What the options of prune say. `ratio_x` and `ratio_h` are None where `ratio` holds."""

    shape: Shape
    ratio: Ratios
    ratio_x: Ratios | None
    ratio_h: Ratios | None
    aligned: bool
    head: bool
    second_order: bool
    rounds: int
    allotted: bool


@dataclass(frozen=True)
class Shares:
    """Finds the ratios of the matrices; raises `UserError` of a pass where there are none."""

    pass_: Pass
    plan: Plan

    def _gates(self, columns: Columns, ratios: Ratios = ()) -> int:
        """The gates that share nothing; where they do not divide the rows, a row is as good."""
        if not self.plan.aligned:
            return 1
        rows = len(columns.arrays[0])
        gates = gates_of(columns.sum)
        if gates is not None:
            return gates
        if self.plan.shape.name in ("bank", "nm") and len(ratios) == 1:
            return 1
        why = f"slices do not take the {rows} rows of {_name(columns)} into equal gates"
        raise cannot(self.pass_, f"{why}: give aligned=false", columns.sum.total.location)

    def asked(self, every: Sequence[Columns]) -> list[list[Ratios]]:
        """For each sum and matrix the ratio of each gate, as the options say."""
        return [
            [self._ratios(each, number) for number in range(len(each.places))] for each in every
        ]

    def _ratios(self, columns: Columns, number: int) -> Ratios:
        plan, ratios, name = self.plan, self.plan.ratio, "ratio"
        if columns.sum.in_loop and of_state(columns.sum.vectors[number]):
            ratios, name = (plan.ratio, name) if plan.ratio_h is None else (plan.ratio_h, "ratio-h")
        elif columns.sum.in_loop and plan.ratio_x is not None:
            ratios, name = plan.ratio_x, "ratio-x"
        gates = self._gates(columns, ratios)
        if len(ratios) not in (1, gates):
            have = f"{gates} gates" if gates > 1 else "one gate"
            raise cannot(
                self.pass_,
                f"{name} has {len(ratios)} numbers, but {_name(columns)} has {have}: "
                "give one number, or one for each gate",
                columns.sum.total.location,
            )
        return ratios if len(ratios) == gates else ratios * gates

    def allotted(
        self,
        every: Sequence[Columns],
        grams: dict[Columns, np.ndarray],
        trials: Trials,
        progress: Callable[[str], None],
    ) -> list[list[Ratios]]:
        """The same, for one budget."""
        items = [
            self._item(each, number, gate, gates, grams.get(each))
            for each in every
            for gates in [self._gates(each, self.plan.ratio)]
            for number in range(len(each.places))
            for gate in range(gates)
        ]
        count = len(items)
        try:
            chosen = ratios_for(
                items,
                trials,
                self.plan.ratio[0],
                lambda number: progress(f"prune: gate {number + 1} of {count}"),
            )
        except ValueError as error:
            raise cannot(self.pass_, str(error)) from None
        found: dict[Columns, dict[int, Ratios]] = {each: {} for each in every}
        for item, ratio in zip(items, chosen, strict=True):
            own = found[item.columns]
            own[item.matrix] = (*own.get(item.matrix, ()), ratio)
        return [list(found[each].values()) for each in every]

    def _item(
        self, columns: Columns, matrix: int, gate: int, gates: int, gram: np.ndarray | None
    ) -> Item:
        rows, width = columns.arrays[matrix].shape
        size = rows // gates, width
        patterns = tuple(self.plan.shape.pattern(size, ratio) for ratio in RATIOS)
        return Item(columns, matrix, gate, gates, patterns, gram)


def _name(columns: Columns) -> str:
    return f"'%{columns.sum.total.result_names[0] or 'sum'}'"
