"""Constant memories as logic: how many look-up tables their words ask for."""

from __future__ import annotations

import numpy as np

from lstmir.backends.verilog.memories import depth_of


def rom_luts(words: np.ndarray, width: int, inputs: int) -> tuple[int, int]:
    """Functions of so many address bits that a table's bits are cut into, and choices between those.

    What is constant, or an address bit itself, costs nothing; what is there twice is made once.
    """
    bits = _bits(words, width)
    depth = len(bits)
    size = min(depth, 1 << inputs)
    leaves: set[bytes] = set()
    choices: set[bytes] = set()
    for column in bits.T:
        _cut(column, size, leaves, choices)
    return len(leaves - _free(size)), len(choices)


def varying_bits(words: np.ndarray, width: int) -> int:
    """Bits of a word that are not the same in all words: the others are no memory."""
    bits = _bits(words, width)
    return int((bits != bits[0]).any(axis=0).sum())


def distinct_bits(words: np.ndarray, width: int) -> int:
    """The same, each of those that are alike counted once."""
    bits = _bits(words, width).T
    return len({bit.tobytes() for bit in bits if (bit != bit[0]).any()})


def constant_bits(words: np.ndarray, width: int) -> tuple[int | None, ...]:
    """Each bit of a word, from the lowest on, or None where it is not the same in all words."""
    bits = _bits(words, width).T
    return tuple(int(bit[0]) if (bit == bit[0]).all() else None for bit in bits)


def _bits(words: np.ndarray, width: int) -> np.ndarray:
    """Words by bits, with the zeros that fill a memory up."""
    bits = np.zeros((depth_of(len(words)), width), bool)
    bits[: len(words)] = (np.asarray(words, np.int64)[:, None] >> np.arange(width)) & 1
    return bits


def _free(size: int) -> set[bytes]:
    address = np.arange(size)
    one = [((address >> bit) & 1).astype(bool) for bit in range((size - 1).bit_length())]
    return {column.tobytes() for column in (np.zeros(size, bool), np.ones(size, bool), *one)}


def _cut(column: np.ndarray, size: int, leaves: set[bytes], choices: set[bytes]) -> None:
    key = column.tobytes()
    if len(column) == size:
        leaves.add(key)
        return
    if key in choices:
        return
    low, high = np.split(column, 2)
    _cut(low, size, leaves, choices)
    if not np.array_equal(low, high):
        choices.add(key)
        _cut(high, size, leaves, choices)
