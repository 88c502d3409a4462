"""Reads the elementwise work of a region: what each unit computes from sums, memories and constants."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from lstmir.ir.operation import Value
from lstmir.ir.region import Region
from lstmir.ir.types import shape_of
from lstmir.passes.tiling.views import MOVES, Piece, Ref, Views
from lstmir.pipeline.passes import Pass, cannot


class Term(NamedTuple):
    """The rows of a product from `start` on, one for each unit."""

    product: Value
    start: int


Sum = tuple[Term, ...]
"""What one lane of a unit adds up: terms of products, in the order of the text."""


@dataclass
class Expression:
    """What it takes to compute the words of a root.

    `nodes` are the values on the way that some product feeds, from the root down; `loads` are read
    from memories, `uses` from memories that hold other roots.
    """

    sums: dict[Sum, None] = field(default_factory=dict)
    nodes: dict[Ref, None] = field(default_factory=dict)
    vectors: dict[Ref, None] = field(default_factory=dict)
    tables: dict[Value, None] = field(default_factory=dict)
    loads: dict[Ref, None] = field(default_factory=dict)
    uses: dict[tuple[Piece, Ref], None] = field(default_factory=dict)


class Reader:
    """Takes expressions apart, down to `roots`: the vectors that are stored in memories."""

    def __init__(self, pass_: Pass, region: Region, views: Views) -> None:
        self.pass_, self.region, self.views = pass_, region, views
        self.roots: dict[Piece, None] = {}
        self._fed: dict[Value, bool] = {}

    def expression(self, root: Piece) -> Expression:
        """The expression behind a root; words that are stored anyway are read from their memory."""
        found = Expression()
        self._visit(Ref(root.base, root.start), root.size, root, found, set())
        return found

    def _visit(
        self, ref: Ref, size: int, root: Piece, found: Expression, seen: set[Ref]
    ) -> None:  # fmt: skip
        if ref in seen:
            return
        seen.add(ref)
        if ref.base.op.name == "tensor.constant":
            found.vectors[ref] = None
            return
        if self.is_memory(ref.base):
            found.loads[ref] = None
            return
        home = self.home(ref, size)
        if home is None and self.is_fed(ref.base) and ref.stride == 0 and size > 1:
            home = self.add_root(Piece(ref.base, ref.start, 1))
        if home is not None and (home != root or ref != Ref(root.base, root.start)):
            found.uses[home, ref] = None
            return
        if self.is_fed(ref.base):
            found.nodes[ref] = None
        terms, others = self.terms(ref, size)
        if terms:
            found.sums[terms] = None
        if ref.base.op.name == "fx.lookup":
            found.tables[others.pop(0).base] = None
        for operand in others:
            self._visit(operand, size, root, found, seen)

    def terms(self, ref: Ref, size: int) -> tuple[Sum, list[Ref]]:
        """The terms that a value adds up, and its other operands. A value without terms has all."""
        op = ref.base.op
        if op.name == "linalg.matvec":
            return (Term(ref.base, ref.start),), []
        operands = list(self.operands(ref, size))
        if op.name != "arith.add" or ref.stride == 0:
            return (), operands
        terms: list[Term] = []
        others: list[Ref] = []
        for operand in operands:
            if self._is_summed(operand, size):
                inner, more = self.terms(operand, size)
                terms += inner
                others += more
            else:
                others.append(operand)
        return tuple(terms), others

    def _is_summed(self, ref: Ref, size: int) -> bool:
        """Whether an addend is a product, or a sum with products, that nobody stores."""
        op = ref.base.op
        if ref.stride == 0 or op.name not in ("linalg.matvec", "arith.add"):
            return False
        if self.is_memory(ref.base) or self.home(ref, size) is not None:
            return False
        return op.name == "linalg.matvec" or bool(self.terms(ref, size)[0])

    def operands(self, ref: Ref, size: int) -> Iterator[Ref]:
        """The elements of each operand that the units need. Raises `UserError` where they are mixed."""
        op = ref.base.op
        self._check(op.name, ref.base)
        units = np.full(size, ref.start) + ref.stride * np.arange(size)
        shape = shape_of(ref.base.type)
        for index, value in enumerate(op.operands):
            if op.name == "fx.lookup" and index == 0:
                (table,) = self.views.pieces(value)
                yield Ref(table.base, 0)
                continue
            own = shape_of(value.type)
            count = int(np.prod([n or 0 for n in own], dtype=int))
            places = np.broadcast_to(np.arange(count).reshape(own), shape).reshape(-1)  # type: ignore[arg-type]
            found = self.views.ref(value, places[units])
            if found is None:
                why = f"'{op.name}' mixes units: the tail of the array works on one at a time"
                raise cannot(self.pass_, why, op.location, "leave it to the host")
            yield found

    def _check(self, name: str, value: Value) -> None:
        location = value.op.location
        if name.startswith("math."):
            why = f"'{name}' has no unit in the array: run approximate-activations first"
            raise cannot(self.pass_, why, location)
        if not name.startswith(("arith.", "fx.")):
            why = f"'{name}' has no unit in the array"
            raise cannot(
                self.pass_, why, location, "cut the model before it, and leave the rest to the host"
            )

    # -- roots ------------------------------------------------------------------------------

    def add_root(self, piece: Piece) -> Piece:
        """The root that holds a piece, a new one if there is none."""
        home = self.home(Ref(piece.base, piece.start), piece.size)
        if home is not None:
            return home
        for old in [old for old in self.roots if old.base == piece.base and _holds(piece, old)]:
            del self.roots[old]
        self.roots[piece] = None
        return piece

    def home(self, ref: Ref, size: int) -> Piece | None:
        """The root that has the words of some units."""
        wanted = Piece(ref.base, ref.start, size if ref.stride else 1)
        return next((root for root in self.roots if _holds(root, wanted)), None)

    def is_memory(self, base: Value) -> bool:
        """Whether a base stands in a memory from the start: an argument, a result of a recurrence."""
        op = base.op
        given = op.name in ("region.entry", "rnn.scan", *MOVES)
        return given or (op.region is not self.region and op.name != "tensor.constant")

    def is_fed(self, base: Value) -> bool:
        """Whether some product of the region feeds a value."""
        if base not in self._fed:
            op = base.op
            self._fed[base] = op.name == "linalg.matvec" or (
                not self.is_memory(base)
                and op.name != "tensor.constant"
                and any(
                    self.is_fed(piece.base)
                    for value in op.operands
                    for piece in self.views.pieces(value)
                )
            )
        return self._fed[base]


def _holds(root: Piece, other: Piece) -> bool:
    is_inside = root.start <= other.start and other.start + other.size <= root.start + root.size
    return root.base == other.base and is_inside
