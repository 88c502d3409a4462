"""Evaluation rules of `tile`. Loop indices are Python integers; arrays have the samples first."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lstmir.interpreter.plan import Array, Compiler, Evaluate, rule
from lstmir.interpreter.tensor import spread
from lstmir.ir.operation import Operation
from lstmir.ir.types import TensorType, banks_of, element_of
from lstmir.numeric.carriers import carrier
from lstmir.numeric.fixed import FixedType
from lstmir.numeric.geometry import TileShape, geometry
from lstmir.numeric.packing import pack


@rule("tile.for")
def for_(op: Operation, compiler: Compiler) -> Evaluate:
    """The body `trip` times."""
    trip, carried = op.attributes["trip"], op.attributes["segments"][0]
    body = compiler.plan(op.regions[0])

    def evaluate(*operands: Array) -> tuple[Array, ...]:
        carry, captures = operands[:carried], operands[carried:]
        for index in range(trip):
            carry = body.run((index, *carry, *captures))
        return carry

    return evaluate


def _address(op: Operation) -> Callable[..., int]:
    base, strides = op.attributes["base"], op.attributes["strides"]
    return lambda indices: base + sum(s * i for s, i in zip(strides, indices, strict=True))


@rule("tile.load")
def load(op: Operation, compiler: Compiler) -> Evaluate:
    """A word, or neighbouring words."""
    address, words = _address(op), op.attributes.get("words")
    if words is None:
        return lambda memory, *indices: (memory[:, address(indices)],)

    def evaluate(memory: Array, *indices: int) -> tuple[Array, ...]:
        start = address(indices)
        return (memory[:, start : start + words],)

    return evaluate


@rule("tile.store")
def store(op: Operation, compiler: Compiler) -> Evaluate:
    """A new memory: the old one may have other users."""
    address = _address(op)

    def evaluate(memory: Array, word: Array, *indices: int) -> tuple[Array, ...]:
        changed = np.array(spread(memory, max(len(memory), len(word))))
        changed[:, address(indices)] = word
        return (changed,)

    return evaluate


@rule("tile.pad")
def pad(op: Operation, compiler: Compiler) -> Evaluate:
    """Zeros behind the vector."""
    size = op.attributes["size"]

    def evaluate(source: Array) -> tuple[Array, ...]:
        memory = np.zeros((len(source), size), source.dtype)
        memory[:, : source.shape[1]] = source
        return (memory,)

    return evaluate


@rule("tile.fetch")
def fetch(op: Operation, compiler: Compiler) -> Evaluate:
    """The matrix is packed once, at its first use."""
    matrix_type = op.operands[0].type
    assert isinstance(matrix_type, TensorType)
    tiles = TileShape(*(op.attributes[name] for name in ("rows", "columns", "gates")))
    packed: list[tuple[Array, Array]] = []
    sparse = len(op.result_types) == 2
    slots = geometry(matrix_type.static_shape, banks_of(matrix_type), tiles).slots

    def evaluate(matrix: Array, group: int, window: int, slot: int) -> tuple[Array, ...]:
        if not packed:
            packed.append(pack(matrix[0], banks_of(matrix_type), tiles))
        elements, indices = packed[0]
        tile = window * slots + slot
        values = elements[np.newaxis, group, tile]
        return (values, indices[np.newaxis, group, tile]) if sparse else (values,)

    return evaluate


@rule("tile.gather")
def gather(op: Operation, compiler: Compiler) -> Evaluate:
    """Column k takes from bank k // (columns / banks)."""
    banks = op.attributes["banks"]

    def evaluate(window: Array, indices: Array) -> tuple[Array, ...]:
        if len(indices) != 1:
            raise ValueError("'tile.gather' has the same indices for all samples")
        size = window.shape[1] // banks
        columns = indices.shape[2]
        first = np.arange(columns) // (columns // banks) * size
        return (window[:, first + indices[0].astype(np.int64)],)

    return evaluate


@rule("tile.mac")
def mac(op: Operation, compiler: Compiler) -> Evaluate:
    """Exact; that the accumulator's type holds every partial sum was proven when it was chosen."""
    sums_type, weights_type, operands_type = (element_of(value.type) for value in op.operands)
    assert isinstance(sums_type, FixedType)
    assert isinstance(weights_type, FixedType) and isinstance(operands_type, FixedType)
    shift = sums_type.frac - weights_type.frac - operands_type.frac
    held = carrier(sums_type)

    def evaluate(sums: Array, weights: Array, operands: Array) -> tuple[Array, ...]:
        if operands.ndim == 2:
            operands = operands[:, np.newaxis]
        products = weights.astype(held) * operands.astype(held)
        return (sums + (products.sum(axis=2, dtype=held) << shift),)

    return evaluate
