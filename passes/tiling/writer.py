"""Writes the tiled program: nests, recurrences, and what the function returns."""

from __future__ import annotations

from lstmir.ir.builder import Builder
from lstmir.ir.module import Function
from lstmir.ir.operands import segment
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.steps import width_of
from lstmir.ir.types import TensorType, Type, element_of, shape_of
from lstmir.passes.tiling.constants import Constants
from lstmir.passes.tiling.loops import inside
from lstmir.passes.tiling.nest import Graph, Nest
from lstmir.passes.tiling.nests import NestWriter, Scope
from lstmir.passes.tiling.plan import Plan
from lstmir.passes.tiling.views import Piece, Ref, size_of


class Writer:
    """Rewrites one function by a plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.module = plan, plan.module
        self.region = Region()
        self.build = Builder(self.module, self.region)
        self.constants = Constants(plan.module.resources, self.build)
        self.around = Scope(plan.around, self.build)
        self.restored: dict[Value, Value] = {}

    def function(self) -> Function:
        """The tiled function."""
        old = self.plan.function
        for parameter in old.parameters:
            self.restored[parameter] = self.region.add_argument(parameter.type, parameter.name)
        for op in old.region.operations():
            if op.name == "rnn.scan":
                self.scan(op)
        for nest in self.around.graph.nests:
            self.ensure(self.around, nest)
        self.build.end("return", [self.restore(value) for value in old.results])
        return Function(old.name, self.region, old.attributes, old.location)

    # -- memories ---------------------------------------------------------------------------

    def memory(self, scope: Scope, piece: Piece, region: Region) -> tuple[Value, int]:
        """The memory that holds a piece, as a region sees it, and the word where it begins."""
        base, graph = piece.base, scope.graph
        if base.op.region is not graph.region:
            return self.memory(self.around, piece, region)
        if graph.reader.is_memory(base):
            return inside(region, self.as_given(scope, base)), piece.start
        root = graph.reader.home(Ref(base, piece.start), 1)
        assert root is not None
        self.ensure(scope, next(nest for nest in graph.nests if root in nest.roots))
        return inside(region, scope.made[root]), piece.start - root.start

    def as_given(self, scope: Scope, base: Value) -> Value:
        """A value that is there from the start, as a memory that is deep enough."""
        if base not in scope.given:
            depth = self.plan.depth(scope.graph, Piece(base, 0, size_of(base)))
            scope.given[base] = self.fit(
                scope.build, self.flat(self.build, self.restore(base)), depth
            )
        return scope.given[base]

    def flat(self, build: Builder, value: Value) -> Value:
        """A value as a vector."""
        if len(shape_of(value.type)) == 1:
            return value
        type_ = TensorType((size_of(value),), element_of(value.type))
        return build.value("tensor.reshape", value, type=type_, hint=value.name)

    def fit(self, build: Builder, value: Value, depth: int) -> Value:
        """The first words of a memory, or zeros behind it."""
        (words,) = shape_of(value.type)
        assert words is not None
        if words == depth:
            return value
        if words > depth:
            return build.value("tensor.slice", value, hint=value.name, axis=0, start=0, size=depth)
        return build.value("tile.pad", value, hint=f"{value.name or 'x'}_memory", size=depth)

    def restore(self, value: Value) -> Value:
        """A value of the old function with its own shape, without any padding."""
        if value not in self.restored:
            self.restored[value] = self._restore(value)
        return self.restored[value]

    def _restore(self, value: Value) -> Value:
        op, build = value.op, self.build
        if op.name == "tensor.constant":
            return self.constants.copy(value)
        cut = value in self.plan.sequences or bool(self.plan.sequences & set(op.operands))
        cut = cut or self.plan.is_index(value)
        if cut and op.name != "rnn.scan":
            operands = [self.restore(operand) for operand in op.operands]
            return build.value(
                op.name, *operands, type=value.type, hint=value.name, **op.attributes
            )
        if op.name == "rnn.scan" and value in self.plan.sequences:
            return self.emitted(value)
        parts = []
        for piece in self.plan.views.pieces(value):
            memory, start = self.memory(self.around, piece, self.region)
            if shape_of(memory.type) != (piece.size,):
                memory = build.value(
                    "tensor.slice", memory, hint=value.name, axis=0, start=start, size=piece.size
                )
            parts.append(memory)
        whole = parts[0] if len(parts) == 1 else build.value("tensor.concat", *parts, axis=0)
        if whole.type == value.type:
            return whole
        return build.value("tensor.reshape", whole, type=value.type, hint=value.name)

    def emitted(self, value: Value) -> Value:
        """An emitted sequence without the words behind each step."""
        sequence = self.around.given[value]
        size = width_of(value)
        if shape_of(sequence.type)[1:] != (size,):
            sequence = self.build.value(
                "tensor.slice", sequence, hint=value.name, axis=1, start=0, size=size
            )
        if sequence.type == value.type:
            return sequence
        return self.build.value("tensor.reshape", sequence, type=value.type, hint=value.name)

    # -- recurrences ------------------------------------------------------------------------

    def scan(self, old: Operation) -> None:
        """A recurrence: its nests in the order of their dependences."""
        graph = self.plan.bodies[old]
        count = old.attributes["segments"][0]
        arguments = graph.region.arguments[: count + old.attributes["segments"][2]]
        sequences = [self.sequence(value) for value in segment(old, "")]
        states = [
            self.initial(graph, argument, value)
            for argument, value in zip(arguments[count:], segment(old, "state"), strict=True)
        ]
        region = Region(
            [*map(_step, sequences), *(value.type for value in states)],
            [argument.name for argument in arguments],
        )
        attributes = {k: v for k, v in old.attributes.items() if k != "segments"}
        new = Operation(
            "rnn.scan", (), {**attributes, "segments": (count, 0, len(states), 0)}, [region],
            location=old.location,
        )  # fmt: skip
        self.region.insert(new, [*sequences, *states])
        scope = Scope(graph, Builder(self.module, region))
        for argument, inner in zip(arguments, region.arguments, strict=True):
            depth = self.plan.depth(graph, Piece(argument, 0, size_of(argument)))
            scope.given[argument] = self.fit(scope.build, self.flat(scope.build, inner), depth)
        for nest in graph.nests:
            self.ensure(scope, nest)
        self.end(scope, old, new)

    def end(self, scope: Scope, old: Operation, new: Operation) -> None:
        """What the body yields, and what the scan gives for it."""
        region, graph = scope.build.region, scope.graph
        end, count = graph.region.end, len(segment(graph.region.end, "state"))
        first = len(segment(old, ""))
        arguments = region.arguments[first : first + count]
        states = [
            self.fit(scope.build, self.stored(scope, value), shape_of(argument.type)[0] or 0)
            for value, argument in zip(end.operands[:count], arguments, strict=True)
        ]
        emits = [self.stored(scope, value) for value in end.operands[count:]]
        scope.build.end("rnn.yield", [*states, *emits], segments=(count, len(emits)))
        time = shape_of(new.operands[0].type)[0]
        new.result_types = [
            *(TensorType((time, *shape_of(v.type)), element_of(v.type)) for v in emits),
            *(value.type for value in states),
        ]
        new.result_names = list(old.result_names)
        self.around.given.update(zip(old.results, new.results, strict=True))

    def stored(self, scope: Scope, value: Value) -> Value:
        """The memory of a value that the body yields."""
        pieces = self.plan.views.pieces(value)
        region = scope.build.region
        if len(pieces) == 1 and pieces[0].base.op.name == "tensor.constant":
            return inside(
                region, self.constants.padded(pieces[0].base, pieces[0], size_of(value), "held")
            )
        found = [self.memory(scope, piece, region) for piece in pieces]
        if len(found) == 1 and found[0][1] == 0:
            return found[0][0]
        parts = [
            scope.build.value("tensor.slice", memory, axis=0, start=start, size=piece.size)
            for (memory, start), piece in zip(found, pieces, strict=True)
        ]
        return parts[0] if len(parts) == 1 else scope.build.value("tensor.concat", *parts, axis=0)

    def sequence(self, value: Value) -> Value:
        """What a scan reads: an emitted sequence may have words behind each step."""
        given = self.around.given.get(value)
        return self.restore(value) if given is None else given

    def initial(self, graph: Graph, argument: Value, value: Value) -> Value:
        """The memory with which a state starts."""
        depth = self.plan.depth(graph, Piece(argument, 0, size_of(argument)))
        pieces = self.plan.views.pieces(value)
        if len(pieces) == 1 and pieces[0].base.op.name == "tensor.constant":
            return self.constants.padded(pieces[0].base, pieces[0], depth, f"{argument.name}_init")
        return self.fit(self.build, self.flat(self.build, self.restore(value)), depth)

    def ensure(self, scope: Scope, nest: Nest) -> None:
        """Write a nest, unless it is there."""
        if not any(nest is written for written in scope.written):
            NestWriter(self.plan, self.constants, scope, self.memory).write(nest)
            scope.written.append(nest)


def _step(sequence: Value) -> Type:
    assert isinstance(sequence.type, TensorType)
    return TensorType(sequence.type.shape[1:], sequence.type.element)
