"""Operators that select from values, or join them."""

from __future__ import annotations

import numpy as np

from tests.frontends.operator_cases.case import BIG, Case, floats, ints, node

CASES: dict[str, Case] = {
    "slice": Case(
        [node("Slice", ["x", "s", "e", "a", "t"], ["y"])],
        {"s": ints(1, -3), "e": ints(BIG, -1), "a": ints(1, -1), "t": ints(1, 1)},
    ),
    "slice_without_axes": Case(
        [node("Slice", ["x", "s", "e"], ["y"])], {"s": ints(0, 2), "e": ints(BIG, 4)}
    ),
    "slice_last_sample": Case(
        [node("Slice", ["x", "s", "e", "a"], ["y"])],
        {"s": ints(-1), "e": ints(BIG), "a": ints(0)},
        mixes="tensor.slice",
    ),
    "gather": Case([node("Gather", ["x", "i"], ["y"], axis=1)], {"i": np.array(3)}),
    "gather_negative": Case([node("Gather", ["x", "i"], ["y"], axis=-1)], {"i": np.array(-4)}),
    "gather_keeps_axis": Case([node("Gather", ["x", "i"], ["y"], axis=1)], {"i": ints(2)}),
    "slice_first_step": Case(
        [node("Slice", ["x", "s", "e", "a"], ["y"])],
        {"s": ints(0), "e": ints(1), "a": ints(1)},
        {"x": ("batch", "time", 4)},
    ),
    "gather_first_step": Case(
        [node("Gather", ["x", "i"], ["y"], axis=1)],
        {"i": np.array(0)},
        {"x": ("batch", "time", 4)},
    ),
    "gather_last_sample": Case(
        [node("Gather", ["x", "i"], ["y"])], {"i": np.array(-1)}, mixes="tensor.slice"
    ),
    "gather_constant": Case(
        [node("Gather", ["w", "i"], ["v"], axis=1), node("Add", ["x", "v"], ["y"])],
        {"w": floats(5, 7), "i": ints(6, 0, -2, 3)},
    ),
    "concat": Case([node("Relu", ["x"], ["r"]), node("Concat", ["x", "r", "x"], ["y"], axis=-1)]),
    "concat_one": Case([node("Concat", ["x"], ["y"], axis=0)]),
    "slice_every_second": Case(
        [node("Slice", ["x", "s", "e", "a", "t"], ["y"])],
        {"s": ints(1, 0), "e": ints(BIG, -1), "a": ints(1, 2), "t": ints(2, 2)},
    ),
    "slice_backwards": Case(
        [node("Slice", ["x", "s", "e", "a", "t"], ["y"])],
        {"s": ints(-1, 3), "e": ints(-BIG, 0), "a": ints(1, 2), "t": ints(-1, -2)},
    ),
    "slice_backwards_from_far_behind": Case(
        [node("Slice", ["x", "s", "e", "a", "t"], ["y"])],
        {"s": ints(BIG), "e": ints(-4), "a": ints(1), "t": ints(-1)},
    ),
    "slice_backwards_from_before_the_start": Case(
        [node("Slice", ["x", "s", "e", "a", "t"], ["y"])],
        {"s": ints(-10), "e": ints(-BIG), "a": ints(1), "t": ints(-1)},
    ),
    "slice_a_constant_backwards": Case(
        [node("Slice", ["w", "s", "e", "a", "t"], ["v"]), node("Add", ["x", "v"], ["y"])],
        {"w": floats(5, 8), "s": ints(-1), "e": ints(-BIG), "a": ints(1), "t": ints(-2)},
    ),
    "slice_lengths_backwards": Case(
        [
            node("Shape", ["x"], ["s"]),
            node("Slice", ["s", "last", "before", "zero", "back"], ["turned"]),
            node("Slice", ["turned", "last", "before", "zero", "back"], ["same"]),
            node("Reshape", ["x", "same"], ["y"]),
        ],
        {"last": ints(-1), "before": ints(-BIG), "zero": ints(0), "back": ints(-1)},
    ),
    "gather_several": Case([node("Gather", ["x", "i"], ["y"], axis=1)], {"i": ints(4, 0, -2, 0)}),
    "gather_neighbours": Case([node("Gather", ["x", "i"], ["y"], axis=2)], {"i": ints(1, 2)}),
    "gather_a_matrix": Case(
        [node("Gather", ["x", "i"], ["y"], axis=1)],
        {"i": np.array([[4, 0, 1], [2, -1, 3]], np.int32)},
    ),
    "gather_the_last_step_as_matrix": Case(
        [node("Gather", ["x", "i"], ["y"], axis=1)],
        {"i": np.array([[-1]])},
        {"x": ("batch", "time", 4)},
    ),
    "split": Case(
        [node("Split", ["x", "s"], ["a", "y"], axis=1)], {"s": ints(2, 3)}, outputs=("a", "y")
    ),
    "split_evenly": Case([node("Split", ["x"], ["a", "y"], axis=-1)], outputs=("a", "y")),
    "split_by_attribute": Case(
        [node("Split", ["x"], ["a", "b", "y"], axis=1, split=[1, 3, 1])],
        opset=11,
        outputs=("y", "b", "a"),
    ),
    "split_unevenly": Case(
        [node("Split", ["x"], ["a", "b", "y"], axis=1, num_outputs=3)],
        opset=18,
        outputs=("a", "b", "y"),
    ),
    "split_into_one": Case([node("Split", ["x"], ["y"], axis=1)]),
    "split_a_constant": Case(
        [
            node("Split", ["w"], ["a", "b"]),
            node("Add", ["a", "b"], ["c"]),
            node("Add", ["x", "c"], ["y"]),
        ],
        {"w": floats(10, 4)},
    ),
}
