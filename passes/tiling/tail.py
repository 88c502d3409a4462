"""The elementwise tail of a cell, rewritten for one hidden unit."""

from __future__ import annotations

from dataclasses import dataclass, field

from lstmir.ir.builder import Builder
from lstmir.ir.operands import constant_of
from lstmir.ir.operation import Value
from lstmir.ir.types import element_of, shape_of
from lstmir.passes.tiling.cell import Cell
from lstmir.pipeline.passes import Pass, cannot

_ELEMENTWISE = ("arith.", "fx.requantize")


@dataclass
class TailSources:
    """Where the unit's operands come from, as values of the loop's body.

    `accumulators` [rows of a group]; `states` and `vectors` are memories with one word a unit (of
    each gate, for vectors); `tables` are whole. `unit` counts within the group, `group` groups.
    """

    accumulators: Value
    states: dict[Value, Value]
    vectors: dict[Value, Value]
    tables: dict[Value, Value]
    group: Value
    unit: Value
    units: int


@dataclass
class Tail:
    """Makes the scalar form of values of a cell's body, each once."""

    pass_: Pass
    cell: Cell
    build: Builder
    sources: TailSources
    made: dict[tuple[Value, int], Value] = field(default_factory=dict)

    def scalar(self, value: Value, gate: int = 0) -> Value:
        """The element of `value` that belongs to the unit; of a stacked vector, that of a gate."""
        key = (value, gate)
        if key not in self.made:
            self.made[key] = self._make(value, gate)
        return self.made[key]

    def _make(self, value: Value, gate: int) -> Value:
        sources, op = self.sources, value.op
        if value == self.cell.accumulation.value:
            return self._load(
                sources.accumulators, gate, (sources.unit,), (self.cell.gates,), value
            )
        if value in sources.states:
            return self._load_unit(sources.states[value], 0, value)
        if value in sources.vectors:
            return self._load_unit(sources.vectors[value], gate * self.cell.hidden, value)
        if op.name == "tensor.slice":
            return self.scalar(op.operands[0], self._gate_of(value))
        if op.name == "fx.lookup":
            table = sources.tables[op.operands[0]]
            index = self.scalar(op.operands[1], gate)
            return self.build.value("fx.lookup", table, index, hint=value.name, **op.attributes)
        if op.name.startswith("math."):
            why = f"'{op.name}' has no unit in the array: run approximate-activations first"
            raise cannot(self.pass_, why, op.location)
        if not op.name.startswith(_ELEMENTWISE):
            raise self._unknown(value)
        return self._elementwise(value, gate)

    def _elementwise(self, value: Value, gate: int) -> Value:
        op = value.op
        operands = [self.scalar(operand, gate) for operand in op.operands]
        type_ = element_of(value.type)
        return self.build.value(op.name, *operands, type=type_, hint=value.name, **op.attributes)

    def _gate_of(self, value: Value) -> int:
        attributes, hidden = value.op.attributes, self.cell.hidden
        start, size = attributes["start"], attributes["size"]
        if size != hidden or start % hidden:
            raise self._unknown(value)
        return int(start // hidden)

    def _load_unit(self, memory: Value, base: int, value: Value) -> Value:
        sources = self.sources
        return self._load(memory, base, (sources.group, sources.unit), (sources.units, 1), value)

    def _load(
        self, memory: Value, base: int, indices: tuple[Value, ...], strides: tuple[int, ...],
        value: Value,
    ) -> Value:  # fmt: skip
        return self.build.value(
            "tile.load", memory, *indices, hint=value.name, base=base, strides=strides
        )

    def _unknown(self, value: Value) -> Exception:
        why = f"'{value.op.name}' mixes hidden units: the tail of the array works on one at a time"
        return cannot(self.pass_, why, value.op.location)


def outside_vectors(cell: Cell, resources: dict) -> tuple[list[Value], list[Value]]:  # type: ignore[type-arg]
    """The constants that the tail reads: tables, and vectors with an element a unit and gate."""
    tables: list[Value] = []
    vectors: list[Value] = []
    for op in cell.scan.regions[0].operations():
        for index, value in enumerate(op.operands):
            if op.name == "linalg.matvec" or value in cell.accumulation.addends:
                continue
            if constant_of(value, resources) is None:
                continue
            chosen = tables if op.name == "fx.lookup" and index == 0 else vectors
            if value not in chosen and (chosen is tables or shape_of(value.type)):
                chosen.append(value)
    return tables, vectors
