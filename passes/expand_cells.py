"""From network operations to loops over time, whose bodies are the cells as dataflow graphs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from lstmir.dialects.layers import LAYERS
from lstmir.ir.builder import Builder
from lstmir.ir.module import Module
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import TensorType, element_of, shape_of
from lstmir.passes.cells.layer import expand_layer
from lstmir.passes.uses import leave_to_host
from lstmir.pipeline.passes import Context, Pass, Promise, cannot, register


@register
@dataclass(frozen=True)
class ExpandCells:
    """Writes each network operation as the dataflow graph that it stands for.

    A layer of `rnn` becomes an `rnn.scan` a direction, whose body is its cell. `linalg.linear`
    becomes a matvec, or a scan of matvecs where it is applied at each step.
    """

    name: ClassVar[str] = "expand-cells"
    summary: ClassVar[str] = "network operations become scans over dataflow graphs"
    promise: ClassVar[Promise] = Promise.EXACT

    def run(self, module: Module, context: Context) -> None:
        """Rewrites every network operation of every function, those inside of loops too."""
        for function in module.functions.values():
            self.region(module, function.region)
        module.drop_unused_resources()

    def region(self, module: Module, region: Region) -> None:
        """Rewrites the operations of a region."""
        for op in region.operations():
            for inner in op.regions:
                self.region(module, inner)
            rule = _RULES.get(op.name)
            if rule is not None:
                build = Builder(module, region, before=op, location=op.location)
                region.replace(op, rule(op, build, self))


def _linear(op: Operation, build: Builder, pass_: Pass) -> list[Value]:
    weights, source = op.operands
    *lead, columns = shape_of(source.type)
    rows = shape_of(weights.type)[0]
    element = element_of(source.type)
    steps = [size for size in lead if size != 1]
    if len(steps) > 1:
        why = "'linalg.linear' over more than one axis is no vector operation"
        raise cannot(pass_, why, op.location, leave_to_host(op))
    if not lead:
        return [build.value("linalg.matvec", weights, source, hint=op.result_names[0])]
    if not steps:
        vector = build.value("tensor.reshape", source, type=TensorType((columns,), element))
        product = build.value("linalg.matvec", weights, vector, hint=op.result_names[0])
    else:
        sequence = build.value(
            "tensor.reshape", source, type=TensorType((steps[0], columns), element)
        )
        product = _linear_scan(op, build, weights, sequence)
    shape = (*lead, rows)
    return [build.value("tensor.reshape", product, type=TensorType(shape, element))]


def _linear_scan(op: Operation, build: Builder, weights: Value, sequence: Value) -> Value:
    time, columns = shape_of(sequence.type)
    element = element_of(sequence.type)
    region = Region([TensorType((columns,), element), weights.type], ["xt", "w"])
    x, w = region.arguments
    inner = Builder(build.module, region, location=op.location)
    y = inner.value("linalg.matvec", w, x, hint="y")
    inner.end("rnn.yield", [y], segments=(0, 1))
    type_ = TensorType((time, *shape_of(y.type)), element)
    operands, names = (sequence, weights), [op.result_names[0] or "ys"]
    return build.op("rnn.scan", operands, [type_], [region], names, segments=(1, 0, 0, 1)).result


_Rule = Callable[[Operation, Builder, Pass], list[Value]]
_RULES: dict[str, _Rule] = {"linalg.linear": _linear, **dict.fromkeys(LAYERS, expand_layer)}
