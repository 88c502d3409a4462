"""Grids, exponents and codes: the units with which least is lost, and rounding that makes up."""

from __future__ import annotations

from itertools import product
from time import process_time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import Generator, default_rng

from lstmir.numeric.codes import Code, Integer, Midrise, Ternary
from lstmir.numeric.compensation import round_compensated, round_nearest, squared_change
from lstmir.numeric.exponents import Part, choose_exponents, choose_unit
from lstmir.numeric.fitting import Rows, round_fitted
from lstmir.numeric.fixed import FixedType
from lstmir.numeric.grids import grid_of_codes, grid_of_format

FEW = settings(deadline=None, derandomize=True, max_examples=60)
CODES: list[Code] = [Midrise(1), Midrise(2), Midrise(4), Ternary(), Integer(2), Integer(4)]
SEEDS = st.integers(0, 2**16)


@given(st.sampled_from(CODES), st.integers(-9, 9), SEEDS)
def test_a_grid_has_the_nearest_value_of_its_code(code: Code, unit: int, seed: int) -> None:
    values = default_rng(seed).normal(size=(5, 3)) * 2.0**unit
    found = grid_of_codes([code], np.full(3, 2.0**unit), 5).round(values)
    assert (found == code.nearest(values / 2.0**unit) * 2.0**unit).all()


def test_each_part_of_the_rows_has_its_own_code_and_each_row_its_own_unit() -> None:
    grid = grid_of_codes([Midrise(1), Integer(3)], np.array([1.0, 0.5, 2.0, 0.25]), 1)
    assert grid.round(np.full(4, 0.9)).tolist() == [1.0, 0.5, 0.0, 0.75]
    assert grid.rows(slice(2, 4)).round(np.full(2, -9.0)).tolist() == [-8.0, -1.0]


def test_wide_formats_have_no_grid() -> None:
    with pytest.raises(ValueError, match=r"at most 32 bits, not !fx.s<33,0>"):
        grid_of_format(FixedType(True, 33, 0), 1, 1)


def random_part(random: Generator, rows: int = 4, columns: int = 6) -> Part:
    """With rows of different sizes; one of them may be zero, some of the weights may be pruned."""
    sizes = 2.0 ** random.integers(-3, 3, size=(rows, 1)) * (random.random((rows, 1)) > 0.1)
    weights = random.normal(size=(rows, columns)) * sizes
    live = random.random(weights.shape) < random.choice([0.5, 1.0])
    code = CODES[random.integers(len(CODES))]
    by_row, largest = bool(random.integers(2)), int(random.choice([0, 1, 3, 15]))
    return Part(np.where(live, weights, 0.0), live, code, by_row, largest)


def loss(part: Part, importance: np.ndarray, unit: int, exponents: np.ndarray) -> float:
    units = 2.0 ** (unit + exponents)[:, np.newaxis]
    rounded = part.code.nearest(part.weights / units) * units
    errors = np.where(part.live, rounded - part.weights, 0.0)
    return float((errors**2 @ importance).sum())


@FEW
@given(SEEDS, st.integers(-6, 3))
def test_no_other_exponents_lose_less(seed: int, unit: int) -> None:
    random = default_rng(seed)
    part, importance, most = random_part(random, rows=3), random.random(6), int(random.integers(5))
    chosen = choose_exponents(part, importance, unit, most)
    end = min(part.largest, most)
    assert chosen.min() >= 0 and chosen.max() <= end
    assert part.by_row or len(set(chosen.tolist())) == 1
    tried = (
        product(range(end + 1), repeat=3)
        if part.by_row
        else [(exponent,) * 3 for exponent in range(end + 1)]
    )
    best = min(loss(part, importance, unit, np.array(each)) for each in tried)
    assert loss(part, importance, unit, chosen) == pytest.approx(best, rel=1e-12, abs=1e-15)


@FEW
@given(SEEDS, st.integers(-12, 12))
def test_no_other_unit_loses_less(seed: int, least: int) -> None:
    random = default_rng(seed)
    parts, importance = [random_part(random) for _ in range(3)], random.random(6) + 0.01

    def lost(unit: int) -> float:
        exponents = [choose_exponents(part, importance, unit, 15) for part in parts]
        return sum(loss(p, importance, unit, e) for p, e in zip(parts, exponents, strict=True))

    chosen = choose_unit(parts, importance, least)
    assert chosen >= least
    if any(part.weights.any() for part in parts):
        best = min(lost(unit) for unit in range(least, least + 30))
        assert lost(chosen) <= best * (1 + 1e-9) + 1e-15
        assert lost(chosen + 1) > lost(chosen) * (1 - 1e-9)


