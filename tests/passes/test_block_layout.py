"""`block-layout`: what was packed is what a reader of the format would unpack."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmir.dialects.tile import layout_of_tiles, shape_of_tiles
from lstmir.ir.encodings import (
    Bank,
    Block,
    Column,
    Element,
    Empty,
    Encoding,
    Pattern,
    Scale,
    Storage,
    patterned,
)
from lstmir.ir.module import Module
from lstmir.ir.operands import constant_of
from lstmir.ir.operation import Value
from lstmir.ir.types import TensorType, element_of
from lstmir.numeric.codes import Integer, Midrise
from lstmir.numeric.fixed import FixedType
from lstmir.numeric.geometry import Layout, TileShape, dense
from lstmir.numeric.packing import check_room, pack, pack_rows
from lstmir.passes.tiling.array import Array
from lstmir.passes.tiling.layouts import Walk, best_walk
from lstmir.passes.tiling.lists import Matrix
from tests.passes.levels import FEW, Recipe, apply, recipes
from tests.strategies.cells import Signs
from tests.strategies.encodings import encoded
from tests.strategies.networks import Network, networks

S8 = FixedType(True, 8, 0)


def unpack(
    matrix: np.ndarray, elements: np.ndarray, indices: np.ndarray, tiles: TileShape, layout: Layout
) -> None:
    """Add packed tiles [groups, windows, slots, lanes, columns] to a matrix, element by element."""
    units = len(matrix) // tiles.gates
    entries = tiles.columns // layout.block
    for (group, window, slot, lane, k), element in np.ndenumerate(elements):
        p = tiles.first + lane * tiles.step
        unit, gate = group * tiles.units + p // tiles.gates, p % tiles.gates
        entry, within = divmod(k, layout.block)
        index = indices[group, window, slot, lane % layout.lists, entry]
        assert index < layout.size // layout.block
        start = slot * layout.seen if layout.moves else 0
        bank = entry // (entries // layout.banks)
        column = window * layout.window + start + bank * layout.size + index * layout.block + within
        if element:
            assert unit < units
            matrix[gate * units + unit, column] += element


def parts_of(array: Array, gates: int) -> tuple[TileShape, ...]:
    """All rows of an array, as those of so many gates."""
    return array.parts(array.rows, gates, range(gates))


@dataclass(frozen=True)
class Case:
    """A matrix stored somehow, and an array that reads it."""

    matrix: Matrix
    array: Array
    gates: int

    @property
    def parts(self) -> tuple[TileShape, ...]:
        return parts_of(self.array, self.gates)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Matrices of a cell or of a head, in any encoding; arrays with lanes alike or not."""
    gates, units = draw(st.integers(1, 4)), draw(st.integers(1, 9))
    columns, seed = draw(st.integers(1, 150) | st.integers(1, 12)), draw(st.integers(0, 9999))
    numbers = np.random.default_rng(seed).integers(-128, 128, (gates * units, columns), np.int8)
    array, encoding = encoded(numbers, S8, Random(seed))
    alike = draw(st.booleans())
    lanes = draw(st.lists(st.integers(1, 9), min_size=gates, max_size=gates))
    chosen = Array(gates * draw(st.integers(1, 3)), (lanes[0],) * gates if alike else tuple(lanes))
    type_ = TensorType(array.shape, S8, draw(st.sampled_from([encoding, encoding, None])))
    return Case(Matrix(array, type_), chosen, draw(st.sampled_from([gates, 1])))


@settings(FEW, max_examples=300)
@given(cases())
def test_what_was_packed_is_unpacked(case: Case) -> None:
    array = case.matrix.array
    walk = best_walk(case.matrix, case.parts)
    found = np.zeros((len(array), walk.windows * walk.window), np.int64)
    for tiles, layout in walk.parts:
        layout.check(tiles)
        assert (layout.window, layout.slots) == (walk.window, walk.slots)
        elements, indices = pack(array, tiles, layout)
        assert elements.shape[1:] == (walk.windows, walk.slots, tiles.lanes, tiles.columns)
        assert layout.is_indexed or not indices.any()
        unpack(found, elements, indices, tiles, layout)
    assert np.array_equal(found[:, : array.shape[1]], array)
    assert not found[:, array.shape[1] :].any()


