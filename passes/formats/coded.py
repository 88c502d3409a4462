"""Matrices whose encoding has codes: the one element type in which all gates' values fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lstmir.ir.encodings import Empty, Encoding, Scale, Storage
from lstmir.ir.module import Module
from lstmir.ir.operation import Operation, Value
from lstmir.ir.types import TensorType
from lstmir.numeric.codes import Code, Integer, Midrise, Ternary
from lstmir.numeric.exponents import Part, choose_exponents, choose_unit
from lstmir.numeric.fitting import Rows
from lstmir.numeric.fixed import MAX_STORED_WIDTH, FixedType
from lstmir.passes.sums import sums_of_products

_EXPONENT = 4
"""Bits of an exponent where nobody says how many."""


def encoding_of(constant: Value) -> Encoding | None:
    """The encoding of a constant matrix."""
    return constant.type.encoding if isinstance(constant.type, TensorType) else None


def is_coded(encoding: Encoding | None) -> bool:
    """Whether any gate has a code."""
    return encoding is not None and any(gate.code is not None for gate in encoding.gates)


def plain_code(bits: int) -> Code:
    """The code of so many bits that loses least: with one or two, a zero would waste a level."""
    return Integer(bits) if bits > 2 else Midrise(bits)


def completed(encoding: Encoding, bits: int) -> Encoding:
    """Every gate with a code: plain ones of so many bits, with an exponent, where there was none."""
    return replace(encoding, gates=tuple(_completed(gate, bits) for gate in encoding.gates))


def _completed(gate: Storage, bits: int) -> Storage:
    if gate.code is not None or isinstance(gate.pattern, Empty):
        return gate
    return replace(gate, code=plain_code(bits), scale=Scale("gate", _EXPONENT))


def parts_of(weights: np.ndarray, encoding: Encoding) -> list[Part]:
    """The gates of [rows, columns] weights whose encoding has codes."""
    return [
        _part(rows.astype(np.float64), gate)
        for rows, gate in zip(encoding.parts(weights), encoding.gates, strict=True)
    ]


def _part(weights: np.ndarray, gate: Storage) -> Part:
    code = gate.code or Ternary()  # where nothing is stored, any does
    by_row = gate.scale is not None and gate.scale.axis == "row"
    largest = 0 if gate.scale is None else gate.scale.largest
    return Part(weights, live_of(weights, gate), code, by_row, largest)


def live_of(weights: np.ndarray, gate: Storage) -> np.ndarray:
    """Which elements [rows, columns] of a gate's float weights may be non-zero once rounded.

    A code without a zero fills its pattern, also where weights happen to be zero.
    """
    if gate.pattern is None:
        return np.ones(weights.shape, bool)
    if isinstance(gate.code, Midrise):
        mask: np.ndarray = gate.pattern.cut(weights.shape).largest(np.abs(weights))
        return mask
    return np.asarray(weights != 0)


def lacks_zeros(gate: Storage, weights: np.ndarray) -> int:
    """How many of the elements that a gate stores lie beyond its weights, with a code without zero."""
    if not isinstance(gate.code, Midrise):
        return 0
    return gate.kept((len(weights), weights.shape[1])) - int(live_of(weights, gate).sum())


def format_of(parts: list[Part], importance: np.ndarray, limit: int) -> FixedType:
    """The element type of a matrix: at most `limit` fraction bits, and room for one exponent more.

    Rounding that makes up for its errors likes somewhat larger units than what is best here.
    """
    unit = choose_unit(parts, importance, -limit)
    return FixedType(True, max(_width(part, importance, unit) for part in parts), -unit)


def _width(part: Part, importance: np.ndarray, unit: int) -> int:
    bits = 1 + part.code.largest.bit_length()
    most = min(part.largest, MAX_STORED_WIDTH - bits)
    exponents = choose_exponents(part, importance, unit, most)
    return bits + min(int(exponents.max(initial=0)) + 1, most)


def signed_width(integers: np.ndarray) -> int:
    """The bits of the narrowest signed format that holds some integers."""
    ends = (int(integers.min(initial=0)), int(integers.max(initial=0)))
    return 1 + max((end if end >= 0 else ~end).bit_length() for end in ends)


def rows_of(
    weights: np.ndarray, encoding: Encoding | None, format_: FixedType, importance: np.ndarray
) -> Rows:
    """A float matrix as what is to be rounded to the values of its format, or of its codes."""
    weights = weights.astype(np.float64)
    coded = is_coded(encoding)
    gates = (Storage(),) if encoding is None else encoding.gates
    live = [
        live_of(part, gate) for part, gate in zip(np.split(weights, len(gates)), gates, strict=True)
    ]
    parts = parts_of(weights, encoding) if coded and encoding is not None else []
    return Rows(weights, np.concatenate(live), format_, parts, importance)


def importance_of(module: Module) -> dict[Operation, np.ndarray]:
    """How much the error of a column matters, by the records of `calibrate`, for constant matrices.

    It is the sum of the squares of what the column multiplies. Those of which nothing is recorded
    are left out.
    """
    found: dict[Operation, np.ndarray] = {}
    for each in sums_of_products(module):
        gram = each.gram(module)
        start = 0
        for matrix in each.matrices:
            end = start + module.resources[matrix.op.attributes["resource"]].shape[1]
            if gram is not None:
                more = np.diag(gram)[start:end].astype(np.float64)
                found[matrix.op] = found[matrix.op] + more if matrix.op in found else more
            start = end
    return found
