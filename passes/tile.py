"""From the dataflow graph of a network to the loop nests of an array of multipliers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from lstmir.dialects.layers import LAYERS
from lstmir.ir.diagnostics import UserError
from lstmir.ir.module import Function, Module
from lstmir.ir.operation import Value
from lstmir.ir.types import is_float, shape_of
from lstmir.passes.block_layout import BlockLayout
from lstmir.passes.machine.timing import timing_from
from lstmir.passes.schedule import Schedule
from lstmir.passes.tiling.array import Array
from lstmir.passes.tiling.fuse import fuse_recurrences
from lstmir.passes.tiling.plan import Plan
from lstmir.passes.tiling.search import fastest
from lstmir.passes.tiling.sequences import sequences_of
from lstmir.passes.tiling.steps import bring_steps_forward
from lstmir.passes.tiling.writer import Writer
from lstmir.pipeline.passes import Context, Promise, cannot, register


@register
@dataclass(frozen=True)
class Tile:
    """Writes a network as nests of loops for an array of `macs` multipliers.

    The array has P rows and K columns. A nest takes groups of units, the rows of a few units at a
    time: it walks matrices tile by tile, first those whose vectors are there early, and leaves a word
    of sums that an elementwise tail takes unit by unit. Layers, gates that wait for other gates, and
    dense layers are nests one behind the other, on the same array. P and K are chosen for the fewest
    cycles a step. With `arrays=each` the multipliers are shared out: every nest has an array of its own,
    and what one step's second nest computes, another one does beside the next step's first.
    """

    name: ClassVar[str] = "tile"
    summary: ClassVar[str] = "loop nests for an array of multipliers"
    promise: ClassVar[Promise] = Promise.EXACT

    macs: int = field(default=16, metadata={"help": "multipliers of the array"})
    rows: int = field(default=0, metadata={"help": "its rows, if they are not to be chosen"})
    columns: int = field(default=0, metadata={"help": "multipliers of a row, if not to be chosen"})
    arrays: str = field(
        default="one",
        metadata={"help": "'one' that all nests share, or 'each' its own: they run side by side"},
    )

    def run(self, module: Module, context: Context) -> None:
        """Raises `UserError` for networks that the array cannot walk, naming what is in the way."""
        if self.macs < 1:
            raise cannot(self, f"macs must be positive, not {self.macs}")
        if self.arrays not in ("one", "each"):
            raise cannot(self, f"arrays must be 'one' or 'each', not '{self.arrays}'")
        if self.arrays == "each" and (self.rows or self.columns):
            raise cannot(
                self, "rows and columns are those of one array: leave them out, or arrays=each"
            )
        if "array" in module.attributes:
            raise cannot(self, "the module is tiled already")
        function = module.main
        for op in function.region.operations():
            if op.name in LAYERS:
                why = f"'{op.name}' is a whole network: run expand-cells first"
                raise cannot(self, why, op.location)
        if any(is_float(value.type) for value in function.parameters):
            raise cannot(self, "the network is still in floats: run quantize first")
        bring_steps_forward(function.region)
        function = fuse_recurrences(module, function)
        sequences = sequences_of(function.region)
        self.check_steps(function, sequences)
        plan = Plan(self, module, function, sequences)
        plan.fit(self.chosen(module, function, plan))
        module.functions[function.name] = Writer(plan).function()
        module.attributes["array"] = plan.attribute()
        module.drop_unused_resources()

    def check_steps(self, function: Function, sequences: set[Value]) -> None:
        """Raises `UserError` where steps, of which nobody knows how many come, are no first axis."""
        for op in function.region.operations():
            for value in op.results:
                if (
                    None in shape_of(value.type)
                    and value not in sequences
                    and op.name != "rnn.scan"
                ):
                    why = (
                        f"'{op.name}' makes '{value.type}' of steps: they must stay the first axis"
                    )
                    note = "end the model before it with --outputs, and leave the rest to the host"
                    raise cannot(self, why, op.location, note)

    def chosen(self, module: Module, function: Function, plan: Plan) -> list[Array]:
        """The array that is asked for, or the one with the fewest cycles a step; or one for each stage."""
        if self.arrays == "each" and len(plan.stages) > 1:
            return plan.own_arrays(self.macs)
        found = plan.candidates(self.macs)
        if not self.rows and not self.columns:
            return [fastest(found, lambda array: self.step_of(module, function, array))]
        macs = self.rows * self.columns
        if min(self.rows, self.columns) < 1 or macs > self.macs:
            why = f"{self.rows} rows of {self.columns} columns are no array of {self.macs} multipliers"
            raise cannot(self, why)
        least = min(candidate.array.rows for candidate in found)
        if self.rows < least:
            raise cannot(self, f"{self.rows} rows are too few: the gates of one unit need {least}")
        return [Array(self.rows, (self.columns,))]

    def step_of(self, module: Module, function: Function, array: Array) -> int | None:
        """The cycles that a step takes with an array; None if the machine does not run the network."""
        trial = Module(
            module.name, dict(module.attributes), {function.name: function}, dict(module.resources)
        )
        plan = Plan(self, trial, function, sequences_of(function.region))
        plan.fit([array])
        trial.functions[function.name] = Writer(plan).function()
        try:
            for pass_ in (BlockLayout(), Schedule()):
                pass_.run(trial, Context())
        except UserError:
            return None
        return timing_from(trial.attributes["timing"]).all_steps
