"""Writes one nest: the loop over groups, the walks, and the loop over units."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from lstmir.ir.builder import Builder
from lstmir.ir.operation import Value
from lstmir.ir.region import Region
from lstmir.ir.types import element_of
from lstmir.numeric.fixed import FixedType
from lstmir.passes.tiling.constants import Constants
from lstmir.passes.tiling.loops import Loop, close_loop, inside, open_loop, write_walk
from lstmir.passes.tiling.nest import Graph, Nest
from lstmir.passes.tiling.plan import Plan
from lstmir.passes.tiling.tail import Address, Sources, Tail
from lstmir.passes.tiling.views import Piece, Ref


@dataclass
class Scope:
    """A region under construction, and the memories that stand for values of the old one.

    `given` are there from the start, `made` hold roots.
    """

    graph: Graph
    build: Builder
    given: dict[Value, Value] = field(default_factory=dict)
    made: dict[Piece, Value] = field(default_factory=dict)
    written: list[Nest] = field(default_factory=list)


Find = Callable[[Scope, Piece, Region], tuple[Value, int]]
"""The memory that holds a piece, as a region sees it, and the word where it begins."""


class NestWriter:
    """Writes nests into a scope; what they read is found by `find`."""

    def __init__(self, plan: Plan, constants: Constants, scope: Scope, find: Find) -> None:
        self.plan, self.constants, self.scope, self.find = plan, constants, scope, find

    def write(self, nest: Nest) -> None:
        """A loop over groups of units: sums, then the tail of each unit."""
        plan, scope = self.plan, self.scope
        array = plan.array(nest)
        units = array.units(nest)
        vectors = [self.find(scope, p.vector, scope.build.region) for p in nest.products]
        starts = [(self.hint(root), self.start(root)) for root in nest.roots]
        loop = open_loop(scope.build, array.groups(nest), starts, "group")
        sums = self.sums(nest, loop, vectors) if nest.products else None
        hints = [(hint, value) for (hint, _), value in zip(starts, loop.carried, strict=True)]
        inner = open_loop(loop.build, units, hints, "unit")
        words = self.words(nest, loop, inner, sums)
        stored = [
            inner.build.value(
                "tile.store", memory, word, inner.inside(loop.index), inner.index,
                hint=f"{hint.removesuffix('_next')}_stored", base=0, strides=(units, 1),
            )
            for memory, word, (hint, _) in zip(inner.carried, words, hints, strict=True)
        ]  # fmt: skip
        results = close_loop(loop, list(close_loop(inner, stored)))
        if plan.number(nest):
            results[0].op.attributes["array"] = plan.number(nest)
        scope.made.update(zip(nest.roots, results, strict=True))

    # -- what the loops carry ---------------------------------------------------------------

    def argument(self, root: Piece) -> Value | None:
        """The state, as the body gets it, whose next value a root is."""
        graph = self.scope.graph
        state = self.plan.state_of(graph, root)
        if state is None or graph.region.owner is None:
            return None
        first: int = graph.region.owner.attributes["segments"][0]
        return graph.region.arguments[first + state]

    def hint(self, root: Piece) -> str:
        """What a memory is called while a nest writes it."""
        argument = self.argument(root)
        name = root.base.name if argument is None else f"{argument.name}_next"
        return name or "word"

    def start(self, root: Piece) -> Value:
        """The memory that a nest overwrites: that of the state, or zeros."""
        argument = self.argument(root)
        if argument is not None:
            return self.scope.given[argument]
        depth, element = self.plan.depth(self.scope.graph, root), element_of(root.base.type)
        assert isinstance(element, FixedType)
        zeros = self.constants.zeros(depth, element, f"{root.base.name or 'word'}_zeros")
        return inside(self.scope.build.region, zeros)

    # -- walks ------------------------------------------------------------------------------

    def sums(self, nest: Nest, loop: Loop, vectors: list[tuple[Value, int]]) -> Value:
        """The sums of a group: zeros, and all products."""
        plan = self.plan
        array = plan.array(nest)
        rows = array.units(nest) * nest.lanes
        sums = loop.inside(self.constants.zeros(rows, plan.sum_type(nest), "zeros"))
        for product, (memory, start) in zip(nest.products, vectors, strict=True):
            walk = plan.walks.walk(nest, product, array)
            matrix = loop.inside(self.constants.matrix(product))
            sums = write_walk(loop, sums, matrix, loop.inside(memory), start, walk)
        return sums

    # -- the tail ---------------------------------------------------------------------------

    def words(self, nest: Nest, loop: Loop, inner: Loop, sums: Value | None) -> list[Value]:
        """The words of one unit."""
        tables = dict.fromkeys(t for e in nest.roots.values() for t in e.tables)
        sources = Sources(
            None if sums is None else inner.inside(sums),
            self.addresses(nest, inner),
            {table: self.constants.copy(table) for table in tables},
            inner.inside(loop.index), inner.index, self.plan.array(nest).units(nest),
        )  # fmt: skip
        tail = Tail(inner, self.scope.graph.reader, nest, sources)
        return [tail.word(root) for root in nest.roots]

    def addresses(self, nest: Nest, inner: Loop) -> dict[Ref, Address]:
        """Where the tail finds the words of memories and constants."""
        found: dict[Ref, Address] = {}
        carried = dict(zip(map(self.argument, nest.roots), inner.carried, strict=True))
        vectors: dict[Value, list[Ref]] = {}
        for expression in nest.roots.values():
            for ref in expression.vectors:
                vectors.setdefault(ref.base, []).append(ref)
            read = [ref for home, ref in expression.uses if home not in nest.roots]
            for ref in (*expression.loads, *read):
                own = carried.get(ref.base) if ref == Ref(ref.base, 0) else None
                found[ref] = self.place(ref, inner) if own is None else Address(own, 0)
            found.update(self.nothing(nest, list(expression.nodes)))
        for refs in vectors.values():
            found.update(self.constants.vectors(refs, nest.size, self.plan.padded(nest)))
        return found

    def place(self, ref: Ref, inner: Loop) -> Address:
        """Where a word of another memory stands."""
        piece = Piece(ref.base, ref.start, 1)
        memory, start = self.find(self.scope, piece, inner.build.region)
        return Address(memory, start, ref.stride)

    def nothing(self, nest: Nest, nodes: list[Ref]) -> dict[Ref, Address]:
        """Zeros for what adds up nothing but products with zeros."""
        found = {}
        for ref in nodes:
            terms, others = self.scope.graph.reader.terms(ref, nest.size)
            if terms and terms not in nest.sums and not others:
                element = element_of(ref.base.type)
                assert isinstance(element, FixedType)
                zeros = self.constants.zeros(self.plan.padded(nest), element, "nothing")
                found[ref] = Address(zeros, 0)
        return found
