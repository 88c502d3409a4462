"""Encodings: what they say of a matrix, what they cost, and how they are written."""

from __future__ import annotations

from math import comb
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    patterned,
)  # fmt: skip
from lstmir.numeric.codes import Integer, Midrise, Ternary
from lstmir.numeric.fixed import FixedType
from lstmir.syntax.encoding_syntax import parse_encoding
from tests.strategies.encodings import encoded, pattern_for

SHAPES = st.tuples(st.integers(1, 9), st.integers(1, 9))
SEEDS = st.integers(0, 2**32)


def sets_of(pattern: Pattern, rows: int, columns: int) -> list[list[set[tuple[int, int]]]]:
    """The blocks of each set, as sets of places: the definition of each pattern, spelled out."""
    places = [(r, c) for r in range(rows) for c in range(columns)]
    match pattern:
        case Bank(size, _):
            starts = range(0, columns, size)
            return [[{(r, c)} for c in range(s, min(s + size, columns))]
                    for r in range(rows) for s in starts]  # fmt: skip
        case Block(height, width, _):
            return [
                [{(r, c) for r, c in places if band <= r < band + height and s <= c < s + width}
                 for s in range(0, columns, width)]
                for band in range(0, rows, height)
            ]  # fmt: skip
        case Element(_, lanes):
            height = -(-rows // lanes)
            return [[{(r, c)} for r, c in places if s <= r < s + height]
                    for s in range(0, rows, height)]  # fmt: skip
        case Row(_):
            return [[{(r, c) for c in range(columns)} for r in range(rows)]]
        case Column(_):
            return [[{(r, c) for r in range(rows)} for c in range(columns)]]
        case Empty():
            return [[{place} for place in places]]


def keep_of(pattern: Pattern) -> int:
    return 0 if isinstance(pattern, Empty) else pattern.keep


@settings(max_examples=300, deadline=None)
@given(SHAPES, SEEDS)
def test_a_pattern_is_what_its_sets_say(shape: tuple[int, int], seed: int) -> None:
    pattern = pattern_for(*shape, Random(seed))
    matrix = np.random.default_rng(seed).random(shape) < 0.4
    fits = all(
        sum(any(matrix[place] for place in block) for block in blocks) <= keep_of(pattern)
        for blocks in sets_of(pattern, *shape)
    )
    assert (patterned(pattern).violation(matrix * 1.0) is None) == fits


@settings(max_examples=300, deadline=None)
@given(SHAPES, SEEDS)
def test_the_largest_blocks_of_each_set_live(shape: tuple[int, int], seed: int) -> None:
    pattern = pattern_for(*shape, Random(seed))
    scores = np.random.default_rng(seed).random(shape)
    mask = pattern.cut(shape).largest(scores)
    kept = 0
    for blocks in sets_of(pattern, *shape):
        sums = sorted((-sum(scores[place] for place in block), sorted(block)) for block in blocks)
        for rank, (_, places) in enumerate(sums):
            assert all(mask[place] == (rank < keep_of(pattern)) for place in places)
            kept += len(places) * (rank < keep_of(pattern))
    assert kept <= pattern.cut(shape).inside(shape) <= pattern.cut(shape).kept(shape)
    if not isinstance(pattern, Block):  # those beyond the end are stored whole
        assert kept == pattern.cut(shape).inside(shape) == pattern.cut(shape).kept(shape)


@settings(max_examples=300, deadline=None)
@given(SHAPES, SEEDS, st.integers(2, 40))
def test_encodings_hold_and_are_read_as_they_are_written(
    shape: tuple[int, int], seed: int, width: int
) -> None:
    random = Random(seed)
    zeros = np.zeros(shape, np.int64)
    array, encoding = encoded(zeros, FixedType(True, width, 3), random)
    if encoding is not None:
        assert encoding.violation(array) is None
        assert parse_encoding(str(encoding)) == encoding


@settings(max_examples=200, deadline=None)
@given(SHAPES, SEEDS)
def test_a_matrix_can_be_decoded_from_what_is_stored(shape: tuple[int, int], seed: int) -> None:
    """Codes and exponents, as they are counted, give every integer back."""
    array, encoding = encoded(np.zeros(shape, np.int64), FixedType(True, 9, 0), Random(seed))
    if encoding is None:
        return
    for storage, part in zip(encoding.gates, encoding.parts(array), strict=True):
        if storage.code is None:
            continue
        exponents = np.zeros(len(part), np.int64)
        if storage.scale is not None:
            exponents = storage.scale.exponents(part)
            assert exponents.max() < 2**storage.scale.bits
            assert storage.scale.axis == "row" or len(set(exponents)) == 1
        codes = part // 2 ** exponents[:, np.newaxis]
        assert np.array_equal(codes * 2 ** exponents[:, np.newaxis], part)
        levels = 3 if isinstance(storage.code, Ternary) else 2**storage.code.bits
        stored = codes if storage.pattern is None else codes[codes != 0]
        assert len(np.unique(stored)) <= levels
        assert np.abs(codes).max() <= storage.code.largest + isinstance(storage.code, Integer)


@pytest.mark.parametrize(
    ("text", "shape", "bits"),
    [
        ("#sparse.bank<8, 4>", (4, 16), 4 * (8 * 6 + 2 * 7)),  # C(8, 4) = 70 choices
        ("#sparse.bank<4, 1> #code<midrise, 1>", (4, 16), 4 * 4 * (1 + 2)),
        ("#sparse.bank<8, 4>", (1, 12), 6 * (4 + 4) + 7),  # the rest is dense: nothing to choose
        ("#code<midrise, 1> #scale<row, 4>", (32, 12), 32 * (12 + 4)),
        ("#code<integer, 3> #scale<gate, 4>", (32, 12), 32 * 12 * 3 + 4),
        ("#code<ternary>", (4, 5), 32),
        ("#code<ternary>", (1, 3), 5),
        ("#sparse.none", (32, 12), 0),
        ("#sparse.element<10, 1>", (4, 5), 10 * 6 + 20),  # a bit an element is less than 10 times 5
        ("#sparse.element<2, 1>", (8, 8), 2 * 6 + 2 * 6),  # two addresses of 6 bits
        ("#sparse.row<2>", (4, 5), 10 * 6 + 3),  # C(4, 2) = 6
        ("#sparse.column<1>", (4, 5), 4 * 6 + 3),
        ("#sparse.block<4, 4, 2>", (8, 16), 2 * (2 * 16 * 6 + 3)),
        ("#sparse.block<4, 4, 1>", (3, 5), 16 * 6 + 1),  # blocks are stored whole
        ("#by_gate<#sparse.none, #dense, #code<integer, 2>>", (6, 4), 8 * 6 + 8 * 2),
    ],
)  # fmt: skip
def test_bits_by_hand(text: str, shape: tuple[int, int], bits: int) -> None:
    assert parse_encoding(text).stored_bits(shape, 6) == bits


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 8), st.integers(1, 8))
def test_choices_are_counted_as_they_are(size: int, keep: int) -> None:
    keep = min(size, keep)
    choices = comb(size, keep)
    bits = Bank(size, keep).cut((1, size)).index_bits((1, size))
    assert 2**bits >= choices > 2**bits // 2 or choices == 1 == 2**bits


