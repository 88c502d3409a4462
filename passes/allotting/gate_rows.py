"""The rows of one gate in one sum, and what they become when they are stored in some way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from lstmir.dialects.layers import LAYERS
from lstmir.ir.encodings import Empty, Encoding, Pattern, Storage
from lstmir.ir.module import Module
from lstmir.ir.operation import Operation, Value
from lstmir.numeric.compensation import centered
from lstmir.numeric.fitting import Rows, round_fitted
from lstmir.numeric.refit import damped, fit
from lstmir.numeric.strips import Part
from lstmir.numeric.surgeon import choose
from lstmir.passes.formats.asked import split_gates
from lstmir.passes.formats.coded import (
    encoding_of,
    format_of,
    lacks_zeros,
    live_of,
    parts_of,
    rows_of,
)
from lstmir.passes.gates import gates_of
from lstmir.passes.refining.columns import Columns
from lstmir.passes.sums import Sum, sums_of_products
from lstmir.passes.uses import users_of
from lstmir.pipeline.passes import Pass, cannot

Array = np.ndarray
_FINEST = 60
"""The most fraction bits of a stored weight."""


@dataclass(frozen=True, eq=False)
class Block:
    """The rows of one gate of one matrix: what is stored in one way. `index` is that of the matrix."""

    rows: GateRows
    index: int

    @property
    def matrix(self) -> Value:
        """The constant that it is a part of."""
        return self.rows.sum.matrices[self.index]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        columns = self.rows.columns[self.index]
        return self.rows.count, columns.stop - columns.start

    def within(self, storage: Storage) -> Storage | None:
        """A storage in the pattern that the block has already; None where its code cannot fill that."""
        pattern = self.rows.patterns[self.index]
        if pattern is None or isinstance(storage.pattern, Empty):
            return storage
        found = replace(storage, pattern=pattern)
        weights = self.rows.weights[:, self.rows.columns[self.index]]
        return None if lacks_zeros(found, weights) else found


@dataclass(frozen=True, eq=False)
class GateRows:
    """Gate number `gate` of `gates`: weights [rows, columns], all matrices side by side.

    Where the sum has a bias of its own, it is the last column. `patterns` are those that matrices
    were pruned in before; what these leave out stays zero.
    """

    sum: Sum
    gate: int
    gates: int
    weights: Array
    gram: Array
    columns: tuple[slice, ...]
    patterns: tuple[Pattern | None, ...]

    @property
    def count(self) -> int:
        """How many rows."""
        return len(self.weights)

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The part of each matrix."""
        return tuple(Block(self, index) for index in range(len(self.columns)))

    @cached_property
    def live(self) -> Array:
        """Which weights there are."""
        live = np.ones(self.weights.shape, bool)
        for place, pattern in zip(self.columns, self.patterns, strict=True):
            live[:, place] = live_of(self.weights[:, place], Storage(pattern))
        return live

    def pruned(self, storages: Sequence[Storage | None]) -> Array:
        """The weights in the storages' patterns; what may live, the bias too, is fitted again."""
        live = self.live.copy()
        for place, before, storage in zip(self.columns, self.patterns, storages, strict=True):
            if storage is not None and storage.pattern not in (None, before):
                shape = (self.count, place.stop - place.start)
                cut = storage.pattern.cut(shape)
                mask = choose(self.weights, self.gram, [Part(place, (cut,))])
                live[:, place] &= mask[:, place]
        if np.array_equal(live, self.live):
            return self.weights
        system = damped(self.gram)
        return fit(self.weights @ system, system, live, np.where(live, self.weights, 0.0))

    def stored(self, storages: Sequence[Storage | None]) -> Array:
        """The weights as they will be rounded, and the bias corrected; None leaves a matrix as it is."""
        weights = self.pruned(storages)
        rounded = weights.copy()
        inner, mean = (self.gram, None) if self.sum.bias is None else centered(self.gram)
        for place, storage in zip(self.columns, storages, strict=True):
            if storage is not None and storage.code is not None:
                rounded[:, place] = _rounded(weights[:, place], storage, inner[place, place])
        if mean is not None:
            lost = weights[:, :-1] - rounded[:, :-1]
            rounded[:, -1] += lost @ mean
        return rounded

    def parts(self, weights: Array) -> dict[Operation, Array]:
        """The rows of this gate of each constant."""
        found = {
            matrix.op: weights[:, place]
            for matrix, place in zip(self.sum.matrices, self.columns, strict=True)
        }
        if self.sum.bias is not None:
            found[self.sum.bias.op] = weights[:, -1]
        return found


def _rounded(weights: Array, storage: Storage, gram: Array) -> Array:
    encoding = Encoding((storage,))
    importance = np.diag(gram)
    format_ = format_of(parts_of(weights, encoding), importance, _FINEST)
    rows: Rows = rows_of(weights, encoding, format_, importance)
    return round_fitted([rows], gram)


def gate_rows(module: Module, sum_: Sum, gram: Array) -> list[GateRows]:
    """All gates of a sum, in the order of the rows. `gram` is what `calibrate` recorded.

    Raises ValueError where a pattern is one of all gates together.
    """
    columns = Columns.of(module, sum_)
    weights, gates = columns.weights, gates_of(sum_) or 1
    gram, places = gram[: weights.shape[1], : weights.shape[1]], tuple(columns.places)
    storages = [_by_gate(matrix, gates, len(weights)) for matrix in sum_.matrices]
    return [
        GateRows(
            sum_, gate, gates, rows, gram, places, tuple(own[gate].pattern for own in storages)
        )
        for gate, rows in enumerate(np.split(weights, gates))
    ]


def _by_gate(matrix: Value, gates: int, rows: int) -> Sequence[Storage]:
    """What a matrix is stored as, gate by gate. Raises ValueError for a pattern of all together."""
    encoding = split_gates(encoding_of(matrix) or Encoding((Storage(),)), gates, rows)
    return encoding.gates * (gates // len(encoding.gates))


def changed_arrays(module: Module, gates: Mapping[GateRows, Array]) -> dict[str, Array]:
    """The resources in which some gates have other weights [rows, columns], by name."""
    found: dict[str, Array] = {}
    for rows, weights in gates.items():
        for op, part in rows.parts(weights).items():
            name = op.attributes["resource"]
            array = found.get(name)
            if array is None:
                array = found[name] = module.resources[name].copy()
            height = len(array) // rows.gates
            array[rows.gate * height : (rows.gate + 1) * height] = part
    return found


def all_gate_rows(pass_: Pass, module: Module) -> list[GateRows]:
    """Those of all sums of float matrices that nobody else reads.

    Raises `UserError` for a module whose cells are no dataflow graphs, or without Gram matrices.
    """
    for op in module.walk():
        if op.name in LAYERS:
            why = f"'{op.name}' is a whole network: run expand-cells first"
            raise cannot(pass_, why, op.location)
    found = []
    for sum_ in sums_of_products(module):
        if any(len(users_of(matrix)) > 1 for matrix in sum_.matrices):
            continue
        gram = sum_.gram(module)
        if gram is None:
            why = "there are no Gram matrices: run calibrate{gram=true} first"
            raise cannot(pass_, why, sum_.total.location)
        try:
            found += gate_rows(module, sum_, gram)
        except ValueError as error:
            raise cannot(pass_, str(error), sum_.total.location) from None
    if not found:
        raise cannot(pass_, "there are no float matrices: run it before quantize")
    return found