def gram_of(random: Generator, columns: int) -> np.ndarray:
    """Of correlated vectors with an offset."""
    vectors = random.normal(size=(200, columns)) @ random.normal(size=(columns, columns)) + 0.5
    return np.array(vectors.T @ vectors)


def random_rows(random: Generator, gates: int) -> Rows:
    parts = [random_part(random) for _ in range(gates)]
    weights = np.concatenate([part.weights for part in parts])
    live = np.concatenate([part.live for part in parts])
    width = 2 + max(p.code.largest.bit_length() for p in parts) + int(random.integers(4))
    format_ = FixedType(True, width, int(random.integers(0, 5)))
    return Rows(weights, live, format_, parts if random.random() < 0.8 else [], np.ones(6))


@FEW
@given(SEEDS, st.integers(1, 3), st.integers(1, 2))
def test_fitted_rows_have_codes_and_lose_no_more_than_the_nearest(
    seed: int, gates: int, count: int
) -> None:
    random = default_rng(seed)
    matrices = [random_rows(random, gates) for _ in range(count)]
    gram = gram_of(random, 6 * count)
    weights = np.concatenate([each.weights for each in matrices], axis=1)
    live = np.concatenate([each.live for each in matrices], axis=1)
    fitted = round_fitted(matrices, gram)
    plain = round_nearest(weights, [each.grid(each.nearest) for each in matrices], live)
    after, before = (squared_change(each - weights, gram) for each in (fitted, plain))
    together = not all(part.by_row for each in matrices for part in each.parts)
    for start in range(0, len(weights), 4):
        rows = slice(start, start + 4)
        if not together:
            assert (after[rows] <= before[rows] * (1 + 1e-12)).all()
        assert after[rows].sum() <= before[rows].sum() * (1 + 1e-12)
    assert not fitted[~live].any()
    for each, part in zip(matrices, np.split(fitted, count, axis=1), strict=True):
        _has_codes(each, part)


def _has_codes(rows: Rows, values: np.ndarray) -> None:
    """Every value is a code times a power of two, one for each row or gate, in the format."""
    integers = values / rows.format.lsb
    assert (integers == np.rint(integers)).all()
    assert integers.min() >= rows.format.min_int and integers.max() <= rows.format.max_int
    for index, part in enumerate(rows.parts):
        those, live = integers[4 * index : 4 * index + 4], part.live
        for group in np.split(np.arange(4), 4) if part.by_row else [np.arange(4)]:
            assert any(
                part.code.holds(those[group][live[group]] / 2.0**exponent).all()
                for exponent in range(part.largest + 1)
            )


@pytest.mark.parametrize(("by_row", "most"), [(True, 0.85), (False, 0.95)])
def test_larger_units_pay_where_errors_are_made_up_for(by_row: bool, most: float) -> None:
    """Signs, against compensated rounding with the exponents that suit the nearest."""
    ratios = []
    for seed in range(20):
        random = default_rng(seed)
        weights = random.normal(size=(16, 24)) * 2.0 ** random.random()
        vectors = random.normal(size=(300, 6)) @ random.normal(size=(6, 24))
        vectors += 0.1 * random.normal(size=vectors.shape)
        gram = vectors.T @ vectors
        part = Part(weights, np.ones(weights.shape, bool), Midrise(1), by_row, 15)
        rows = Rows(weights, part.live, FixedType(True, 12, 4), [part], np.diag(gram))
        alone = round_compensated(weights, gram, [rows.grid(rows.nearest)])
        fitted = round_fitted([rows], gram)
        before, after = (squared_change(each - weights, gram).sum() for each in (alone, fitted))
        ratios.append(after / before)
    assert np.mean(ratios) < most
    assert max(ratios) <= 1


def test_a_large_matrix_takes_seconds() -> None:
    random = default_rng(0)
    weights, columns = random.normal(size=(1024, 1024)), 1024
    vectors = random.normal(size=(2048, columns)) + random.normal(size=(2048, 1))
    began = process_time()
    round_compensated(
        weights, vectors.T @ vectors, [grid_of_format(FixedType(True, 4, 2), 1024, columns)]
    )
    assert process_time() - began < 10
