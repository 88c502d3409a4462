"""Scan: a recurrence whose cell is a graph of the model's own."""

from __future__ import annotations

from collections.abc import Sequence

from lstmir.dialects.rnn import sequence_type
from lstmir.frontends.model.messages import Graph
from lstmir.frontends.operators.scope import Scope, by_name, output_names
from lstmir.frontends.operators.table import Call, operator, position
from lstmir.frontends.values.axes import TIME, Axis, describe
from lstmir.frontends.values.folding import Folder
from lstmir.frontends.values.repeating import repeated
from lstmir.frontends.values.values import Computed, Imported
from lstmir.ir.builder import Builder
from lstmir.ir.diagnostics import UserError
from lstmir.ir.operation import Operation
from lstmir.ir.region import Region
from lstmir.ir.types import element_of, of_shape, shape_of

FIRST_OPSET = 9
"""Scan of version 8 has a batch axis and lengths of its own."""


@operator(
    "Scan",
    "values*",
    "body num_scan_inputs scan_input_axes scan_input_directions scan_output_axes"
    " scan_output_directions",
)
def scan(call: Call) -> Sequence[Imported]:
    """States and sequences go into the body, step by step; final states and sequences come out."""
    if call.opset < FIRST_OPSET:
        raise UserError(
            f"is read from version {FIRST_OPSET} of ONNX's operators on, not {call.opset}"
        )
    body = call.node.graph("body")
    if body is None:
        raise UserError("attribute 'body' is missing")
    sequences = call.node.integer("num_scan_inputs", 0)
    if not 1 <= sequences <= len(call.parts):
        raise UserError(
            f"attribute 'num_scan_inputs' must be from 1 to {len(call.parts)}, not {sequences}"
        )
    states = len(call.parts) - sequences
    return _Scan(call, body, call.parts[:states], call.parts[states:]).results()


class _Scan:
    def __init__(
        self, call: Call, body: Graph, states: Sequence[Imported], inputs: Sequence[Imported]
    ) -> None:
        self.call, self.node, self.folder = call, call.node, call.folder
        self.states = [repeated(self.folder, each, call.parts) for each in states]
        self.names = output_names(body)
        self.emitted = len(self.names) - len(states)
        if self.emitted < 0:
            raise UserError(f"the body gives {len(self.names)} value(s) for {len(states)} state(s)")
        self.reverse = self._reverse(len(inputs))
        axes = _list(call, "scan_input_axes", len(inputs), 0)
        self.inputs = [
            self._time_first(repeated(self.folder, each, call.parts), axis)
            for each, axis in zip(inputs, axes, strict=True)
        ]
        self.time = self._time()
        region = Region()
        self.inner = Folder(Builder(self.folder.builder.module, region), self.folder)
        self.scope = Scope(body, self.inner, call.scope.tensors, call.opset, call.scope)
        self.arguments(region, body)

    def arguments(self, region: Region, body: Graph) -> None:
        """The body's parameters: ONNX has states first, the IR has steps first."""
        names = list(by_name(body.input, "input of the body"))
        count = len(self.states)
        if len(names) != count + len(self.inputs):
            raise UserError(
                f"the body has {len(names)} inputs for {count} state(s) and {len(self.inputs)} sequence(s)"
            )
        for name, source in zip(names[count:], self.inputs, strict=True):
            type_ = self.folder.value(source).type
            step = of_shape(shape_of(type_)[1:], element_of(type_))
            argument = region.add_argument(step, name)
            self.scope.values[name] = Computed(argument, source.axes[1:])
        for name, state in zip(names, self.states, strict=False):
            argument = region.add_argument(self.folder.value(state).type, name)
            self.scope.values[name] = Computed(argument, state.axes)

    def results(self) -> list[Imported]:
        arguments = list(self.scope.values.values())
        self.scope.import_nodes(self.names)
        yielded = [
            repeated(self.inner, self.scope.value(name, "the body"), arguments)
            for name in self.names
        ]
        count = len(self.states)
        for name, old, new in zip(self.names, self.states, yielded, strict=False):
            self._check_state(name, old, new)
        values = [self.inner.value(value) for value in yielded]
        self.inner.builder.end("rnn.yield", values, segments=(count, self.emitted))
        op = self._operation()
        sequences = [
            Computed(value, (self.time, *each.axes))
            for value, each in zip(op.results, yielded[count:], strict=False)
        ]
        finals = [
            Computed(value, state.axes)
            for value, state in zip(op.results[self.emitted :], self.states, strict=True)
        ]
        places = _list(self.call, "scan_output_axes", self.emitted, 0)
        return [*finals, *map(self._time_at, sequences, places)]

    def _operation(self) -> Operation:
        captures = self.inner.captures
        operands = [self.folder.value(each) for each in (*self.inputs, *self.states)]
        segments = (len(self.inputs), 0, len(self.states), len(captures))
        direction = {"direction": "reverse"} if self.reverse else {}
        count = len(self.states)
        region = self.inner.builder.region
        yielded = [value.type for value in region.end.operands]
        return self.folder.builder.op(
            "rnn.scan",
            [*operands, *captures],
            [*(sequence_type(self.time.size, each) for each in yielded[count:]), *yielded[:count]],
            [region],
            segments=segments,
            **direction,
        )

    def _check_state(self, name: str, old: Imported, new: Imported) -> None:
        have, given = self.folder.value(old).type, self.inner.value(new).type
        if have != given:
            raise UserError(f"the state '{name}' is {have} before a step and {given} after it")
        for before, after in zip(old.axes, new.axes, strict=True):
            self.folder.roles.unite(before, after)

    def _reverse(self, inputs: int) -> bool:
        """The one direction of all sequences: the IR turns either none or all."""
        found = {
            value
            for name, count in (
                ("scan_input_directions", inputs),
                ("scan_output_directions", self.emitted),
            )
            for value in _list(self.call, name, count, 0)
        }
        if not found <= {0, 1}:
            raise UserError(
                "attributes 'scan_input_directions' and 'scan_output_directions' hold 0 or 1"
            )
        if len(found) > 1:
            raise UserError(
                "attributes 'scan_input_directions' and 'scan_output_directions' must be the same"
                " everywhere: all sequences in and out run forward (0), or all run backward (1)"
            )
        return found == {1}

    def _time_first(self, value: Imported, axis: int) -> Imported:
        axis = position(axis, value.axes)
        rest = [k for k in range(len(value.axes)) if k != axis]
        return self.folder.transpose(value, [axis, *rest])

    def _time(self) -> Axis:
        first = self.inputs[0].axes[0]
        self.folder.roles.mark(first, TIME)
        for source in self.inputs[1:]:
            if source.axes[0].size != first.size:
                shapes = ", ".join(describe(each.axes) for each in self.inputs)
                raise UserError(f"the sequences {shapes} (time first) differ in their steps")
            self.folder.roles.unite(first, source.axes[0])
        return first

    def _time_at(self, value: Computed, axis: int) -> Imported:
        axis = position(axis, value.axes)
        order = [*range(1, axis + 1), 0, *range(axis + 1, len(value.axes))]
        return self.folder.transpose(value, order)


def _list(call: Call, name: str, count: int, default: int) -> list[int]:
    given = call.node.integers(name)
    if given is None:
        return [default] * count
    if len(given) != count:
        raise UserError(f"attribute '{name}' must have {count} entries, not {len(given)}")
    return given
