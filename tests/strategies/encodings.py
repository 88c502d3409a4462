"""Random encodings, and arrays that are stored so."""

from __future__ import annotations

from random import Random

import numpy as np

from lstmir.ir.encodings import (
    Bank,
    Block,
    Column,
    Element,
    Empty,
    Encoding,
    Pattern,
    Row,
    Scale,
    Storage,
)  # fmt: skip
from lstmir.ir.types import ElementType, storage_dtype
from lstmir.numeric.codes import Code, Integer, Midrise, Ternary
from lstmir.numeric.fixed import FixedType


def encoded(
    array: np.ndarray, element: ElementType, random: Random
) -> tuple[np.ndarray, Encoding | None]:
    """An encoding, and the matrix changed so that it can be stored so."""
    gates = random.choice([g for g in (1, 1, 2, 3, 4) if len(array) % g == 0])
    parts, storages = [], []
    for part in np.split(array, gates):
        changed, storage = _stored(part, element, random)
        parts.append(changed)
        storages.append(storage)
    if storages == [Storage()]:
        return array, None
    return np.concatenate(parts), Encoding(tuple(storages))


def pattern_for(rows: int, columns: int, random: Random) -> Pattern:
    """Any pattern of a matrix of a shape."""
    size = random.randint(1, 5)
    lanes = random.randint(1, rows + 1)
    patterns: list[Pattern] = [
        Bank(size, random.randint(1, size)),
        Block(random.randint(1, 3), random.randint(1, 3), random.randint(1, 4)),
        Element(random.randint(0, 2 * columns), lanes),
        Row(random.randint(0, rows)),
        Column(random.randint(0, columns)),
        Empty(),
    ]
    return random.choice(patterns)


def _stored(part: np.ndarray, element: ElementType, random: Random) -> tuple[np.ndarray, Storage]:
    rows, columns = part.shape
    pattern = pattern_for(rows, columns, random) if random.random() < 0.7 else None
    mask = np.ones(part.shape, bool)
    if pattern is not None:
        scores = np.array([[random.random() for _ in range(columns)] for _ in range(rows)])
        mask = pattern.cut(part.shape).largest(scores)
    code, scale = _coded(element, random, pattern)
    if code is not None and isinstance(element, FixedType):
        part = _integers(part.shape, element, code, scale, random)
    return np.where(mask, part, np.zeros_like(part)), Storage(pattern, code, scale)


def _coded(
    element: ElementType, random: Random, pattern: Pattern | None
) -> tuple[Code | None, Scale | None]:
    """A code that fits the element type. Blocks that reach beyond a matrix have zeros, mid-rise none."""
    if not isinstance(element, FixedType) or not element.signed or random.random() < 0.4:
        return None, None
    room = element.width - 1
    codes: list[Code] = [Integer(random.randint(2, room + 1))] if room else []
    codes += [Ternary()] if room else []
    if room and not isinstance(pattern, Block):
        codes.append(Midrise(random.randint(1, room)))
    if not codes:
        return None, None
    scale = random.choice([None, Scale("row", 3), Scale("gate", 2)])
    return random.choice(codes), scale


def _integers(
    shape: tuple[int, int], element: FixedType, code: Code, scale: Scale | None, random: Random
) -> np.ndarray:
    """Integers of a code, each row or the whole with an exponent that leaves room for it."""
    room = element.width - 1 - code.largest.bit_length()
    most = max(0, min(room, scale.largest)) if scale else 0
    whole = random.randint(0, most)
    rows = []
    for _ in range(shape[0]):
        exponent = random.randint(0, most) if scale and scale.axis == "row" else whole
        codes = [_code(code, random) for _ in range(shape[1])]
        rows.append([each << exponent for each in codes])
    return np.array(rows, storage_dtype(element)).reshape(shape)


def _code(code: Code, random: Random) -> int:
    value = random.randint(-code.largest, code.largest)
    return value if not isinstance(code, Midrise) or value % 2 else value + (1 if value < 0 else -1)
