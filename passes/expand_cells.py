"""From network operations to loops over time, whose bodies are the cells as dataflow graphs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lstmir.ir.builder import Builder
from lstmir.ir.module import Module
from lstmir.ir.operands import constant_of, segments_of
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import ElementType, TensorType, Type, element_of, of_shape, shape_of
from lstmir.pipeline.passes import Context, Pass, Promise, cannot, register


@register
@dataclass(frozen=True)
class ExpandCells:
    """Writes each network operation as the dataflow graph that it stands for.

    `rnn.lstm` becomes an `rnn.scan` a direction; the products with the input and with the state
    stay two matvecs, since their operands differ in format and in when they are ready.
    `linalg.linear` becomes a matvec, or a scan of matvecs where it is applied at each step.
    """

    name: ClassVar[str] = "expand-cells"
    summary: ClassVar[str] = "network operations become scans over dataflow graphs"
    promise: ClassVar[Promise] = Promise.EXACT

    def run(self, module: Module, context: Context) -> None:
        """Rewrites every network operation of every function."""
        for function in module.functions.values():
            for op in function.region.operations():
                rule = _RULES.get(op.name)
                if rule is None:
                    continue
                build = Builder(module, function.region, before=op, location=op.location)
                function.region.replace(op, rule(op, build, self))
        module.drop_unused_resources()


def _lstm(op: Operation, build: Builder, pass_: Pass) -> list[Value]:
    parts = [[op.operands[i] for i in part] for part in segments_of(op)]
    source = parts[0][0]
    time, batch, features = shape_of(source.type)
    if batch != 1:
        raise cannot(pass_, "'rnn.lstm' still has a batch: run isolate-sample first", op.location)
    element = element_of(source.type)
    steps = build.value("tensor.reshape", source, type=TensorType((time, features), element))
    names = ("forward", "reverse") if op.attributes["direction"] == "bidirectional" else (
        op.attributes["direction"],)  # fmt: skip
    cells = [_LstmCell(op, build, parts, d, element, pass_) for d in range(len(names))]
    runs = [cell.scan(steps, name) for cell, name in zip(cells, names, strict=True)]
    hidden = op.attributes["hidden_size"]
    return [
        _stacked([run[0] for run in runs], (time, 1, 1, hidden), 1, build),
        _stacked([run[1] for run in runs], (1, 1, hidden), 0, build),
        _stacked([run[2] for run in runs], (1, 1, hidden), 0, build),
    ]


def _stacked(
    values: list[Value], shape: tuple[int | None, ...], axis: int, build: Builder
) -> Value:
    type_ = of_shape(shape, element_of(values[0].type))
    parts = [build.value("tensor.reshape", value, type=type_) for value in values]
    return parts[0] if len(parts) == 1 else build.value("tensor.concat", *parts, axis=axis)


class _LstmCell:
    """One direction of an LSTM, with its constants and its body."""

    def __init__(
        self, op: Operation, build: Builder, parts: list[list[Value]], d: int,
        element: ElementType, pass_: Pass,
    ) -> None:  # fmt: skip
        self.op, self.build, self.d, self.element, self.pass_ = op, build, d, element, pass_
        self.hidden = int(op.attributes["hidden_size"])
        source, weights, recurrence, bias, h, c = parts
        self.features = shape_of(source[0].type)[-1]
        self.w = self.constant("w", self.array(weights[0])[d])
        self.r = self.constant("r", self.array(recurrence[0])[d])
        self.b = self.constant("b", self.bias(bias))
        self.h0 = self.initial("h0", h)
        self.c0 = self.initial("c0", c)

    def constant(self, name: str, array: np.ndarray) -> Value:
        suffix = "" if self.d == 0 else "_reverse"
        return self.build.constant(array, TensorType(array.shape, self.element), name + suffix)

    def array(self, value: Value) -> np.ndarray:
        array = constant_of(value, self.build.module.resources)
        if array is None:
            why = "weights that are computed or fed in cannot become hardware; make them constants"
            raise cannot(self.pass_, why, self.op.location)
        return array

    def bias(self, bias: list[Value]) -> np.ndarray:
        rows = 4 * self.hidden
        if not bias:
            return np.zeros(rows, np.dtype(f"f{getattr(self.element, 'width', 32) // 8}"))
        both = self.array(bias[0])[self.d]
        return np.asarray(both[:rows] + both[rows:])

    def initial(self, name: str, state: list[Value]) -> Value:
        type_ = TensorType((self.hidden,), self.element)
        if not state:
            return self.build.constant(np.zeros(self.hidden), type_, name)
        known = constant_of(state[0], self.build.module.resources)
        if known is not None:
            return self.constant(name, known[self.d, 0])
        sliced = self.build.value("tensor.slice", state[0], axis=0, start=self.d, size=1)
        return self.build.value("tensor.reshape", sliced, type=type_)

    def scan(self, steps: Value, direction: str) -> tuple[Value, Value, Value]:
        """The emitted h, the last h and the last c."""
        vector = TensorType((self.hidden,), self.element)
        operands = (steps, self.h0, self.c0, self.w, self.r, self.b)
        body = self.body()
        time = shape_of(steps.type)[0]
        types: list[Type] = [TensorType((time, self.hidden), self.element), vector, vector]
        scan = self.build.op(
            "rnn.scan", operands, types, [body], ["ys", "h", "c"],
            segments=(1, 2, 3), direction=direction,
        )  # fmt: skip
        ys, h, c = scan.results
        return ys, h, c

    def body(self) -> Region:
        vector = TensorType((self.hidden,), self.element)
        step = TensorType((self.features,), self.element)
        types: list[Type] = [step, vector, vector, self.w.type, self.r.type, self.b.type]
        region = Region(types, ["xt", "hp", "cp", "w", "r", "b"])
        x, h, c, w, r, b = region.arguments
        inner = Builder(self.build.module, region, location=self.op.location)
        zx = inner.value("linalg.matvec", w, x, hint="zx")
        zh = inner.value("linalg.matvec", r, h, hint="zh")
        z = inner.value("arith.add", zx, zh, b, hint="z")
        i, o, f = (self.gate(inner, z, index, name) for index, name in enumerate("iof"))
        g = self.gate(inner, z, 3, "g", "math.tanh")
        kept = inner.value("arith.mul", f, c, hint="kept")
        new = inner.value("arith.mul", i, g, hint="new")
        ct = inner.value("arith.add", kept, new, hint="ct")
        squashed = inner.value("math.tanh", ct, type=vector, hint="tanh_c")
        ht = inner.value("arith.mul", o, squashed, hint="ht")
        inner.end("rnn.yield", [ht, ct, ht], segments=(2, 1))
        return region

    def gate(
        self, inner: Builder, z: Value, index: int, name: str, function: str = "math.sigmoid"
    ) -> Value:
        start = index * self.hidden
        part = inner.value(
            "tensor.slice", z, hint=f"z{name}", axis=0, start=start, size=self.hidden
        )
        return inner.value(function, part, type=part.type, hint=name)


def _linear(op: Operation, build: Builder, pass_: Pass) -> list[Value]:
    weights, source = op.operands
    *lead, columns = shape_of(source.type)
    rows = shape_of(weights.type)[0]
    element = element_of(source.type)
    steps = [size for size in lead if size != 1]
    if len(steps) > 1:
        raise cannot(
            pass_, "'linalg.linear' over more than one axis is no vector operation", op.location
        )
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
    operands = (sequence, weights)
    return build.op("rnn.scan", operands, [type_], [region], ["ys"], segments=(1, 0, 1)).result


_Rule = Callable[[Operation, Builder, Pass], list[Value]]
_RULES: dict[str, _Rule] = {"rnn.lstm": _lstm, "linalg.linear": _linear}
