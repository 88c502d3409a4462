"""The nests of a region: which vectors are computed together, from which products, in which order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from lstmir.ir.module import Module
from lstmir.ir.operation import Value
from lstmir.ir.region import Region
from lstmir.passes.tiling.blocks import Block, Product, block_of
from lstmir.passes.tiling.expressions import Expression, Reader, Sum
from lstmir.passes.tiling.views import Piece, Ref, Views
from lstmir.pipeline.passes import Pass, cannot


@dataclass
class Nest:
    """`size` units, each of which computes a word of every root from a word of every sum.

    `sums` are the lanes; the products of those that are missing among them are all zero.
    """

    size: int
    depth: int
    roots: dict[Piece, Expression]
    sums: tuple[Sum, ...] = ()
    products: tuple[Product, ...] = ()

    @property
    def lanes(self) -> int:
        """Sums of a unit."""
        return len(self.sums)

    @property
    def active(self) -> int:
        """Lanes of a unit that work at the same time, at most."""
        return max((len(product.active) for product in self.products), default=1)

    @property
    def name(self) -> str:
        """What the first root is called."""
        return next(iter(self.roots)).base.name or "word"


@dataclass
class Graph:
    """A region as nests in the order of their dependences.

    `roots` are the vectors that must be stored; others join them: what a matrix multiplies, and what
    units of another nest need.
    """

    pass_: Pass
    module: Module
    region: Region
    views: Views
    nests: list[Nest] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.reader = Reader(self.pass_, self.region, self.views)
        self._depths: dict[Piece, int] = {}
        self._expressions: dict[Piece, Expression] = {}
        operations = self.region.operations()
        scans = [op for op in operations if op.name == "rnn.scan"]
        self._stages = {op: k * len(operations) for k, op in enumerate(scans, 1)}

    def require(self, value: Value) -> None:
        """Let a value of the region be stored, if it is computed there."""
        for piece in self.views.pieces(value):
            self.require_piece(piece)

    def require_piece(self, piece: Piece) -> None:
        """Let a piece of a base be stored, if it is computed here."""
        is_constant = piece.base.op.name == "tensor.constant"
        if not is_constant and not self.reader.is_memory(piece.base):
            self.reader.add_root(piece)

    def form(self) -> None:
        """Find the nests. Raises `UserError` that names what the array cannot run."""
        while True:
            known = list(self.reader.roots)
            self._depths, self._expressions = {}, {}
            for root in known:
                self.depth(root)
            if list(self.reader.roots) != known:
                continue
            shared = self.computed_twice()
            if shared is None:
                break
            self.reader.add_root(shared)
        self.nests = [self.filled(nest) for nest in self.groups()]

    # -- order ------------------------------------------------------------------------------

    def expression(self, root: Piece) -> Expression:
        """The expression behind a root."""
        if root not in self._expressions:
            self._expressions[root] = self.reader.expression(root)
        return self._expressions[root]

    def depth(self, root: Piece) -> int:
        """How many nests must run before that of a root; a recurrence counts for all before it."""
        if root not in self._depths:
            found = self.expression(root)
            depths = [self._stages.get(ref.base.op, 0) for ref in found.loads]
            depths += [self._stages.get(piece.base.op, 0) for piece in self.multiplied(found.sums)]
            depths += [
                self.depth(self.reader.add_root(piece)) + 1
                for piece in self.multiplied(found.sums)
                if not self.reader.is_memory(piece.base)
            ]
            for home, ref in found.uses:
                depths.append(self.depth(home) + (not _is_aligned(home, ref, root)))
            self._depths[root] = max(depths, default=0)
        return self._depths[root]

    def multiplied(self, sums: Iterable[Sum]) -> Iterator[Piece]:
        """The pieces of vectors that sums read."""
        for terms in sums:
            for product, _ in terms:
                yield from self.views.pieces(product.op.operands[1])

    def computed_twice(self) -> Piece | None:
        """What a nest computes although an earlier one does."""
        seen: dict[tuple[Ref, int], int] = {}
        for root in sorted(self.reader.roots, key=self.depth):
            for ref in self.expression(root).nodes:
                if ref == Ref(root.base, root.start):
                    continue
                first = seen.get((ref, root.size), self.depth(root))
                if first < self.depth(root):
                    return Piece(ref.base, ref.start, root.size)
            for ref in self.expression(root).nodes:
                seen.setdefault((ref, root.size), self.depth(root))
        return None

    # -- nests ------------------------------------------------------------------------------

    def groups(self) -> list[Nest]:
        """Roots of one length and depth that have something in common."""
        found: list[Nest] = []
        for root in sorted(self.reader.roots, key=lambda root: not self.expression(root).sums):
            depth, expression = self.depth(root), self.expression(root)
            alike = [n for n in found if (n.size, n.depth) == (root.size, depth)]
            joined = [n for n in alike if self._is_joined(n, root, expression)]
            if not joined and not expression.sums:
                joined = alike[:1]
            together = {other: e for nest in joined for other, e in nest.roots.items()}
            found = [nest for nest in found if nest not in joined]
            found.append(Nest(root.size, depth, {**together, root: expression}))
        order = {root: k for k, root in enumerate(self.reader.roots)}
        for nest in found:
            nest.roots = dict(sorted(nest.roots.items(), key=lambda item: order[item[0]]))
        return sorted(found, key=lambda nest: (nest.depth, min(order[root] for root in nest.roots)))

    def _is_joined(self, nest: Nest, root: Piece, expression: Expression) -> bool:
        homes = {home for home, _ in expression.uses}
        return any(
            other in homes
            or root in {home for home, _ in theirs.uses}
            or set(theirs.nodes) & set(expression.nodes)
            for other, theirs in nest.roots.items()
        )

    def filled(self, nest: Nest) -> Nest:
        """The nest with its sums and products. What multiplies zeros is left out."""
        sums = list(dict.fromkeys(s for e in nest.roots.values() for s in e.sums))
        sums.sort(key=lambda terms: [(term.product.op.position, term.start) for term in terms])
        blocks = [dict(self.blocks(terms, nest.size)) for terms in sums]
        live = [{p: b for p, b in each.items() if b.is_live} for each in blocks]
        if not any(live):  # a nest walks something
            live = [dict(list(each.items())[:1]) for each in blocks]
        fed = [k for k, each in enumerate(live) if each]
        vectors = dict.fromkeys(vector for k in fed for vector in live[k])
        products = [
            Product(vector, tuple(live[k].get((vector, turn)) for k in fed))
            for vector, turn in sorted(vectors, key=lambda each: self.lateness(each[0]))
        ]
        nest.sums = tuple(sums[k] for k in fed)
        nest.products = tuple(products)
        return nest

    def lateness(self, vector: Piece) -> int:
        """When a vector is there: inputs, states of the step before, then what nests compute."""
        op = vector.base.op
        if not self.reader.is_memory(vector.base):
            return 2 + self.depth(self.reader.add_root(vector))
        owner = self.region.owner
        if op is not self.region.entry or owner is None:
            return 0
        return int(vector.base.index >= owner.attributes["segments"][0])

    def blocks(self, terms: Sum, size: int) -> Iterator[tuple[tuple[Piece, int], Block]]:
        """What a lane multiplies: for each vector, and each time that it comes, some rows."""
        turns: dict[Piece, int] = {}
        for product, start in terms:
            matrix, vector = product.op.operands
            (source,) = self.views.pieces(matrix)
            if source.base.op.name != "tensor.constant" or source.base.type != matrix.type:
                why = "the matrix of a product must be a constant"
                raise cannot(self.pass_, why, product.op.location)
            column = 0
            for piece in self.views.pieces(vector):
                columns = range(column, column + piece.size)
                column = columns.stop
                rows = range(start, start + size)
                turn = turns[piece] = turns.get(piece, -1) + 1
                yield (piece, turn), block_of(self.module, source.base, rows, columns)


def _is_aligned(home: Piece, ref: Ref, root: Piece) -> bool:
    """Whether unit u of a root reads word u of another."""
    return (home.start, home.size) == (ref.start, root.size) and (ref.stride == 1 or root.size == 1)
