"""Values one after the other, several times."""

from __future__ import annotations

from tests.frontends.operator_cases.case import Case, floats, ints, node

TILE = node("Tile", ["x", "n"], ["y"])
BATCH = [node("Shape", ["x"], ["s"]), node("Slice", ["s", "zero", "one"], ["batch"])]
EDGES = {"zero": ints(0), "one": ints(1)}

CASES: dict[str, Case] = {
    "tile": Case([TILE], {"n": ints(1, 2, 3)}),
    "tile_once": Case([TILE], {"n": ints(1, 1, 1)}),
    "tile_an_axis_of_one": Case(
        [node("Unsqueeze", ["x", "one"], ["u"]), node("Tile", ["u", "n"], ["y"])],
        {"one": ints(1), "n": ints(1, 7, 1, 2)},
    ),
    "tile_constant": Case(
        [node("Tile", ["w", "n"], ["v"]), node("Add", ["x", "v"], ["y"])],
        {"w": floats(1, 2), "n": ints(5, 2)},
    ),
    "tile_constant_for_each_sample": Case(
        [
            *BATCH,
            node("Concat", ["batch", "one", "one"], ["n"], axis=0),
            node("Tile", ["w", "n"], ["v"]),
            node("Add", ["x", "v"], ["y"]),
        ],
        {**EDGES, "w": floats(1, 5, 4)},
    ),
}
