"""From the function of a batch to the function of one sample."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import ClassVar

from lstmir.dialects.layers import LAYERS
from lstmir.ir.builder import Builder
from lstmir.ir.diagnostics import UserError
from lstmir.ir.interface import SAMPLE, is_sampled, ports
from lstmir.ir.module import Function, Module
from lstmir.ir.operands import segment
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import TensorType, element_of, of_shape, shape_of
from lstmir.pipeline.passes import Context, Promise, register


@register
@dataclass(frozen=True)
class IsolateSample:
    """Drops the batch axis, so that the main function is that of ONE sample.

    The interface remembers the axis. Fails by naming the operation that mixes samples.
    """

    name: ClassVar[str] = "isolate-sample"
    summary: ClassVar[str] = "drop the batch axis: the function of one sample"
    promise: ClassVar[Promise] = Promise.EXACT

    def run(self, module: Module, context: Context) -> None:
        """Rewrites the main function; one that has been isolated is left as it is."""
        if is_sampled(module):
            return
        function = module.main
        module.functions[function.name] = _Isolation(module).function(function)
        module.attributes["form"] = SAMPLE


@dataclass(frozen=True)
class _Sampled:
    """A value of the new function, and where the batch axis was in the old one."""

    value: Value
    batch: int | None


class _Isolation:
    def __init__(self, module: Module) -> None:
        self.module = module
        self.region = Region()
        self.values: dict[Value, _Sampled] = {}

    def function(self, function: Function) -> Function:
        for value, port in zip(function.parameters, ports(self.module, "input"), strict=True):
            type_ = of_shape(_without(shape_of(value.type), port.batch), element_of(value.type))
            argument = self.region.add_argument(type_, value.name)
            self.values[value] = _Sampled(argument, port.batch)
        for op in function.region.operations():
            if op is not function.region.end:
                self.operation(op)
        results = [self.values[value] for value in function.results]
        for result, port in zip(results, ports(self.module, "output"), strict=True):
            if result.batch != port.batch:
                raise UserError(f"isolate-sample: the output {port.name} mixes samples")
        Builder(self.module, self.region).end("return", [result.value for result in results])
        return Function(function.name, self.region, function.attributes, function.location)

    def operation(self, op: Operation) -> None:
        operands = [self.values[value] for value in op.operands]
        build = Builder(self.module, self.region, location=op.location)
        if all(operand.batch is None for operand in operands):
            copy = Operation(
                op.name, op.result_types, op.attributes, (), op.result_names, op.location
            )
            self.region.insert(copy, [operand.value for operand in operands])
            self.values.update(
                (old, _Sampled(new, None))
                for old, new in zip(op.results, copy.results, strict=True)
            )
            return
        rule = _RULES.get(
            op.name, _elementwise if op.name.startswith(("arith.", "math.")) else None
        )
        if rule is None:
            raise _mixes(op)
        for old, new in zip(op.results, rule(op, operands, build), strict=True):
            self.values[old] = new


_Rule = Callable[[Operation, list[_Sampled], Builder], list[_Sampled]]


def _without(shape: tuple[int | None, ...], axis: int | None) -> tuple[int | None, ...]:
    return tuple(size for index, size in enumerate(shape) if index != axis)


def _mixes(op: Operation) -> UserError:
    names = ", ".join(f"%{value.name}" for value in op.results if value.name)
    return UserError(
        f"isolate-sample: '{op.name}' {names} mixes samples of a batch or cannot be followed through it",
        location=op.location,
        notes=["export the network up to there, or give each sample a run of its own"],
    )


def _elementwise(op: Operation, operands: list[_Sampled], build: Builder) -> list[_Sampled]:
    rank = len(shape_of(op.result_types[0]))
    places = {
        rank - len(shape_of(old.type)) + new.batch
        for old, new in zip(op.operands, operands, strict=True)
        if new.batch is not None
    }
    if len(places) != 1:
        raise _mixes(op)
    batch = places.pop()
    values = [_drop(new, batch - rank, build) for new in operands]
    shape = _without(shape_of(op.result_types[0]), batch)
    result = build.value(
        op.name, *values, type=of_shape(shape, element_of(op.result_types[0])),
        hint=op.result_names[0], **op.attributes,
    )  # fmt: skip
    return [_Sampled(result, batch)]


def _drop(operand: _Sampled, from_end: int, build: Builder) -> Value:
    """The operand without the axis that broadcasts along the batch."""
    shape = shape_of(operand.value.type)
    if operand.batch is not None or len(shape) < -from_end:
        return operand.value
    axis = len(shape) + from_end
    type_ = of_shape(_without(shape, axis), element_of(operand.value.type))
    return build.value("tensor.reshape", operand.value, type=type_)


# Where a layer has samples: along these axes of these parts, and nowhere else.
_BATCH = {"": 1, "lengths": 0, "initial_h": 1, "initial_c": 1}


def _layer(op: Operation, operands: list[_Sampled], build: Builder) -> list[_Sampled]:
    parts = [part for part in LAYERS[op.name].parts for _ in segment(op, part)]
    if operands[0].batch != 1 or not all(map(_is_of_one_sample, parts, operands)):
        raise _mixes(op)
    values = [_restore(operand, build) for operand in operands]
    whole = build.op(op.name, values, **op.attributes)
    found = []
    for value, name in zip(whole.results, op.result_names, strict=True):
        axis = len(shape_of(value.type)) - 2
        shape = _without(shape_of(value.type), axis)
        dropped = build.value(
            "tensor.reshape", value, type=of_shape(shape, element_of(value.type)), hint=name
        )
        found.append(_Sampled(dropped, axis))
    return found


def _is_of_one_sample(part: str, operand: _Sampled) -> bool:
    """Whether a part of a layer belongs to one sample, or is the same for all."""
    axis = _BATCH.get(part)
    if operand.batch is not None or axis is None:
        return operand.batch == axis
    return shape_of(operand.value.type)[axis] == 1


def _restore(operand: _Sampled, build: Builder) -> Value:
    if operand.batch is None:
        return operand.value
    shape = list(shape_of(operand.value.type))
    shape.insert(operand.batch, 1)
    type_ = of_shape(tuple(shape), element_of(operand.value.type))
    return build.value("tensor.reshape", operand.value, type=type_)


def _linear(op: Operation, operands: list[_Sampled], build: Builder) -> list[_Sampled]:
    weights, source = operands
    last = len(shape_of(op.operands[1].type)) - 1
    if weights.batch is not None or source.batch in (None, last):
        raise _mixes(op)
    result = build.value("linalg.linear", weights.value, source.value, hint=op.result_names[0])
    return [_Sampled(result, source.batch)]


def _slice(op: Operation, operands: list[_Sampled], build: Builder) -> list[_Sampled]:
    (source,) = operands
    axis = op.attributes["axis"]
    if axis == source.batch or source.batch is None:
        raise _mixes(op)
    attributes = {**op.attributes, "axis": axis - (axis > source.batch)}
    result = build.value("tensor.slice", source.value, hint=op.result_names[0], **attributes)
    return [_Sampled(result, source.batch)]


def _transpose(op: Operation, operands: list[_Sampled], build: Builder) -> list[_Sampled]:
    (source,) = operands
    order = op.attributes["order"]
    assert source.batch is not None
    batch = order.index(source.batch)
    kept = tuple(axis - (axis > source.batch) for axis in order if axis != source.batch)
    result = build.value("tensor.transpose", source.value, hint=op.result_names[0], order=kept)
    return [_Sampled(result, batch)]


def _concat(op: Operation, operands: list[_Sampled], build: Builder) -> list[_Sampled]:
    batches = {operand.batch for operand in operands}
    axis = op.attributes["axis"]
    if len(batches) != 1 or axis in batches:
        raise _mixes(op)
    batch = batches.pop()
    assert batch is not None
    values = [operand.value for operand in operands]
    moved = axis - (axis > batch)
    result = build.value("tensor.concat", *values, hint=op.result_names[0], axis=moved)
    return [_Sampled(result, batch)]


def _reshape(op: Operation, operands: list[_Sampled], build: Builder) -> list[_Sampled]:
    (source,) = operands
    assert source.batch is not None
    before, after = shape_of(op.operands[0].type), shape_of(op.result_types[0])
    batch = _same_place(before, source.batch, after)
    if batch is None:
        raise _mixes(op)
    target = op.result_types[0]
    assert isinstance(target, TensorType)
    type_ = of_shape(_without(after, batch), element_of(target))
    if type_ == source.value.type:
        return [_Sampled(source.value, batch)]
    result = build.value("tensor.reshape", source.value, type=type_, hint=op.result_names[0])
    return [_Sampled(result, batch)]


def _same_place(
    before: tuple[int | None, ...], batch: int, after: tuple[int | None, ...]
) -> int | None:
    """The axis of `after` that holds exactly what the batch axis of `before` holds, if any."""

    def lead(shape: tuple[int | None, ...]) -> tuple[int, int]:
        return prod(size for size in shape if size is not None), shape.count(None)

    places = [
        axis
        for axis, size in enumerate(after)
        if size == before[batch] and lead(after[:axis]) == lead(before[:batch])
    ]
    # Among neighbours of length 1 any would do; the one that did not move is the one meant.
    return batch if batch in places else next(iter(places), None)


_RULES: dict[str, _Rule] = {
    **dict.fromkeys(LAYERS, _layer),
    "linalg.linear": _linear,
    "tensor.slice": _slice,
    "tensor.transpose": _transpose,
    "tensor.concat": _concat,
    "tensor.reshape": _reshape,
}
