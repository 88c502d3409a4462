"""Measures what each way of storing each gate's weights does to the outputs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from lstmir.ir.attached import attach
from lstmir.ir.module import Module
from lstmir.ir.naming import symbol
from lstmir.passes.allotting.gate_rows import all_gate_rows
from lstmir.passes.allotting.search import Search
from lstmir.passes.allotting.storages import USUAL, storages_of
from lstmir.passes.sensitivity import Sensitivity
from lstmir.pipeline.passes import Context, Promise, register


@register
@dataclass(frozen=True)
class MeasureSensitivity:
    """Records how far the outputs move when the rows of one gate of one matrix are stored otherwise.

    `storages` names the ways: codes, patterns, or `none`, parted by semicolons, as in
    `none; midrise 1; bank<4, 1> integer 4 by row`. In each of them, the weights are chosen, rounded
    and compensated as `allot` and `quantize` would do it, while all others stay. A sum of products
    gets the record `sensitivity` [gates, matrices, storages]: the divergence of the outputs from
    what they were, on calibration data, noisy ones and mixtures of two (Kullback and Leibler's,
    in nats a sample, of a vector with an element a class; else the mean squared difference).
    """

    name: ClassVar[str] = "measure-sensitivity"
    summary: ClassVar[str] = (
        "measure what each way of storing each gate's weights does to the outputs"
    )
    promise: ClassVar[Promise] = Promise.EXACT

    storages: str = field(default=USUAL, metadata={"help": "ways of storing weights"})

    def __post_init__(self) -> None:
        """Refuse what names no storages."""
        storages_of(self.storages)

    def run(self, module: Module, context: Context) -> None:
        """Raises `UserError` without calibration data, or without their Gram matrices."""
        gates = all_gate_rows(self, module)
        sensitivity = Sensitivity(self, module, context)
        search = Search(module, gates, storages_of(self.storages), sensitivity, context.progress)
        losses = iter(search.losses())
        tables: dict[object, list[np.ndarray]] = {}
        for gate in gates:
            tables.setdefault(gate.sum, []).append(np.array([next(losses) for _ in gate.blocks]))
        for gate in gates:
            total = gate.sum.total
            if gate.gate == 0:
                name = f"{symbol(total.result.name, 'sum')}_sensitivity"
                total.attributes["sensitivity"] = attach(module, name, np.array(tables[gate.sum]))
        module.attributes["storages"] = self.storages
