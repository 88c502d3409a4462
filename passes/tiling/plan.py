"""The whole network as nests: those of each recurrence, and those around them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from lstmir.ir.module import Function, Module
from lstmir.ir.operands import segment
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import element_of
from lstmir.numeric.fixed import MAX_STORED_WIDTH, FixedType, narrowest
from lstmir.numeric.intervals import prefix_bound
from lstmir.passes.tiling.array import Array, Candidate, Walks, ranked_arrays
from lstmir.passes.tiling.nest import Graph, Nest
from lstmir.passes.tiling.own_arrays import balanced_arrays
from lstmir.passes.tiling.views import Piece, Ref, Views
from lstmir.pipeline.passes import Pass, cannot

Key = tuple[object, ...]


@dataclass
class Plan:
    """What a tiled program is written from.

    `around` is the graph of the function, `bodies` have those of the recurrences. `arrays`, the
    `numbers` of those that run the nests of a step, and `depths`, the words of each memory, are chosen
    by `fit`.
    """

    pass_: Pass
    module: Module
    function: Function
    sequences: set[Value]
    views: Views = field(init=False)
    around: Graph = field(init=False)
    bodies: dict[Operation, Graph] = field(default_factory=dict)
    walks: Walks = field(default_factory=Walks)
    arrays: list[Array] = field(default_factory=list)
    numbers: dict[int, int] = field(default_factory=dict)
    depths: defaultdict[Key, int] = field(default_factory=lambda: defaultdict(int))

    def __post_init__(self) -> None:
        self.views = Views(self.sequences)
        self.around = self._graph(self.function.region)
        for op in self.function.region.operations():
            if op.name == "rnn.scan":
                self.bodies[op] = self._body(op)
        for value in self.function.results:
            self._require(value)
        self.around.form()

    def _require(self, value: Value) -> None:
        """Let a value of the function be stored; of a sequence, what it is put together from."""
        op = value.op
        if self.is_index(value):
            self._require(op.operands[0])
        elif value not in self.sequences:
            self.around.require(value)
        elif op.name not in ("region.entry", "rnn.scan"):
            for operand in op.operands:
                self._require(operand)

    def is_index(self, value: Value) -> bool:
        """Whether a value is an index of what leaves: it is found behind all nests."""
        op = value.op
        if op.name == "tensor.reshape":
            return self.is_index(op.operands[0])
        return op.name == "linalg.argmax"

    def _graph(self, region: Region) -> Graph:
        return Graph(self.pass_, self.module, region, self.views)

    def _body(self, scan: Operation) -> Graph:
        """The nests of a recurrence; what it reads from around must be stored there."""
        if segment(scan, "length"):
            why = "the array runs to the end of its packet: a recurrence with a length has no form"
            note = "give the model sequences of their own lengths"
            raise cannot(self.pass_, why, scan.location, note)
        body = self._graph(scan.regions[0])
        for value in body.region.end.operands:
            body.require(value)
        body.form()
        for value in segment(scan, "state"):
            self.around.require(value)
        for value in segment(scan, ""):
            self._require(value)
        for nest in body.nests:
            pieces = [Piece(ref.base, ref.start, nest.size if ref.stride else 1)
                      for expression in nest.roots.values() for ref in expression.loads]  # fmt: skip
            for piece in [*pieces, *(product.vector for product in nest.products)]:
                if piece.base.op.region is self.function.region:
                    self.around.require_piece(piece)
        return body

    @property
    def graphs(self) -> list[Graph]:
        """All graphs."""
        return [*self.bodies.values(), self.around]

    # -- the array --------------------------------------------------------------------------

    def candidates(self, macs: int) -> list[Candidate]:
        """Arrays of at most so many multipliers, what seems to be the best first."""
        return ranked_arrays(self.pass_, macs, self.step, self.around.nests, self.walks)

    @property
    def step(self) -> list[Nest]:
        """The nests of a step, in the order in which they run."""
        return [nest for body in self.bodies.values() for nest in body.nests]

    @property
    def stages(self) -> list[list[Nest]]:
        """Nests of a step that can have an array of their own: what multiplies nothing joins another."""
        found: list[list[Nest]] = [[]]
        for nest in self.step:
            if nest.products and any(other.products for other in found[-1]):
                found.append([])
            found[-1].append(nest)
        return found

    def own_arrays(self, macs: int) -> list[Array]:
        """An array for each stage, all together of at most so many multipliers."""
        waits = any(segment(scan, "state") for scan in self.bodies)
        heads = self.around.nests
        return balanced_arrays(self.pass_, macs, self.stages, heads, self.walks, waits)

    def fit(self, arrays: list[Array]) -> None:
        """Take one array, or one for each stage; make memories deep enough for all that use them."""
        self.arrays = arrays
        if len(arrays) > 1:
            self.numbers = {id(n): k for k, stage in enumerate(self.stages) for n in stage}
        for graph in self.graphs:
            for nest in graph.nests:
                self._deepen(graph, nest)

    def number(self, nest: Nest) -> int:
        """The number of the array that runs a nest; the first one runs all that is around the steps."""
        return self.numbers.get(id(nest), 0)

    def array(self, nest: Nest) -> Array:
        """The array that runs a nest."""
        return self.arrays[self.number(nest)]

    def attribute(self) -> object:
        """The arrays as an attribute of the module."""
        found = tuple(array.attribute() for array in self.arrays)
        return found[0] if len(found) == 1 else found

    def _deepen(self, graph: Graph, nest: Nest) -> None:
        padded = self.padded(nest)
        for product in nest.products:
            walk = self.walks.walk(nest, product, self.array(nest))
            self._reach(graph, product.vector, walk.windows * walk.window)
        for root, expression in nest.roots.items():
            self._reach(graph, root, padded)
            for ref in (*expression.loads, *(ref for _, ref in expression.uses)):
                self._reach(graph, Piece(ref.base, ref.start, 1), padded if ref.stride else 1)

    def padded(self, nest: Nest) -> int:
        """Units of a nest, with those that fill its last group."""
        array = self.array(nest)
        return array.groups(nest) * array.units(nest)

    def _reach(self, graph: Graph, piece: Piece, words: int) -> None:
        key, start = self.place(graph, piece)
        self.depths[key] = max(self.depths[key], start + words, start + piece.size)

    def depth(self, graph: Graph, piece: Piece) -> int:
        """Words of the memory that holds a piece."""
        key, start = self.place(graph, piece)
        return max(self.depths[key], start + piece.size)

    # -- memories ---------------------------------------------------------------------------

    def place(self, graph: Graph, piece: Piece) -> tuple[Key, int]:
        """Which memory holds a piece, and from which word on.

        A state has one memory: as the argument of the body, as what it yields, and behind the scan.
        """
        base, region = piece.base, graph.region
        if base.op.region is not region:
            return self.place(self.around, piece)
        if base.op.name == "rnn.scan":
            states = len(segment(base.op, "state"))
            return ("state", base.op, base.index - len(base.op.results) + states), piece.start
        scan = region.owner
        if scan is not None and base.op is region.entry:
            return ("state", scan, base.index - scan.attributes["segments"][0]), piece.start
        if graph.reader.is_memory(base):
            return ("given", base), piece.start
        root = graph.reader.home(Ref(base, piece.start), 1)
        assert root is not None
        state = self.state_of(graph, root)
        start = piece.start - root.start
        return (("root", root) if state is None else ("state", scan, state)), start

    def state_of(self, graph: Graph, root: Piece) -> int | None:
        """The state whose next value a root is."""
        if graph.region.owner is None:
            return None
        for index, value in enumerate(segment(graph.region.end, "state")):
            if self.views.pieces(value) == [root]:
                return index
        return None

    # -- sums -------------------------------------------------------------------------------

    def sum_type(self, nest: Nest) -> FixedType:
        """The type that holds every partial sum of the actual weights."""
        fractions = [self._fractions(nest, k) for k in range(len(nest.products))]
        frac = max((w + v for w, v in fractions), default=0)
        lows = np.zeros(nest.size * nest.lanes, object)
        highs = lows.copy()
        for product, (weight, vector) in zip(nest.products, fractions, strict=True):
            element = element_of(product.vector.base.type)
            assert isinstance(element, FixedType)
            lo, hi = prefix_bound(product.array, element.min_int, element.max_int)
            shift = frac - weight - vector
            lows = lows + (np.array(lo, object) << shift)
            highs = highs + (np.array(hi, object) << shift)
        type_ = narrowest(min(lows, default=0), max(highs, default=0), frac)
        if type_.width > MAX_STORED_WIDTH:
            first = next(iter(nest.roots)).base
            why = (
                f"the sums of '{first.name}' need {type_.width} bits, the array has "
                f"{MAX_STORED_WIDTH}"
            )
            raise cannot(self.pass_, why, first.op.location, "give assign-bitwidths fewer bits")
        return type_

    def _fractions(self, nest: Nest, index: int) -> tuple[int, int]:
        product = nest.products[index]
        weights, vector = element_of(product.type), element_of(product.vector.base.type)
        assert isinstance(weights, FixedType) and isinstance(vector, FixedType)
        return weights.frac, vector.frac
