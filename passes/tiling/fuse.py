"""Brings recurrences together that can run in the same steps, with all that happens between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from lstmir.ir.builder import Builder
from lstmir.ir.captures import add_capture
from lstmir.ir.module import Function, Module
from lstmir.ir.operands import captured_value, segment
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.steps import width_of
from lstmir.ir.types import TensorType, element_of, of_shape, shape_of
from lstmir.passes.tiling.grouping import Group, Grouping, state_of
from lstmir.passes.tiling.sequences import emits_of, has_steps, is_elementwise


def fuse_recurrences(module: Module, function: Function) -> Function:
    """The function with as few recurrences as its data allow; what is done to sequences is done in them.

    Layers that run in one direction, with nothing but work on single steps between them, become one
    recurrence. The last step of a sequence becomes a state.
    """
    grouping = Grouping(function)
    return _Rewrite(module, function, grouping).run()


class _Rewrite:
    """Writes the function anew, from its results back."""

    def __init__(self, module: Module, function: Function, grouping: Grouping) -> None:
        self.module, self.function, self.grouping = module, function, grouping
        self.region = Region(
            [value.type for value in function.parameters],
            [value.name for value in function.parameters],
        )
        self.build = Builder(module, self.region)
        self.values = dict(zip(function.parameters, self.region.arguments, strict=True))
        self.finals: dict[Value, Value] = {}

    def run(self) -> Function:
        old = self.function
        self.build.end("return", [self.value(value) for value in old.results])
        return Function(old.name, self.region, old.attributes, old.location)

    def value(self, value: Value) -> Value:
        """A value of the old function in the new one."""
        if value not in self.values:
            op, grouping = value.op, self.grouping
            if op.name == "rnn.scan":
                self.group(grouping.groups[grouping.of[op]])
            elif grouping.is_final(value):
                self.values[value] = self.reshaped(
                    self.build, self.final(op.operands[0]), shape_of(value.type)
                )
            elif value in grouping.sequences and is_elementwise(op):
                self.group(grouping.groups[grouping.group_of(value)])
            else:
                self.values[value] = self.clone(op, [self.value(v) for v in op.operands])
        return self.values[value]

    def clone(self, op: Operation, operands: Sequence[Value]) -> Value:
        """An operation as it is."""
        new = Operation(
            op.name, op.result_types, dict(op.attributes), (), op.result_names, op.location
        )
        return self.region.insert(new, operands).results[0]

    def final(self, value: Value) -> Value:
        """The last step of a sequence, as what it is made of gives it."""
        if value not in self.grouping.sequences:
            return self.value(value)
        op, words = value.op, self.grouping.words[value]
        if [each.source for each in words] != [value]:
            parts = [
                self.build.value("tensor.slice", flat, axis=0, start=start, size=size)
                for source, start, size in words
                for flat in [self.reshaped(self.build, self.final(source), (width_of(source),))]
            ]
            joined = self.build.value("tensor.concat", *parts, axis=0) if parts[1:] else parts[0]
            return self.reshaped(self.build, joined, shape_of(value.type)[1:])
        if op.name != "rnn.scan":
            return one_step(self.build, value, [self.final(operand) for operand in op.operands])
        state = state_of(value)
        if state is not None:
            return self.value(Value(op, emits_of(op) + state))
        if value not in self.finals:
            self.group(self.grouping.groups[self.grouping.of[op]])
        return self.finals[value]

    @staticmethod
    def reshaped(build: Builder, source: Value, shape: tuple[int | None, ...]) -> Value:
        """The elements of a value in another shape."""
        if shape_of(source.type) == shape:
            return source
        type_ = of_shape(shape, element_of(source.type))
        return build.value("tensor.reshape", source, type=type_, hint=source.name)

    # -- recurrences ------------------------------------------------------------------------

    def group(self, group: Group) -> None:
        """Write the recurrences of a group as one."""
        leaves = dict.fromkeys(self.leaves(group))
        inputs = [self.value(leaf) for leaf in leaves]
        initial = [self.value(value) for scan in group.scans for value in segment(scan, "state")]
        zeros = [self.zeros(value) for value in group.finals]
        lengths = [self.value(v) for scan in group.scans[:1] for v in segment(scan, "length")]
        states = [*initial, *zeros]
        names = [a.name for scan in group.scans for a in _held(scan)] + [
            v.name for v in group.finals
        ]
        region = Region(
            [*(_step_type(value) for value in inputs), *(value.type for value in states)],
            [*(_step_name(group, leaf) for leaf in leaves), *names],
        )
        new = Operation(
            "rnn.scan", (), {"segments": (len(inputs), len(lengths), len(states), 0)}, [region],
            location=group.scans[0].location if group.scans else None,
        )  # fmt: skip
        if group.direction is not None:
            new.attributes["direction"] = group.direction
        self.region.insert(new, [*inputs, *lengths, *states])
        body = _Body(self, group, new, dict(zip(leaves, region.arguments, strict=False)))
        self.finish(group, new, body)

    def leaves(self, group: Group) -> Iterator[Value]:
        """The sequences that a group reads."""
        own = set(group.scans)
        read = [value for scan in group.scans for value in segment(scan, "")]
        for value in [*read, *group.emits]:
            for leaf in self.grouping.sources(value):
                if leaf.op not in own:
                    yield leaf

    def zeros(self, value: Value) -> Value:
        """Where a state starts that is overwritten in each step."""
        type_ = TensorType(shape_of(value.type)[1:], element_of(value.type))
        array = np.zeros(type_.static_shape, np.int64)
        return self.build.constant(array, type_, f"{value.name or 'last'}_0")

    def finish(self, group: Group, new: Operation, body: _Body) -> None:
        """What the group yields, under the names that it had."""
        held = [v for scan in group.scans for v in segment(scan.regions[0].end, "state")]
        states = [body.inside[value] for value in held] + [body.step(v) for v in group.finals]
        emits = [body.step(value) for value in group.emits]
        body.build.end("rnn.yield", [*states, *emits], segments=(len(states), len(emits)))
        time = shape_of(new.operands[0].type)[0]
        new.result_types = [
            *(of_shape((time, *shape_of(v.type)), element_of(v.type)) for v in emits),
            *(value.type for value in states),
        ]
        finals = [
            Value(scan, emits_of(scan) + k) for scan in group.scans for k in range(len(_held(scan)))
        ]
        new.result_names = [value.name for value in (*group.emits, *finals, *group.finals)]
        results = iter(new.results)
        self.values.update((value, next(results)) for value in (*group.emits, *finals))
        self.finals.update((value, next(results)) for value in group.finals)
        for scan in group.scans:  # emitted, but for nobody outside
            for value in scan.results:
                self.values.setdefault(value, new.results[-1])


class _Body:
    """The body of a group: those of its recurrences, one behind the other."""

    def __init__(
        self, rewrite: _Rewrite, group: Group, owner: Operation, steps: dict[Value, Value]
    ) -> None:  # fmt: skip
        self.rewrite, self.group, self.owner, self.steps = rewrite, group, owner, steps
        self.region = owner.regions[0]
        self.build = Builder(rewrite.module, self.region)
        self.inside: dict[Value, Value] = {}
        first = owner.attributes["segments"][0]
        for scan in group.scans:
            held = _held(scan)
            self.inside.update(zip(held, self.region.arguments[first:], strict=False))
            first += len(held)
        for scan in group.scans:
            self.body(scan)

    def body(self, scan: Operation) -> None:
        """The operations of one recurrence."""
        old = scan.regions[0]
        for argument, value in zip(old.arguments, segment(scan, ""), strict=False):
            self.inside[argument] = self.step(value)
        for op in old.operations():
            if op is old.end:
                continue
            new = Operation(
                op.name, op.result_types, dict(op.attributes), (), op.result_names, op.location
            )
            self.region.insert(new, [self.seen(value) for value in op.operands])
            self.inside.update(zip(op.results, new.results, strict=True))
        for value in old.end.operands:
            self.inside[value] = self.seen(value)

    def seen(self, value: Value) -> Value:
        """A value of an old body."""
        if value not in self.inside:
            outer = captured_value(value)
            assert outer is not None
            self.inside[value] = add_capture(self.owner, self.rewrite.value(outer), value.name)
        return self.inside[value]

    def step(self, value: Value) -> Value:
        """A step of a sequence, or something else of the function."""
        if value not in self.steps:
            self.steps[value] = self._step(value)
        return self.steps[value]

    def _step(self, value: Value) -> Value:
        op, grouping = value.op, self.rewrite.grouping
        if value not in grouping.sequences:
            return add_capture(self.owner, self.rewrite.value(value))
        if op.name == "rnn.scan":
            return self.inside[segment(op.regions[0].end, "emit")[value.index]]
        return one_step(self.build, value, [self.step(operand) for operand in op.operands])


def one_step(build: Builder, value: Value, operands: list[Value]) -> Value:
    """What an operation does to each step of sequences, done to one step."""
    op = value.op
    attributes = dict(op.attributes)
    if "axis" in attributes:
        attributes["axis"] -= 1
    if op.name == "tensor.transpose":
        attributes["order"] = tuple(axis - 1 for axis in attributes["order"][1:])
    if is_elementwise(op):
        # What has no steps, but as many axes, has one axis too many now.
        operands = [
            _without_first_axis(build, new)
            if not has_steps(old, value) and len(shape_of(old.type)) == len(shape_of(value.type))
            else new
            for old, new in zip(op.operands, operands, strict=True)
        ]
    type_ = of_shape(shape_of(value.type)[1:], element_of(value.type))
    return build.value(op.name, *operands, type=type_, hint=value.name, **attributes)


def _without_first_axis(build: Builder, value: Value) -> Value:
    type_ = of_shape(shape_of(value.type)[1:], element_of(value.type))
    return build.value("tensor.reshape", value, type=type_, hint=value.name)


def _held(scan: Operation) -> tuple[Value, ...]:
    inputs = len(segment(scan, ""))
    return scan.regions[0].arguments[inputs : inputs + len(segment(scan, "state"))]


def _step_type(sequence: Value) -> TensorType:
    assert isinstance(sequence.type, TensorType)
    return TensorType(sequence.type.shape[1:], sequence.type.element)


def _step_name(group: Group, leaf: Value) -> str | None:
    """What the first recurrence that reads a sequence calls its step."""
    for scan in group.scans:
        for argument, value in zip(scan.regions[0].arguments, segment(scan, ""), strict=False):
            if value == leaf:
                return argument.name
    return leaf.name
