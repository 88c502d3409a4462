"""Chooses how each gate's weights are stored, under one budget for all."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import inf
from typing import ClassVar

import numpy as np

from lstmir.ir.captures import retype
from lstmir.ir.encodings import Encoding, Storage
from lstmir.ir.module import Module
from lstmir.ir.operation import Value
from lstmir.ir.types import TensorType
from lstmir.numeric.allotment import total
from lstmir.passes.allotting.gate_rows import GateRows, all_gate_rows, changed_arrays
from lstmir.passes.allotting.refit import refitted
from lstmir.passes.allotting.search import Choice, Search, Table
from lstmir.passes.allotting.storages import storages_of
from lstmir.passes.formats.coded import encoding_of, is_coded
from lstmir.passes.records import drop_records, drop_sensitivities
from lstmir.passes.refining.columns import part_resources
from lstmir.passes.refining.samples import calibration_samples, with_more
from lstmir.passes.sensitivity import Sensitivity
from lstmir.pipeline.passes import Context, Promise, cannot, register


@register
@dataclass(frozen=True)
class Allot:
    """Gives the rows of each gate of each matrix a storage, so that the outputs move least.

    The storages and what each does alone are those that `measure-sensitivity` recorded. The budget
    is one for all matrices: `bits` a weight, or `total-bits`, or, with `max-divergence`, as few bits
    as move the outputs no further. One multiplier decides (`lstmir/numeric/allotment.py`); then, in
    `rounds`, each block is judged again beside the others. Biases have a format of their own. A
    matrix that `prune` gave a pattern keeps it, or goes as a whole.

    Matrices get encodings: patterns hold from here on, and the weights that may live are fitted
    anew, in `fits` runs also from the states to which the network comes without the others; codes
    and exponents are what `quantize` rounds to, in formats that `assign-bitwidths`
    finds. The module records in `allotted` what was reached. What `calibrate` recorded of values
    that change is forgotten.
    """

    name: ClassVar[str] = "allot"
    summary: ClassVar[str] = "choose how each gate's weights are stored, under one budget of bits"
    promise: ClassVar[Promise] = Promise.MEASURED

    bits: float = field(default=2.0, metadata={"help": "bits a weight; biases are not counted"})
    total_bits: int = field(default=0, metadata={"help": "bits of all weights, instead of bits"})
    max_divergence: float = field(
        default=0.0, metadata={"help": "how far the outputs may move, instead of bits"}
    )
    rounds: int = field(default=1, metadata={"help": "rounds in which blocks are judged together"})
    fits: int = field(
        default=4, metadata={"help": "runs of the network without what goes, to fit it by"}
    )

    def __post_init__(self) -> None:
        """Refuse budgets that are none."""
        if not 0 < self.bits < inf:
            raise ValueError(f"bits must be positive, not {self.bits:g}")
        if self.total_bits < 0:
            raise ValueError(f"total-bits must be positive, not {self.total_bits}")
        if not 0 <= self.max_divergence < inf:
            raise ValueError(f"max-divergence must be positive, not {self.max_divergence:g}")
        if self.total_bits and self.max_divergence:
            raise ValueError("total-bits and max-divergence cannot both be the budget")
        for name in ("rounds", "fits"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative, not {getattr(self, name)}")

    def run(self, module: Module, context: Context) -> None:
        """Raises `UserError` without sensitivities, and for a budget that cannot be met."""
        part_resources(module)
        gates = all_gate_rows(self, module)
        self.check_codes(gates)
        losses = self.recorded(module, gates)
        storages = storages_of(module.attributes["storages"])
        sensitivity = Sensitivity(self, module, context)
        search = Search(module, gates, storages, sensitivity, context.progress)
        choice = self.choice(search, losses)
        search = self.refitted(search, choice, context)
        divergence = search.divergence(choice)
        _store(module, search, choice)
        weights = sum(int(np.prod(block.shape)) for block in search.blocks)
        bits = total(search.costs(), choice)
        module.attributes["allotted"] = {"bits": bits / weights, "divergence": divergence}

    def refitted(self, search: Search, choice: Choice, context: Context) -> Search:
        """With weights that make up for what goes, unless the budget is a bound that this breaks."""
        samples = calibration_samples(search.module, context) if self.fits else None
        if samples is None:
            return search
        found = refitted(search, choice, with_more(samples, context.seed), self.fits)
        if self.max_divergence and found.divergence(choice) > self.max_divergence:
            return search
        return found

    def choice(self, search: Search, losses: Table) -> Choice:
        """The storages of all blocks. Raises `UserError` where the budget cannot be met."""
        if self.max_divergence:
            choice, reached = search.within(losses, self.max_divergence)
            if reached > self.max_divergence:
                why = (
                    f"the outputs move by {reached:.3g} even with the most bits, "
                    f"max-divergence is {self.max_divergence:g}"
                )
                raise cannot(self, why)
            return choice
        weights = sum(int(np.prod(block.shape)) for block in search.blocks)
        budget = self.total_bits or self.bits * weights
        least = sum(float(cost.min()) for cost in search.costs())
        if least > budget:
            why = (
                f"the weights need at least {least / weights:.3g} bits each ({least:g} in all), "
                f"the budget is {budget / weights:.3g} ({budget:g} in all)"
            )
            raise cannot(self, why)
        return search.best(losses, budget, self.rounds)

    def recorded(self, module: Module, gates: list[GateRows]) -> Table:
        """The losses of all blocks. Raises `UserError` where they were not measured."""
        if not isinstance(module.attributes.get("storages"), str):
            raise cannot(self, "there are no sensitivities: run measure-sensitivity first")
        found: Table = []
        for gate in gates:
            record = gate.sum.total.attributes.get("sensitivity")
            if record is None:
                why = "a sum of products has no sensitivity: run measure-sensitivity first"
                raise cannot(self, why, gate.sum.total.location)
            found += list(module.resources[record["resource"]][gate.gate])
        return found

    def check_codes(self, gates: list[GateRows]) -> None:
        """Raise `UserError` for matrices whose weights have codes already."""
        for gate in gates:
            for matrix in gate.sum.matrices:
                if is_coded(encoding_of(matrix)):
                    name = matrix.op.attributes["resource"]
                    why = f"the weights '{name}' have codes already"
                    note = "leave out either allot or what chose them"
                    raise cannot(self, why, matrix.op.location, note)


def _store(module: Module, search: Search, choice: Choice) -> None:
    """Patterns into the weights, encodings onto the matrices."""
    weights, chosen, taken = {}, dict[Value, list[Storage]](), iter(search.taken(choice))
    for gate in search.gates:
        own = [next(taken) for _ in gate.blocks]
        weights[gate] = gate.pruned(own)
        for matrix, storage in zip(gate.sum.matrices, own, strict=True):
            chosen.setdefault(matrix, []).append(storage)
    changed = []
    for name, array in changed_arrays(module, weights).items():
        if np.array_equal(array, module.resources[name]):
            continue
        constants = [op for op in module.walk() if op.attributes.get("resource") == name]
        changed += [op.result for op in constants]
        for op in constants:
            op.attributes["resource"] = module.add_resource(f"{name}_allotted", array)
    for matrix, storages in chosen.items():
        assert isinstance(matrix.type, TensorType)
        retype(matrix, replace(matrix.type, encoding=Encoding(tuple(storages))))
    drop_records(module, changed)
    drop_sensitivities(module)
    module.drop_unused_resources()