@pytest.mark.parametrize(
    ("text", "matrix", "complaint"),
    [
        ("#code<integer, 2>", [[1, -2], [0, 2]], "row 1, column 1 is 2, which has no code"),
        ("#code<midrise, 2>", [[1, 3], [-1, 2]], "row 1, column 1 is 2, which has no code"),
        ("#code<midrise, 1> #scale<row, 2>", [[2, -2], [4, 2]], "row 1, column 0 is 4, which"),
        ("#code<midrise, 1> #scale<row, 1>", [[2, -2], [4, 4]], "row 1, column 0 is 4, which"),
        ("#code<ternary> #scale<gate, 2>", [[2, 0], [4, 4]], "row 1, column 0 is 4, which"),
        ("#sparse.bank<2, 1> #code<midrise, 1>", [[1, 0], [0, 0]], "1 stored elements are zero"),
        ("#by_gate<#dense, #code<ternary>>", [[9, 9], [1, 2]], "gate 1: row 0, column 1 is 2"),
        ("#by_gate<#dense, #dense, #sparse.none>", [[1, 1], [1, 1]], "2 rows are not those of 3 gates"),
        ("#sparse.element<1, 2>", [[1, 0], [1, 1]], "lane 1 has more than 1 non-zero elements"),
        ("#sparse.column<1>", [[1, 0], [1, 1]], "the matrix has more than 1 live columns"),
        ("#sparse.row<1>", [[1, 0], [1, 1]], "the matrix has more than 1 live rows"),
        ("#sparse.block<1, 1, 1>", [[1, 0], [1, 1]], "band 1 has more than 1 live blocks"),
        ("#sparse.none", [[0, 0], [0, 1]], "the matrix has more than 0 non-zero elements"),
    ],
)  # fmt: skip
def test_what_is_not_stored_so_is_told(text: str, matrix: list[list[int]], complaint: str) -> None:
    found = parse_encoding(text).violation(np.array(matrix))
    assert found is not None
    assert found.startswith(complaint)


def test_codes_say_nothing_of_floats() -> None:
    encoding = Encoding((Storage(Bank(2, 1), Midrise(1), Scale("row", 4)),))
    floats = np.array([[0.3, 0.0]])
    assert encoding.violation(floats, integers=False) is None
    assert encoding.violation(np.array([[0.3, 0.1]]), integers=False) is not None