@settings(FEW, max_examples=100)
@given(cases())
def test_a_vector_is_packed_like_the_rows(case: Case) -> None:
    rows = len(case.matrix.array)
    tiles = TileShape(case.array.rows, 1, case.gates)
    vector = np.arange(1, rows + 1)
    column, _ = pack(vector[:, np.newaxis], tiles, dense(1))
    assert np.array_equal(pack_rows(vector, tiles), column[:, 0, 0, :, 0])


# -- how much is read -----------------------------------------------------------------------------


def stored(encoding: Encoding, rows: int = 128, columns: int = 32) -> Matrix:
    """A random matrix of which as much lives as an encoding allows."""
    random = np.random.default_rng(0)
    parts = []
    for storage in encoding.gates:
        part = random.integers(1, 100, (rows // len(encoding.gates), columns))
        shape = (part.shape[0], columns)
        if storage.pattern is not None:
            part = part * storage.pattern.cut(shape).largest(random.random(shape))
        parts.append(part)
    array = np.concatenate(parts)
    assert encoding.violation(array) is None
    return Matrix(array, TensorType(array.shape, S8, encoding))


def index_bits(walk: Walk) -> list[int]:
    """For each part, the stored bits of a tile's addresses."""
    return [
        layout.is_indexed * layout.index_bits * layout.lists * (tiles.columns // layout.block)
        for tiles, layout in walk.parts
    ]


QUARTERS: dict[str, tuple[Encoding, list[int]]] = {
    "banks of 4": (patterned(Bank(4, 1)), [16 * 2]),
    "banks of 8": (patterned(Bank(8, 2)), [16 * 3]),
    "each row": (patterned(Element(8, 128)), [16 * 5]),
    "columns": (patterned(Column(8)), [4]),
    "columns by gate": (patterned(*[Column(8)] * 4), [4 * 5]),
    "blocks": (patterned(Block(4, 4, 2)), [4 * 5]),
    "blocks of a row": (patterned(Block(1, 4, 2)), [16 * 5]),
    "nothing": (Encoding((Storage(),)), [0]),
}


@pytest.mark.parametrize("name", QUARTERS)
def test_a_quarter_takes_a_quarter_of_the_tiles(name: str) -> None:
    encoding, indices = QUARTERS[name]
    array = Array(16, (1, 1, 1, 1))
    walk = best_walk(stored(encoding), parts_of(array, 4))
    assert walk.tiles == (32 if name == "nothing" else 8)
    assert index_bits(walk) == indices


def test_four_columns_take_blocks_as_one_entry_each() -> None:
    walk = best_walk(stored(patterned(Block(4, 4, 2))), parts_of(Array(16, (4,) * 4), 4))
    assert walk.tiles == 2
    assert index_bits(walk) == [4 * 3]


def test_columns_have_one_list_for_all_rows() -> None:
    matrix = stored(patterned(Column(8)))
    holes = np.random.default_rng(1).random(matrix.array.shape) < 0.9
    holes[:4] = False  # the first group has something in every column that lives
    matrix = replace(matrix, array=np.where(holes, 0, matrix.array))
    ((tiles, layout),) = best_walk(matrix, parts_of(Array(16, (2,) * 4), 4)).parts
    _, indices = pack(matrix.array, tiles, layout)
    live = np.flatnonzero(matrix.array.any(axis=0))
    assert layout.lists == 1
    assert np.array_equal(unpacked(matrix.array, tiles, layout), matrix.array)
    starts = np.arange(indices.shape[1]).reshape(-1, 1, 1, 1) * layout.window
    assert all(np.array_equal(group.ravel(), live) for group in indices + starts)


def unpacked(array: np.ndarray, tiles: TileShape, layout: Layout) -> np.ndarray:
    found = np.zeros((len(array), layout.windows(array.shape[1]) * layout.window), int)
    unpack(found, *pack(array, tiles, layout), tiles, layout)
    return found[:, : array.shape[1]]


@pytest.mark.parametrize("columns", [5, 7, 10])
def test_a_list_may_have_more_room_than_a_bank(columns: int) -> None:
    array = np.arange(1, 4 * columns + 1).reshape(4, columns)
    layout = Layout(5, 3, 5, 1, lists=4)
    assert np.array_equal(unpacked(array, TileShape(4, 2, 4), layout), array)


GATES: list[tuple[tuple[Pattern | None, ...], tuple[int, ...], int]] = [
    ((Element(4, 32), Element(4, 32), Element(4, 32), None), (1, 1, 1, 8), 4),
    ((Bank(8, 1), Bank(8, 2), Bank(8, 1), Bank(8, 4)), (1, 2, 1, 4), 4),
    ((Column(8), Column(8), Column(8), None), (1, 1, 1, 4), 8),
    ((Empty(), Bank(4, 2), Bank(4, 1), Bank(4, 2)), (1, 2, 1, 2), 8),
]


@pytest.mark.parametrize(("patterns", "columns", "tiles"), GATES)
def test_no_gate_waits_for_another(
    patterns: tuple[Pattern | None, ...], columns: tuple[int, ...], tiles: int
) -> None:
    encoding = Encoding(tuple(Storage(pattern) for pattern in patterns))
    walk = best_walk(stored(encoding), parts_of(Array(8, columns), 4))
    assert walk.tiles == tiles


# -- what does not fit ----------------------------------------------------------------------------


def test_rows_are_whole_units() -> None:
    with pytest.raises(ValueError, match="8 rows in tiles of 6 are not whole units of 4"):
        TileShape(6, 1, 4).groups(8)
    with pytest.raises(ValueError, match="6 rows in tiles of 4 are not whole units of 4"):
        TileShape(4, 1, 4).groups(6)


@pytest.mark.parametrize(
    ("layout", "complaint"),
    [
        (Layout(4, 0), "the numbers of a layout are positive"),
        (Layout(8, block=4, size=8), "2 columns and banks of 8 are no whole blocks of 4"),
        (Layout(9, size=3, banks=3), "2 entries are not as many for each of 3 banks"),
        (Layout(4, size=4, lists=3), "8 lanes cannot share 3 lists"),
        (Layout(4, 3, 1, 2), "3 tiles of 2 banks of 1 are no window of 4"),
        (Layout(4, 2, 2, 2), "2 tiles of 2 banks of 2 are no window of 4"),
    ],
)
def test_numbers_that_do_not_go_together(layout: Layout, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        layout.check(TileShape(8, 2, 4))


@pytest.mark.parametrize(
    ("layout", "complaint"),
    [
        (Layout(4, 1, 4, 1, lists=4), "a list has room for 2 blocks of a bank, not for 4"),
        (Layout(4, 1, 2, 1, lists=4), "the tiles see 2 of the 4 neighbours of a window"),
    ],
)
def test_lists_without_room(layout: Layout, complaint: str) -> None:
    for check in (check_room, pack):
        with pytest.raises(ValueError, match=complaint):
            check(np.ones((4, 4), int), TileShape(4, 2, 4), layout)


# -- the pass -------------------------------------------------------------------------------------


def matrices(module: Module) -> dict[str, np.ndarray]:
    return {
        op.attributes["resource"]: numbers(module.resources[op.attributes["resource"]], op.result)
        for op in module.walk()
        if op.name == "tensor.constant"
        and isinstance(op.result.type, TensorType)
        and len(op.result.type.shape) == 2
    }


def memories(module: Module) -> dict[str, np.ndarray]:
    """What is read from packed memories, by name: numbers, and addresses of entries."""
    found = {}
    for op in module.walk():
        array = constant_of(op.operands[0], module.resources) if op.name == "tile.load" else None
        if array is None:
            continue
        (user, _), *_ = op.parent.uses(op.result)
        codes = user.name == "tile.midrise"
        integers = 2 * array.astype(int) + 1 if codes else array
        found[op.operands[0].name or ""] = numbers(integers, user.result if codes else op.result)
    return found


def numbers(integers: np.ndarray, value: Value) -> np.ndarray:
    """The numbers behind integers of a value's type."""
    element = element_of(value.type)
    assert isinstance(element, FixedType)
    return integers * 2.0**-element.frac


@settings(FEW, max_examples=30)
@given(networks(), recipes(), st.integers(4, 64))
def test_the_memories_of_a_network_hold_its_matrices(
    network: Network, recipe: Recipe, macs: int
) -> None:
    module = apply(recipe.fixed_point(network), f"tile{{macs={macs}}}")
    before = matrices(module)
    fetches = [
        (op.operands[0].name or "", shape_of_tiles(op.attributes), layout_of_tiles(op.attributes))
        for op in module.walk()
        if op.name == "tile.fetch"
    ]
    apply(module, "block-layout")
    assert not any(op.name == "tile.fetch" for op in module.walk())
    packed = memories(module)
    found: dict[str, np.ndarray] = {}
    for name, tiles, layout in fetches:
        resource = next(key for key in before if key.startswith(name))
        matrix = before[resource]
        windows = layout.windows(matrix.shape[1])
        prefix = resource if tiles.step == 1 else f"{resource}_{tiles.first}"
        groups = tiles.groups(len(matrix))
        places = (groups, windows, layout.slots, layout.lists, tiles.columns // layout.block)
        indices = packed.get(f"{prefix}_indices", np.zeros(places))
        whole = np.broadcast_to(indices.reshape(-1, *places[1:]), places).astype(int)
        shape = (-1, windows, layout.slots, tiles.lanes, tiles.columns)
        elements = packed[f"{prefix}_packed"].reshape(shape)
        elements = np.broadcast_to(elements, (groups, *elements.shape[1:]))
        size = (len(matrix), windows * layout.window)
        unpack(found.setdefault(resource, np.zeros(size)), elements, whole, tiles, layout)
    for resource, array in found.items():
        matrix = before[resource]
        assert np.array_equal(array[:, : matrix.shape[1]], matrix)
    assert found


# -- how many bits are stored ---------------------------------------------------------------------


def test_each_gate_has_the_bits_of_its_codes() -> None:
    maker = Signs(0)
    module = apply(maker.make(), "tile{macs=16},block-layout")
    bits = {}
    for op in module.main.region.operations():
        name = op.results[0].name or "" if op.results else ""
        if name.startswith("w_") and name.endswith("_packed"):
            element = element_of(op.result.type)
            assert isinstance(element, FixedType)
            bits[name] = module.resources[op.attributes["resource"]].size * element.width
    # Nobody reads the second of the four gates.
    assert bits == {
        f"w_{vector}_rows_{gate}_packed": maker.hidden * size * width
        for vector, size in (("x", maker.features), ("h", maker.hidden))
        for gate, width in enumerate((1, 1, 4))
    }


ONE, FOUR = Storage(code=Midrise(1)), Storage(code=Integer(4))
SHIFTED = Storage(code=Midrise(1), scale=Scale("gate", 2))


@pytest.mark.parametrize(
    ("gates", "apart"),
    [
        ((ONE, ONE, ONE, FOUR), True),
        ((SHIFTED,) * 4, True),
        ((ONE,) * 4, False),
        ((Storage(Bank(4, 1)), Storage(Bank(4, 2)), Storage(), Storage()), False),
        ((ONE, FOUR), False),
        ((SHIFTED,), False),
    ],
)
def test_gates_with_codes_of_their_own_are_apart(gates: tuple[Storage, ...], apart: bool) -> None:
    array = np.ones((8, 4), np.int8)
    matrix = Matrix(array, TensorType((8, 4), S8, Encoding(gates)))
    assert matrix.has_own_codes(4) == apart
    assert not matrix.has_own_codes(1)
