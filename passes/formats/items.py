"""The gates of matrices as items of one budget: what each code costs, and what it loses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lstmir.ir.encodings import Encoding, Scale, Storage
from lstmir.ir.module import Module
from lstmir.ir.operation import Value
from lstmir.ir.types import shape_of
from lstmir.numeric.codes import Code, Integer, Midrise, Ternary
from lstmir.numeric.compensation import round_nearest, squared_change
from lstmir.numeric.fitting import Rows, round_fitted
from lstmir.passes.formats.asked import split_gates
from lstmir.passes.formats.coded import encoding_of, format_of, is_coded, lacks_zeros, parts_of
from lstmir.passes.gates import gates_of
from lstmir.passes.ranges import UNLIMITED
from lstmir.passes.sensitivity import Sensitivity
from lstmir.passes.sums import sums_of_products

CODES: tuple[Code, ...] = (
    Midrise(1), Ternary(), Midrise(2), *(Integer(bits) for bits in (3, 4, 5, 6, 8))
)  # fmt: skip
"""What each gate may be stored as."""
MEASURED: tuple[Code, ...] = (Midrise(1), Midrise(2), Integer(4), Integer(8))
"""Those of which the loss is measured; it suffices to tell the others'."""
_PROBED = 64
"""So many rows of a gate tell how the errors of two codes compare."""
_LEAST = 1e-30


@dataclass(frozen=True, eq=False)
class Item:
    """One gate of one constant matrix: the start of its rows, and what it may be stored as.

    `gram` is that of the vectors that the matrix multiplies, or None.
    """

    matrix: Value
    rows: slice
    choices: tuple[Storage, ...]
    gram: np.ndarray | None

    @property
    def costs(self) -> np.ndarray:
        """Bits of each choice."""
        shape = (self.rows.stop - self.rows.start, shape_of(self.matrix.type)[1] or 0)
        return np.array([choice.stored_bits(shape, 0) for choice in self.choices], np.float64)

    def losses(self, module: Module, sensitivity: Sensitivity, compensated: bool) -> np.ndarray:
        """How far each choice takes the outputs from what they were, all else as it was.

        A few are measured. For the others, the change of the sums that the matrix makes, over the
        calibration data, says where between these they lie.
        """
        name = self.matrix.op.attributes["resource"]
        array = module.resources[name]
        step = max(1, (self.rows.stop - self.rows.start) // _PROBED)
        probed = array[self.rows][::step]
        changes = np.array([self._change(probed, choice, compensated) for choice in self.choices])
        measured: dict[float, float] = {}
        for choice, change in zip(self.choices, changes, strict=True):
            if choice.code in MEASURED and choice.scale == self.choices[0].scale:
                changed = array.copy()
                changed[self.rows] = self._rounded(array[self.rows], choice, compensated)
                measured[change] = sensitivity.of({name: changed})
        return interpolated(changes, measured)

    def _change(self, weights: np.ndarray, choice: Storage, compensated: bool) -> float:
        rounded = self._rounded(weights, choice, compensated)
        return float(squared_change(rounded - weights, self._gram).sum())

    def _rounded(self, weights: np.ndarray, choice: Storage, compensated: bool) -> np.ndarray:
        """Rows of this gate as a choice has them."""
        importance = np.diag(self._gram)
        (part,) = parts_of(weights, Encoding((choice,)))
        format_ = format_of([part], importance, UNLIMITED)
        rows = Rows(part.weights, part.live, format_, [part], importance)
        if compensated:
            return round_fitted([rows], self._gram)
        return round_nearest(rows.weights, [rows.grid(rows.nearest)], rows.live)

    @property
    def _gram(self) -> np.ndarray:
        return np.eye(shape_of(self.matrix.type)[1] or 0) if self.gram is None else self.gram


def interpolated(changes: np.ndarray, measured: Mapping[float, float]) -> np.ndarray:
    """The loss for each change, where that for a few is known.

    Between two of them its logarithm is taken to be straight over that of the change; beyond, losses
    grow as the squared change does, which they do where it is small.
    """
    known = sorted(measured)
    x = np.log(np.maximum(known, _LEAST))
    y = np.log(np.maximum([measured[each] for each in known], _LEAST))
    at = np.log(np.maximum(changes, _LEAST))
    return np.asarray(np.exp(np.interp(at, x, y) + at - at.clip(x[0], x[-1])))


def items_of(module: Module, scale: Scale | None) -> list[Item]:
    """All gates of the matrices that have no codes yet.

    Raises ValueError where a pattern is one of all gates together.
    """
    found: dict[Value, list[Item]] = {}
    for each in sums_of_products(module):
        gram, start, gates = each.gram(module), 0, gates_of(each) or 1
        for matrix in each.matrices:
            end = start + (shape_of(matrix.type)[1] or 0)
            own = None if gram is None else gram[start:end, start:end]
            if not is_coded(encoding_of(matrix)):
                found.setdefault(matrix, _of_matrix(module, matrix, gates, own, scale))
            start = end
    return [item for items in found.values() for item in items]


def _of_matrix(
    module: Module, matrix: Value, gates: int, gram: np.ndarray | None, scale: Scale | None
) -> list[Item]:
    name = matrix.op.attributes["resource"]
    array = module.resources[name]
    try:
        whole = split_gates(encoding_of(matrix) or Encoding((Storage(),)), gates, len(array))
    except ValueError as error:
        raise ValueError(f"@{name}: {error}") from None
    height = len(array) // len(whole.gates)
    return [
        Item(matrix, slice(k * height, (k + 1) * height), _choices(gate, part, scale), gram)
        for k, (gate, part) in enumerate(zip(whole.gates, whole.parts(array), strict=True))
    ]


def _choices(gate: Storage, weights: np.ndarray, scale: Scale | None) -> tuple[Storage, ...]:
    """The gate with each code that it can have, with exponents by row and by gate, or one of these."""
    kept, scales = gate.kept((len(weights), weights.shape[1])), [scale]
    if not kept:
        return (replace(gate, code=CODES[-1], scale=scale),)
    if scale is not None and scale.axis == "row" and len(weights) > 1:
        scales.append(replace(scale, axis="gate"))
    choices = [replace(gate, code=code, scale=each) for code in CODES for each in scales]
    return tuple(each for each in choices if lacks_zeros(each, weights) == 0)


def encodings(items: Sequence[Item], chosen: Sequence[int]) -> dict[Value, Encoding]:
    """The encoding of each matrix, from what was chosen for its gates."""
    gates: dict[Value, list[Storage]] = {}
    for item, choice in zip(items, chosen, strict=True):
        gates.setdefault(item.matrix, []).append(item.choices[choice])
    return {matrix: Encoding(tuple(each)) for matrix, each in gates.items()}
