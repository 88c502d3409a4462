"""From the dataflow graph of a cell to the loop nests of an array of multipliers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from lstmir.dialects.layers import LAYERS
from lstmir.ir.builder import Builder
from lstmir.ir.module import Function, Module
from lstmir.ir.operands import constant_of, segment
from lstmir.ir.operation import Operation
from lstmir.ir.types import TensorType
from lstmir.numeric.fixed import FixedType
from lstmir.passes.tiling.array import Matrices, choose_array
from lstmir.passes.tiling.cell import Accumulation, Cell, accumulation_of, analyse_cell
from lstmir.passes.tiling.empty import leave_out_empty_gates
from lstmir.passes.tiling.nests import NestBuilder
from lstmir.pipeline.passes import Context, Promise, cannot, register


@register
@dataclass(frozen=True)
class Tile:
    """Cuts the matrices of a recurrent network for an array of `macs` multipliers.

    The array has P rows and K columns. A group of rows is the gates of a few hidden units; it is
    walked tile by tile, first over x, then over h, and leaves a word of accumulators that the
    elementwise tail takes unit by unit. The matrices behind the recurrence run on the same array.
    Chooses P and K so that they divide the work: a padded tile is a wasted cycle.
    """

    name: ClassVar[str] = "tile"
    summary: ClassVar[str] = "loop nests for an array of multipliers"
    promise: ClassVar[Promise] = Promise.EXACT

    macs: int = field(default=16, metadata={"help": "multipliers of the array"})

    def run(self, module: Module, context: Context) -> None:
        """Raises `UserError` for networks that the array cannot walk, naming what is in the way."""
        if self.macs < 1:
            raise cannot(self, f"macs must be positive, not {self.macs}")
        if "array" in module.attributes:
            raise cannot(self, "the module is tiled already")
        function = module.main
        give_identity_head(module, function)
        cell = analyse_cell(self, module, self.only_scan(module, function))
        if leave_out_empty_gates(module, cell):
            cell = analyse_cell(self, module, cell.scan)
        head = self.head(module, function, cell)
        matrices = Matrices(module.resources)
        array = choose_array(self, self.macs, cell, head, matrices)
        tiled = NestBuilder(self, module, cell, head, array, matrices).function(function)
        module.functions[function.name] = tiled
        module.attributes["array"] = array.attribute()
        module.drop_unused_resources()

    def only_scan(self, module: Module, function: Function) -> Operation:
        """The one recurrence of the network, on the function's one input, from constant states."""
        operations = function.region.operations()
        whole = [op for op in operations if op.name in LAYERS]
        if whole:
            why = f"'{whole[0].name}' is a whole network: run expand-cells first"
            raise cannot(self, why, whole[0].location)
        scans = [op for op in operations if op.name == "rnn.scan"]
        if len(scans) != 1:
            why = f"the array runs one recurrence, this network has {len(scans)}"
            place = scans[1].location if len(scans) > 1 else None
            raise cannot(self, why, place, "export each recurrence as a model of its own")
        if any(
            constant_of(value, module.resources) is None for value in segment(scans[0], "state")
        ):
            why = "an initial state that is not a constant needs a stream of its own"
            raise cannot(self, why, scans[0].location, "give the model constant states")
        inputs = segment(scans[0], "")
        if list(inputs) != list(function.parameters):
            why = "the recurrence must read the model's one input as it comes in"
            raise cannot(self, why, scans[0].location)
        return scans[0]

    def head(self, module: Module, function: Function, cell: Cell) -> Accumulation:
        """The product behind the recurrence; it must give the one result."""
        if len(function.results) != 1:
            raise cannot(
                self, f"the array gives one output, this model has {len(function.results)}"
            )
        (result,) = function.results
        matvecs = [op for op in function.region.operations() if op.name == "linalg.matvec"]
        if len(matvecs) > 1:
            why = f"behind the recurrence there may be one matrix, this model has {len(matvecs)}"
            raise cannot(self, why, result.op.location)
        head = accumulation_of(self, module, matvecs) if matvecs else None
        if head is None or head.value != result or head.products[0].vector.op is not cell.scan:
            why = f"'{result.op.name}' behind the recurrence has no unit in the array"
            raise cannot(
                self,
                why,
                result.op.location,
                "cut the model before it, and leave the rest to the host",
            )
        return head


def give_identity_head(module: Module, function: Function) -> None:
    """Let a final state that is the result itself pass through the array like any other."""
    region = function.region
    (result, *others) = function.results
    if others or result.op.name != "rnn.scan" or not isinstance(result.type, TensorType):
        return
    if len(result.type.shape) != 1:
        return
    size = result.type.static_shape[0]
    build = Builder(module, region, before=region.end)
    type_ = TensorType((size, size), FixedType(False, 1, 0))
    identity = build.constant(np.eye(size), type_, "identity")
    region.set_operands(
        region.end, [build.value("linalg.matvec", identity, result, hint=result.name)]
    )
