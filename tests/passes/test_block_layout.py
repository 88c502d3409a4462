"""`block-layout`: what was packed is what a reader of the format would unpack."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmir.ir.encodings import Bank
from lstmir.ir.module import Module
from lstmir.ir.operands import constant_of
from lstmir.ir.operation import Operation
from lstmir.ir.types import TensorType, banks_of
from lstmir.numeric.geometry import TileShape, geometry
from lstmir.numeric.packing import pack, pack_rows
from tests.passes.levels import FEW, Recipe, apply, recipes
from tests.strategies.networks import Network, networks


def unpack(
    elements: np.ndarray, indices: np.ndarray | None, shape: tuple[int, int], tiles: TileShape,
    pattern: Bank | None,
) -> np.ndarray:  # fmt: skip
    """The matrix behind packed tiles [groups, tiles, rows, columns], element by element.

    In the order of tiles, a row's stored elements are those of its banks, one bank after the other.
    """
    size, keep = (pattern.size, pattern.keep) if pattern else (1, 1)
    units = shape[0] // tiles.gates
    matrix = np.zeros(shape, np.int64)
    for (group, tile, p, k), element in np.ndenumerate(elements):
        unit, gate = group * tiles.units + p // tiles.gates, p % tiles.gates
        bank, _ = divmod(tile * tiles.columns + k, keep)
        column = bank * size + (0 if indices is None else int(indices[group, tile, p, k]))
        if element:
            assert unit < units
            matrix[gate * units + unit, column] += element
    return matrix


@st.composite
def cases(draw: st.DrawFn) -> tuple[np.ndarray, Bank | None, TileShape]:
    """A matrix, its pattern, and tiles that fit it."""
    gates, units, columns = (
        draw(st.integers(1, 4)),
        draw(st.integers(1, 6)),
        draw(st.integers(1, 12)),
    )
    size = draw(st.integers(1, 6))
    keep = draw(st.integers(1, size))
    width = draw(st.integers(1, 8).filter(lambda k: k % keep == 0 or keep % k == 0))
    tiles = TileShape(gates * draw(st.integers(1, 3)), width, gates)
    random = np.random.default_rng(draw(st.integers(0, 999)))
    matrix = random.integers(-9, 10, (gates * units, columns))
    if draw(st.booleans()):
        return matrix, None, tiles
    pattern = Bank(size, keep)
    mask = pattern.cut(matrix.shape).largest(random.random(matrix.shape))
    return matrix * mask, pattern, tiles


@settings(FEW, max_examples=200)
@given(cases())
def test_a_packed_matrix_unpacks(case: tuple[np.ndarray, Bank | None, TileShape]) -> None:
    matrix, pattern, tiles = case
    elements, indices = pack(matrix, pattern, tiles)
    plan = geometry(matrix.shape, pattern, tiles)
    assert elements.shape == (plan.groups, plan.tiles, tiles.rows, tiles.columns)
    found = unpack(elements, indices if pattern else None, matrix.shape, tiles, pattern)
    assert np.array_equal(found, matrix)
    assert indices.max() < (pattern.size if pattern else tiles.columns)


@settings(FEW, max_examples=100)
@given(cases())
def test_a_vector_is_packed_like_the_rows(
    case: tuple[np.ndarray, Bank | None, TileShape],
) -> None:
    matrix, pattern, tiles = case
    groups = geometry(matrix.shape, pattern, tiles).groups
    vector = np.arange(1, len(matrix) + 1)
    column, _ = pack(vector[:, np.newaxis], None, TileShape(tiles.rows, 1, tiles.gates))
    assert np.array_equal(pack_rows(vector, groups, tiles), column[:, 0, :, 0])


@pytest.mark.parametrize(
    ("shape", "pattern", "tiles", "complaint"),
    [
        ((8, 4), None, TileShape(6, 1, 4), "8 rows in tiles of 6 are not whole units of 4"),
        ((6, 4), None, TileShape(4, 1, 4), "6 rows in tiles of 4 are not whole units of 4"),
        (
            (8, 9),
            Bank(4, 3),
            TileShape(4, 2, 4),
            "2 columns and 3 elements a bank do not divide",
        ),
    ],
)
def test_what_does_not_divide_is_refused(
    shape: tuple[int, int], pattern: Bank | None, tiles: TileShape, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        geometry(shape, pattern, tiles)


def matrices(module: Module) -> dict[str, tuple[TensorType, np.ndarray]]:
    return {
        op.attributes["resource"]: (op.result.type, module.resources[op.attributes["resource"]])
        for op in module.walk()
        if op.name == "tensor.constant"
        and isinstance(op.result.type, TensorType)
        and len(op.result.type.shape) == 2
    }


def memories(module: Module) -> dict[str, np.ndarray]:
    """The packed memories that loads read, by name."""
    loads = [op for op in module.walk() if op.name == "tile.load"]
    found = {
        op.operands[0].name or "": constant_of(op.operands[0], module.resources) for op in loads
    }
    return {name: array for name, array in found.items() if array is not None}


def tiles_of(module: Module, fetch: Operation) -> TileShape:
    return TileShape(*(fetch.attributes[name] for name in ("rows", "columns", "gates")))


@settings(FEW, max_examples=30)
@given(networks(), recipes(), st.integers(4, 64))
def test_the_memories_of_a_network_hold_its_matrices(
    network: Network, recipe: Recipe, macs: int
) -> None:
    module = apply(recipe.fixed_point(network), f"tile{{macs={macs}}}")
    before = matrices(module)
    fetched = {
        op.operands[0].name: tiles_of(module, op) for op in module.walk() if op.name == "tile.fetch"
    }
    apply(module, "block-layout")
    assert not any(op.name == "tile.fetch" for op in module.walk())
    packed = memories(module)
    assert len(fetched) == 3
    for name, tiles in fetched.items():
        resource = next(key for key in before if key.startswith(f"{name}"))
        type_, matrix = before[resource]
        plan = geometry(matrix.shape, banks_of(type_), tiles)
        shape = (plan.groups, plan.tiles, tiles.rows, tiles.columns)
        indices = packed.get(f"{resource}_indices")
        assert (indices is None) == (banks_of(type_) is None)
        found = unpack(
            packed[f"{resource}_packed"].reshape(shape),
            None if indices is None else indices.reshape(shape),
            matrix.shape, tiles, banks_of(type_),
        )  # fmt: skip
        assert np.array_equal(found, matrix)
