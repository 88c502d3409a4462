"""A recurrent layer as scans, one a direction, over the graph of its cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lstmir.dialects.activations import Activation
from lstmir.dialects.layers import LAYERS, directions_of, layer_activations
from lstmir.ir.builder import Builder
from lstmir.ir.operands import constant_of, segment
from lstmir.ir.operation import Operation, Value
from lstmir.ir.types import TensorType, element_of, of_shape, shape_of
from lstmir.passes.cells.body import Body
from lstmir.passes.cells.cell import CELLS, Cell
from lstmir.pipeline.passes import Pass, cannot


def expand_layer(op: Operation, build: Builder, pass_: Pass) -> list[Value]:
    """What stands for the results of a layer. Raises `UserError` for one that is not ready."""
    return _Layer(op, build, pass_).results()


class _Run(NamedTuple):
    """What a scan gives: every h, and the final states."""

    sequence: Value
    states: Sequence[Value]


class _Layer:
    def __init__(self, op: Operation, build: Builder, pass_: Pass) -> None:
        self.op, self.build, self.pass_ = op, build, pass_
        self.kind = LAYERS[op.name]
        self.hidden = int(op.attributes["hidden_size"])
        (source,) = segment(op, "")
        self.time, batch, self.features = shape_of(source.type)
        if batch != 1:
            why = f"'{op.name}' still has a batch: run isolate-sample first"
            raise cannot(pass_, why, op.location)
        self.element = element_of(source.type)
        flat = TensorType((self.time, self.features), self.element)
        self.steps = build.value("tensor.reshape", source, type=flat)
        self.length = [
            build.value("tensor.reshape", value, type=element_of(value.type), hint="length")
            for value in segment(op, "lengths")
        ]

    def results(self) -> list[Value]:
        directions = directions_of(self.op.attributes)
        activations = layer_activations(self.op.name, self.op.attributes)
        runs = [self.run(d, directions[d], functions) for d, functions in enumerate(activations)]
        sequence, *states = self.op.result_names
        found = [
            self.stacked(
                [run.sequence for run in runs], (self.time, 1, 1, self.hidden), 1, sequence
            )
        ]
        for name, values in zip(
            states, zip(*(run.states for run in runs), strict=True), strict=True
        ):
            found.append(self.stacked(values, (1, 1, self.hidden), 0, name))
        return found

    def stacked(
        self, values: Sequence[Value], shape: tuple[int | None, ...], axis: int, name: str | None
    ) -> Value:
        """The directions beside each other; alone, one bears the model's name already."""
        type_ = of_shape(shape, self.element)
        parts = [self.build.value("tensor.reshape", value, type=type_) for value in values]
        if len(parts) == 1:
            return parts[0]
        return self.build.value("tensor.concat", *parts, hint=name, axis=axis)

    def run(self, d: int, direction: str, activations: Sequence[Activation]) -> _Run:
        suffix = "" if d == 0 else "_reverse"
        body = Body(self.build, self.element, self.features, self.hidden, suffix)
        names = [part.removeprefix("initial_") for part in self.kind.states]
        states = [body.state(f"{name}p") for name in names]
        region = body.end(CELLS[self.op.name](body, self.cell(d, activations), states))
        initial = [
            self.initial(part, f"{name}0{suffix}", d)
            for part, name in zip(self.kind.states, names, strict=True)
        ]
        scan = self.build.op(
            "rnn.scan",
            [self.steps, *self.length, *initial, *body.captured],
            [TensorType((self.time, self.hidden), self.element), *[body.vector] * len(states)],
            [region],
            self.names(["ys", *names]),
            segments=(1, len(self.length), len(states), len(body.captured)),
            direction=direction,
        )
        sequence, *finals = scan.results
        return _Run(sequence, finals)

    def names(self, own: Sequence[str]) -> list[str]:
        """Those of the model, where it has the results of one direction."""
        if len(directions_of(self.op.attributes)) > 1:
            return list(own)
        return [given or name for given, name in zip(self.op.result_names, own, strict=True)]

    def cell(self, d: int, activations: Sequence[Activation]) -> Cell:
        weights, recurrence = self.array("weights"), self.array("recurrence")
        assert weights is not None and recurrence is not None
        rows = weights.shape[1]
        bias, peepholes = self.array("bias"), self.array("peepholes")
        both = np.zeros(2 * rows, weights.dtype) if bias is None else bias[d]
        return Cell(
            weights[d], recurrence[d], both[:rows], both[rows:],
            None if peepholes is None else peepholes[d], activations, self.op.attributes,
        )  # fmt: skip

    def array(self, part: str) -> np.ndarray | None:
        """The array of all directions behind a part; None where it is not given."""
        for value in segment(self.op, part) if part in self.kind.parts else ():
            array = constant_of(value, self.build.module.resources)
            if array is None:
                why = f"'{self.op.name}' has {part} that no constant gives: computed, or fed in"
                note = "such weights cannot become hardware; store them in the model"
                raise cannot(self.pass_, why, self.op.location, note)
            return array
        return None

    def initial(self, part: str, name: str, d: int) -> Value:
        """The initial state of a direction; zeros where none is given."""
        type_ = TensorType((self.hidden,), self.element)
        for state in segment(self.op, part):
            known = constant_of(state, self.build.module.resources)
            if known is not None:
                return self.build.constant(known[d, 0], type_, name)
            sliced = self.build.value("tensor.slice", state, axis=0, start=d, size=1)
            return self.build.value("tensor.reshape", sliced, type=type_)
        return self.build.constant(np.zeros(self.hidden), type_, name)
