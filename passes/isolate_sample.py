"""From the function of a batch to the function of one sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from lstmir.ir.builder import Builder
from lstmir.ir.diagnostics import UserError
from lstmir.ir.interface import SAMPLE, Port, is_sampled, ports
from lstmir.ir.module import Function, Module
from lstmir.ir.operation import Value
from lstmir.ir.types import shape_of
from lstmir.passes.sampling.isolation import Isolation
from lstmir.passes.sampling.sampled import Sampled, for_one, restored
from lstmir.pipeline.passes import Context, Promise, register


@register
@dataclass(frozen=True)
class IsolateSample:
    """Drops the batch axis, so that the main function is that of ONE sample.

    The interface remembers the axis. Fails by naming the operation that mixes samples. Where the
    model's batch is of length 1, nothing can: there, an operation through which the axis cannot be
    followed keeps it, as an axis like any other.
    """

    name: ClassVar[str] = "isolate-sample"
    summary: ClassVar[str] = "drop the batch axis: the function of one sample"
    promise: ClassVar[Promise] = Promise.EXACT

    def run(self, module: Module, context: Context) -> None:
        """Rewrites the main function; one that has been isolated is left as it is."""
        if is_sampled(module):
            return
        function = module.main
        module.functions[function.name] = _isolated(module, function)
        module.attributes["form"] = SAMPLE


def _isolated(module: Module, function: Function) -> Function:
    batches = [port.batch for port in ports(module, "input")]
    isolation = Isolation(module, function.region, batches)
    results = isolation.results()
    build = Builder(module, isolation.region)
    values = [
        _as_port(old, result, port, build)
        for old, result, port in zip(
            function.results, results, ports(module, "output"), strict=True
        )
    ]
    build.end("return", values)
    return Function(function.name, isolation.region, function.attributes, function.location)


def _as_port(old: Value, result: Sampled, port: Port, build: Builder) -> Value:
    """The result without the batch axis of its port, where it must be."""
    if result.batch == port.batch:
        return result.value
    shape = shape_of(old.type)
    if any(axis is not None and shape[axis] != 1 for axis in (result.batch, port.batch)):
        raise UserError(f"isolate-sample: the output {port.name} mixes samples")
    whole = restored(result, build)
    return whole if port.batch is None else for_one(whole, port.batch, build)
