"""A region of one sample, made of a region of a batch: the rule of each operation, and where it fails."""

from __future__ import annotations

from collections.abc import Sequence

from lstmir.dialects.layers import LAYERS
from lstmir.ir.builder import Builder
from lstmir.ir.module import Module
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import shape_of
from lstmir.passes.sampling.arrangements import (
    along_axis,
    broadcast,
    concat,
    repeat,
    reshape,
    transpose,
)
from lstmir.passes.sampling.computations import argmax, elementwise, linear, normalize, reduce
from lstmir.passes.sampling.layers import layer
from lstmir.passes.sampling.sampled import Mixed, Rule, Sampled, mixes, restored, type_without
from lstmir.passes.sampling.scans import Followed, scan

RULES: dict[str, Rule] = {
    **dict.fromkeys(LAYERS, layer),
    "linalg.argmax": argmax,
    "linalg.linear": linear,
    "linalg.log_softmax": along_axis,
    "linalg.normalize": normalize,
    "linalg.reduce": reduce,
    "linalg.softmax": along_axis,
    "tensor.broadcast": broadcast,
    "tensor.concat": concat,
    "tensor.gather": along_axis,
    "tensor.repeat": repeat,
    "tensor.reshape": reshape,
    "tensor.slice": along_axis,
    "tensor.transpose": transpose,
}

_ELEMENTWISE = ("arith.", "math.")


class Isolation:
    """Follows the batch axis through a region; `region` is the one of one sample."""

    def __init__(self, module: Module, old: Region, batches: Sequence[int | None]) -> None:
        types = [
            type_without(value.type, axis)
            for value, axis in zip(old.arguments, batches, strict=True)
        ]
        self.module, self.old = module, old
        self.region = Region(types, old.entry.result_names)
        arguments = zip(old.arguments, self.region.arguments, batches, strict=True)
        self.values = {value: Sampled(new, axis) for value, new, axis in arguments}

    def results(self) -> list[Sampled]:
        """Follow all operations. Raises `UserError` at one that mixes samples."""
        for op in self.old.operations():
            if op is not self.old.end:
                self.values.update(zip(op.results, self._operation(op), strict=True))
        return [self.values[value] for value in self.old.end.operands]

    def _operation(self, op: Operation) -> list[Sampled]:
        operands = [self.values[value] for value in op.operands]
        build = Builder(self.module, self.region, location=op.location)
        if all(operand.batch is None for operand in operands):
            return self._copy(op, [operand.value for operand in operands], build)
        try:
            return self._apply(op, operands, build)
        except Mixed:
            if not self._is_of_one(op.operands):
                raise mixes(op) from None
        # Of a single sample no operation can mix several.
        return self._copy(op, [restored(operand, build) for operand in operands], build)

    def _apply(self, op: Operation, operands: list[Sampled], build: Builder) -> list[Sampled]:
        if op.name == "rnn.scan":
            return scan(op, operands, build, self._follow)
        if op.name in RULES:
            return RULES[op.name](op, operands, build)
        if op.name.startswith(_ELEMENTWISE):
            return elementwise(op, operands, build)
        raise Mixed

    def _is_of_one(self, values: Sequence[Value]) -> bool:
        """Whether each batch axis has length 1."""
        axes = [(value, self.values[value].batch) for value in values]
        return all(axis is None or shape_of(value.type)[axis] == 1 for value, axis in axes)

    def _follow(self, region: Region, batches: Sequence[int | None]) -> Followed:
        inner = Isolation(self.module, region, batches)
        return Followed(inner.region, inner.results())

    def _copy(self, op: Operation, operands: list[Value], build: Builder) -> list[Sampled]:
        """The operation as it is, on values that have no batch axis."""
        copy = Operation(
            op.name,
            op.result_types,
            op.attributes,
            [self._copy_region(region) for region in op.regions],
            op.result_names,
            op.location,
        )
        build.region.insert(copy, operands)
        return [Sampled(value, None) for value in copy.results]

    def _copy_region(self, region: Region) -> Region:
        copy = self._follow(region, [None] * len(region.arguments))
        end = region.end
        build = Builder(self.module, copy.region, location=end.location)
        build.end(end.name, [result.value for result in copy.results], **end.attributes)
        return copy.region
