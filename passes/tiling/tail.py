"""The elementwise tail of a nest, written for one unit."""

from __future__ import annotations

from dataclasses import dataclass, field

from lstmir.ir.operation import Value
from lstmir.ir.types import element_of
from lstmir.numeric.fixed import FixedType
from lstmir.passes.tiling.expressions import Reader, Sum
from lstmir.passes.tiling.loops import Loop
from lstmir.passes.tiling.nest import Nest
from lstmir.passes.tiling.views import Piece, Ref


@dataclass(frozen=True)
class Address:
    """Where the word of a unit stands: `base + stride * unit` in a memory."""

    memory: Value
    base: int
    stride: int = 1


@dataclass
class Sources:
    """Where a tail finds what it reads. `units` is how many a group has."""

    sums: Value | None
    addresses: dict[Ref, Address]
    tables: dict[Value, Value]
    group: Value
    unit: Value
    units: int


@dataclass
class Tail:
    """Makes the scalar form of values, each once."""

    loop: Loop
    reader: Reader
    nest: Nest
    sources: Sources
    made: dict[Ref, Value] = field(default_factory=dict)

    def word(self, root: Piece) -> Value:
        """The unit's word of a root, in the root's own format."""
        return self.exactly(self.scalar(Ref(root.base, root.start)), element_of(root.base.type))

    def scalar(self, ref: Ref) -> Value:
        """The unit's element."""
        if ref not in self.made:
            self.made[ref] = self._make(ref)
        return self.made[ref]

    def _make(self, ref: Ref) -> Value:
        address = self.sources.addresses.get(ref)
        if address is not None:
            return self._load(address, ref)
        op = ref.base.op
        terms, others = self.reader.terms(ref, self.nest.size)
        if op.name == "fx.lookup":
            table, index = others
            found = self.exactly(self.scalar(index), element_of(op.operands[1].type))
            return self._value(ref, [self.loop.inside(self.sources.tables[table.base]), found])
        operands = [self.scalar(other) for other in others]
        if not terms:
            return self._value(ref, operands)
        if terms in self.nest.sums:
            operands.insert(0, self._sum(terms, ref))
        if len(operands) == 1:
            return operands[0]
        return self.loop.build.value("arith.add", *operands, hint=ref.base.name)

    def _value(self, ref: Ref, operands: list[Value]) -> Value:
        """An operation on scalars: requantized as the model says, otherwise exact."""
        op = ref.base.op
        type_ = element_of(ref.base.type) if op.name == "fx.requantize" else None
        return self.loop.build.value(
            op.name, *operands, type=type_, hint=ref.base.name, **op.attributes
        )

    def _sum(self, terms: Sum, ref: Ref) -> Value:
        assert self.sources.sums is not None
        return self.loop.build.value(
            "tile.load", self.sources.sums, self.sources.unit, hint=f"{ref.base.name or 'sum'}_sum",
            base=self.nest.sums.index(terms), strides=(self.nest.lanes,),
        )  # fmt: skip

    def _load(self, address: Address, ref: Ref) -> Value:
        strides = (self.sources.units * address.stride, address.stride)
        return self.loop.build.value(
            "tile.load", self.loop.inside(address.memory), self.sources.group, self.sources.unit,
            hint=ref.base.name, base=address.base, strides=strides,
        )  # fmt: skip

    def exactly(self, value: Value, element: object) -> Value:
        """The same number in another format that is known to hold it."""
        if value.type == element or not isinstance(element, FixedType):
            return value
        return self.loop.build.value(
            "fx.requantize", value, type=element, hint=value.name, rounding="floor", overflow="wrap"
        )
