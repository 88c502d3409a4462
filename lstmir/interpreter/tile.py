"""Evaluation rules of `tile`. Loop indices are Python integers; arrays have the samples first."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lstmir.dialects.tile import layout_of_tiles, shape_of_tiles
from lstmir.interpreter.plan import Array, Compiler, Evaluate, rule
from lstmir.interpreter.tensor import spread
from lstmir.ir.operation import Operation
from lstmir.ir.types import element_of
from lstmir.numeric.carriers import carrier
from lstmir.numeric.fixed import FixedType
from lstmir.numeric.packing import neighbours, pack


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
    tiles, layout = shape_of_tiles(op.attributes), layout_of_tiles(op.attributes)
    packed: list[tuple[Array, ...]] = []
    results = len(op.result_types)

    def evaluate(matrix: Array, group: int, window: int, slot: int) -> tuple[Array, ...]:
        if not packed:
            packed.append(pack(matrix[0], tiles, layout)[:results])
        return tuple(words[np.newaxis, group, window, slot] for words in packed[0])

    return evaluate


@rule("tile.gather")
def gather(op: Operation, compiler: Compiler) -> Evaluate:
    """Entry k takes from bank k // (entries / banks)."""
    banks, block = op.attributes["banks"], op.attributes.get("block", 1)

    def evaluate(window: Array, indices: Array) -> tuple[Array, ...]:
        if len(indices) != 1:
            raise ValueError("'tile.gather' has the same indices for all samples")
        lanes = neighbours(indices[0], window.shape[1] // banks, banks, block)
        return (window[:, lanes],)

    return evaluate


@rule("tile.midrise")
def midrise(op: Operation, compiler: Compiler) -> Evaluate:
    """Twice the code, plus one."""
    element = element_of(op.result.type)
    assert isinstance(element, FixedType)
    held = carrier(element)
    return lambda codes: (2 * codes.astype(held) + 1,)


@rule("tile.mac")
def mac(op: Operation, compiler: Compiler) -> Evaluate:
    """Exact; that the accumulator's type holds every partial sum was proven when it was chosen."""
    sums_type, weights_type, operands_type = (element_of(value.type) for value in op.operands)
    assert isinstance(sums_type, FixedType)
    assert isinstance(weights_type, FixedType) and isinstance(operands_type, FixedType)
    shift = sums_type.frac - weights_type.frac - operands_type.frac
    held = carrier(sums_type)
    first, step = op.attributes.get("lanes", (0, 1))

    def evaluate(sums: Array, weights: Array, operands: Array) -> tuple[Array, ...]:
        if operands.ndim == 2:
            operands = operands[:, np.newaxis]
        lists = np.arange(weights.shape[1]) % operands.shape[1]
        products = weights.astype(held) * operands[:, lists].astype(held)
        added = products.sum(axis=2, dtype=held) << shift
        if step == 1:
            return (sums + added,)
        changed = np.array(spread(sums, max(len(sums), len(added))))
        changed[:, first::step] += added
        return (changed,)

    return evaluate
