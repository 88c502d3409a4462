"""Writes the loop nests of a recurrent network for a chosen array."""

from __future__ import annotations

import numpy as np

from lstmir.ir.builder import Builder
from lstmir.ir.module import Function, Module
from lstmir.ir.operands import constant_of, segment
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import TensorType, Type, element_of, shape_of
from lstmir.numeric.fixed import MAX_STORED_WIDTH, FixedType, narrowest
from lstmir.numeric.geometry import TileShape
from lstmir.numeric.intervals import prefix_bound
from lstmir.numeric.packing import pack_rows
from lstmir.passes.tiling.array import Array, Matrices
from lstmir.passes.tiling.cell import Accumulation, Cell, outermost
from lstmir.passes.tiling.empty import bias_of
from lstmir.passes.tiling.loops import Loop, close_loop, open_loop, write_walk
from lstmir.passes.tiling.tail import Tail, TailSources, outside_vectors
from lstmir.pipeline.passes import Pass, cannot


class NestBuilder:
    """Rewrites one function; shared constants are made once."""

    def __init__(
        self, pass_: Pass, module: Module, cell: Cell, behind: Accumulation, array: Array,
        matrices: Matrices,
    ) -> None:  # fmt: skip
        self.pass_, self.module, self.cell, self.array = pass_, module, cell, array
        self.behind, self.matrices = behind, matrices
        self.region = Region()
        self.build = Builder(module, self.region)
        self.constants: dict[Value, Value] = {}

    def function(self, function: Function) -> Function:
        """The tiled function: one scan of loop nests, then the loop nest of the head."""
        source = function.parameters[0]
        x = self.region.add_argument(source.type, source.name)
        states = self.scan(x)
        result = self.head(states)
        self.build.end("return", [result])
        return Function(function.name, self.region, function.attributes, function.location)

    # -- memories ---------------------------------------------------------------------------

    def depth(self, vector: Value) -> int:
        """Words of the memory that holds a vector: all windows of the walks over it, all units."""
        walks = [
            self.matrices.walk(product.matrix, self.array, self.cell.gates)
            for product in self.cell.accumulation.products
            if product.vector == vector
        ]
        if vector == self.state_behind():
            matrix = self.behind.products[0].matrix
            walks.append(self.matrices.walk(matrix, self.array, 1))
        sizes = [walk.windows * walk.window for walk in walks]
        if vector in self.cell.states:
            units = self.array.units
            sizes.append(-(-self.cell.hidden // units) * units)
        return max([*sizes, shape_of(vector.type)[0] or 0])

    def state_behind(self) -> Value:
        """The state whose last value the head multiplies."""
        emits = len(self.cell.scan.results) - len(self.cell.states)
        return self.cell.states[self.behind.products[0].vector.index - emits]

    def constant(self, value: Value) -> Value:
        """A constant of the old function in the new one."""
        source = outermost(value)
        if source not in self.constants:
            copy = Operation(
                source.op.name, source.op.result_types, dict(source.op.attributes), (),
                source.op.result_names, source.op.location,
            )  # fmt: skip
            self.constants[source] = self.region.insert(copy).result
        return self.constants[source]

    def padded(self, value: Value, size: int, name: str) -> Value:
        """A constant vector as a memory of `size` words."""
        array = constant_of(value, self.module.resources)
        assert array is not None
        memory = np.zeros(size, array.dtype)
        memory[: len(array)] = array
        return self.build.constant(memory, TensorType((size,), element_of(value.type)), name)

    def pad_vectors(self, vectors: list[Value]) -> None:
        """Lengthen the vectors of the tail for the units that fill the last group."""
        units = self.array.units
        missing = -self.cell.hidden % units
        for value in map(outermost, vectors):
            size = shape_of(value.type)[0] or 0
            if missing:
                self.constants[value] = self.padded(value, size + missing, f"{value.name}_padded")

    def accumulators(self, sums: Accumulation, gates: int) -> tuple[FixedType, Value]:
        """The type that holds every partial sum of the actual weights, and the first values."""
        frac = _fixed(sums.value.type).frac
        bias = bias_of(self.module, sums)
        lows, highs = bias.copy(), bias.copy()
        for product in sums.products:
            weights = constant_of(product.matrix, self.module.resources)
            vector, matrix = _fixed(product.vector.type), _fixed(product.matrix.type)
            assert weights is not None
            lo, hi = prefix_bound(weights, vector.min_int, vector.max_int)
            shift = frac - vector.frac - matrix.frac
            lows = lows + (np.array(lo, object) << shift)
            highs = highs + (np.array(hi, object) << shift)
        type_ = narrowest(min(lows), max(highs), frac)
        if type_.width > MAX_STORED_WIDTH:
            why = f"the sums of '{sums.value.name}' need {type_.width} bits, the array has {MAX_STORED_WIDTH}"
            raise cannot(
                self.pass_, why, sums.value.op.location, "give assign-bitwidths fewer bits"
            )
        first = pack_rows(bias, TileShape(self.array.rows, 1, gates))
        memory = TensorType(first.shape, type_)
        return type_, self.build.constant(first.astype(np.int64), memory, "first_sums")

    # -- loops ------------------------------------------------------------------------------

    def scan(self, x: Value) -> dict[Value, Value]:
        """The recurrence; gives the final memory of each state."""
        cell = self.cell
        inits = [
            self.padded(value, self.depth(state), f"{state.name}_init")
            for state, value in zip(cell.states, segment(cell.scan, "state"), strict=True)
        ]
        tables, vectors = outside_vectors(cell, self.module.resources)
        self.pad_vectors(vectors)
        outside = [self.constant(p.matrix) for p in cell.accumulation.products]
        sum_type, first = self.accumulators(cell.accumulation, cell.gates)
        outside += [first, *map(self.constant, [*tables, *vectors])]
        region = Region(
            [_step(x), *(v.type for v in inits), *(v.type for v in outside)],
            [cell.inputs[0].name, *(s.name for s in cell.states), *(v.name for v in outside)],
        )
        op = Operation(
            "rnn.scan", [v.type for v in inits], {"segments": (1, 0, len(inits), len(outside))},
            [region], [s.name for s in cell.states],
        )  # fmt: skip
        self.region.insert(op, [x, *inits, *outside])
        body = Builder(self.module, region)
        step, *rest = region.arguments
        states = dict(zip(cell.states, rest[: len(inits)], strict=True))
        captures = dict(zip(outside, rest[len(inits) :], strict=True))
        finals = self.groups(body, step, states, captures, sum_type, first, tables, vectors)
        body.end("rnn.yield", finals, segments=(len(finals), 0))
        return dict(zip(cell.states, op.results, strict=True))

    def groups(
        self, body: Builder, step: Value, states: dict[Value, Value],
        captures: dict[Value, Value], sum_type: FixedType, first: Value,
        tables: list[Value], vectors: list[Value],
    ) -> list[Value]:  # fmt: skip
        """The loop over groups of hidden units: sums, then the tail of each unit."""
        cell, units = self.cell, self.array.units
        memories = {cell.inputs[0]: self.as_memory(body, cell.inputs[0], step), **states}
        groups = -(-cell.hidden // units)
        loop = open_loop(
            body, groups, [(f"{s.name}_next", states[s]) for s in cell.states],
            [*(memories[p.vector] for p in cell.accumulation.products), *captures.values()], "group",
        )  # fmt: skip
        seen = {old: loop.inside[new] for old, new in captures.items()}
        sums = loop.build.value(
            "tile.load", seen[first], loop.index, hint="sums", base=0, strides=(1,)
        )
        for product in cell.accumulation.products:
            walk = self.matrices.walk(product.matrix, self.array, cell.gates)
            matrix = seen[self.constant(product.matrix)]
            vector = loop.inside[memories[product.vector]]
            sums = write_walk(loop, loop.index, sums, matrix, vector, walk)
        inner = open_loop(
            loop.build, units,
            [(f"{s.name}_next", v) for s, v in zip(cell.states, loop.carried, strict=True)],
            [sums, loop.index, *(seen[self.constant(v)] for v in [*tables, *vectors])], "unit",
        )  # fmt: skip
        finals = self.tail(inner, sums, loop.index, seen, tables, vectors)
        return list(close_loop(loop, list(close_loop(inner, finals))))

    def tail(
        self, loop: Loop, sums: Value, group: Value, seen: dict[Value, Value],
        tables: list[Value], vectors: list[Value],
    ) -> list[Value]:  # fmt: skip
        """One hidden unit: from its sums to its next states."""
        units = self.array.units
        inside = loop.inside
        states = dict(zip(self.cell.states, loop.carried, strict=True))
        sources = TailSources(
            inside[sums], states,
            {v: inside[seen[self.constant(v)]] for v in vectors},
            {v: inside[seen[self.constant(v)]] for v in tables},
            inside[group], loop.index, units,
        )  # fmt: skip
        tail = Tail(self.pass_, self.cell, loop.build, sources)
        words = [tail.scalar(value) for value in self.cell.next_states]
        return [
            loop.build.value(
                "tile.store", memory, word, inside[group], loop.index,
                hint=f"{state.name}_stored", base=0, strides=(units, 1),
            )
            for (state, memory), word in zip(states.items(), words, strict=True)
        ]  # fmt: skip

    def as_memory(self, build: Builder, vector: Value, step: Value) -> Value:
        """An input of a step as a memory of whole windows."""
        depth = self.depth(vector)
        if (depth,) == shape_of(step.type):
            return step
        return build.value("tile.pad", step, hint=f"{vector.name}_memory", size=depth)

    def head(self, states: dict[Value, Value]) -> Value:
        """The matrix behind the recurrence, on the same array."""
        head, rows = self.behind, self.array.rows
        memory = states[self.state_behind()]
        matrix = self.constant(head.products[0].matrix)
        walk = self.matrices.walk(head.products[0].matrix, self.array, 1)
        sum_type, first = self.accumulators(head, 1)
        groups = shape_of(first.type)[0] or 0
        element = _fixed(head.value.type)
        type_ = TensorType((groups, rows), sum_type)
        zeros = self.build.constant(np.zeros((groups, rows)), type_, "no_sums")
        loop = open_loop(self.build, groups, [("rows", zeros)], [memory, matrix, first], "group")
        sums = loop.build.value(
            "tile.load", loop.inside[first], loop.index, hint="sums", base=0, strides=(1,)
        )
        inside = loop.inside
        sums = write_walk(loop, loop.index, sums, inside[matrix], inside[memory], walk)
        stored = loop.build.value(
            "tile.store", loop.carried[0], sums, loop.index, hint="rows", base=0, strides=(1,)
        )
        (stored,) = close_loop(loop, [stored])
        flat = TensorType((groups * rows,), sum_type)
        vector = self.build.value("tensor.reshape", stored, type=flat)
        count = shape_of(head.value.type)[0] or 0
        assert element.frac == sum_type.frac
        return self.first_words(vector, count, head.value.name)

    def first_words(self, vector: Value, count: int, name: str | None) -> Value:
        """A memory without its padding."""
        if shape_of(vector.type) == (count,):
            return vector
        return self.build.value("tensor.slice", vector, hint=name, axis=0, start=0, size=count)


def _fixed(type_: Type) -> FixedType:
    element = element_of(type_)
    assert isinstance(element, FixedType)
    return element


def _step(x: Value) -> Type:
    assert isinstance(x.type, TensorType)
    return TensorType(x.type.shape[1:], x.type.element)
