"""What selects from values, joins them or repeats them."""

from __future__ import annotations

import numpy as np

from tests.frontends.refused_cases.case import Refused, floats, ints, node

CUT = "its length is known only at run time; all of it, or its first or last element can be taken"

REFUSED: dict[str, Refused] = {
    "slice_by_nothing": (
        node("Slice", ["x", "s", "e", "a", "t"], ["y"]),
        {"s": ints(0), "e": ints(4), "a": ints(1), "t": ints(0)},
        "input 'steps' must not be 0",
    ),
    "slice_twice": (
        node("Slice", ["x", "s", "e", "a"], ["y"]),
        {"s": ints(0, 1), "e": ints(4, 4), "a": ints(1, -2)},
        "input 'axes' names an axis twice: [1, -2]",
    ),
    "slice_batch_backwards": (
        node("Slice", ["x", "s", "e", "a", "t"], ["y"]),
        {"s": ints(-1), "e": ints(-(2**63) + 1), "a": ints(0), "t": ints(-1)},
        f"axis 0 cannot be cut there: {CUT}",
    ),
    "slice_batch_by_steps": (
        node("Slice", ["x", "s", "e", "a", "t"], ["y"]),
        {"s": ints(0), "e": ints(2**63 - 1), "a": ints(0), "t": ints(2)},
        f"axis 0 cannot be cut there: {CUT}",
    ),
    "slice_batch": (
        node("Slice", ["x", "s", "e"], ["y"]),
        {"s": ints(1), "e": ints(3)},
        f"axis 0 cannot be cut there: {CUT}",
    ),
    "slice_empty": (
        node("Slice", ["x", "s", "e", "a"], ["y"]),
        {"s": ints(3), "e": ints(2), "a": ints(1)},
        "no element of axis 1 is left: it has 5",
    ),
    "slice_uneven": (
        node("Slice", ["x", "s", "e"], ["y"]),
        {"s": ints(3), "e": ints(2, 3)},
        "'starts', 'ends', 'axes' and 'steps' must be of one length",
    ),
    "slice_to_nowhere": (
        node("Slice", ["x", "s"], ["y"]),
        {"s": ints(3)},
        "input 'ends' is missing",
    ),
    "gather_nothing": (
        node("Gather", ["x", "i"], ["y"], axis=1),
        {"i": ints()},
        "input 'indices' is empty",
    ),
    "gather_samples": (
        node("Gather", ["x", "i"], ["y"]),
        {"i": ints(-1, -1)},
        "axis 0 has unknown length: only its first element (0) or its last (-1) can be taken",
    ),
    "gather_computed": (
        node("Gather", ["w", "x"], ["y"]),
        {"w": floats(4)},
        "input 'indices' must be a constant",
    ),
    "split_batch": (
        node("Split", ["x"], ["y"]),
        {},
        "axis 0 cannot be split: its length is known only at run time",
    ),
    "split_unevenly": (
        node("Split", ["x"], ["y", "z"], axis=1),
        {},
        "5 elements cannot be split evenly into 2: 'split' must say how many each has",
    ),
    "split_too_much": (
        node("Split", ["x", "s"], ["y", "z"], axis=1),
        {"s": ints(2, 4)},
        "pieces of [2, 4] do not make up axis 1, which has 5",
    ),
    "split_emptily": (
        node("Split", ["x", "s"], ["y", "z"], axis=1),
        {"s": ints(5, 0)},
        "pieces of [5, 0] do not make up axis 1, which has 5",
    ),
    "split_into_others": (
        node("Split", ["x", "s"], ["y", "z"], axis=1),
        {"s": ints(2, 2, 1)},
        "'split' has 3 entries for 2 outputs",
    ),
    "split_into_fewer": (
        node("Split", ["x"], ["y", "z"], axis=1, num_outputs=3),
        {},
        "attribute 'num_outputs' is 3, but there are 2 outputs",
    ),
    "gather_outside": (
        node("Gather", ["x", "i"], ["y"], axis=1),
        {"i": np.array(5)},
        "there is no element 5 along axis 1: it has 5",
    ),
    "gather_second_sample": (
        node("Gather", ["x", "i"], ["y"]),
        {"i": np.array(1)},
        "axis 0 has unknown length: only its first element (0) or its last (-1) can be taken",
    ),
    "concat_batch": (
        node("Concat", ["x", "x"], ["y"], axis=0),
        {},
        "[?, 5, 4] and [?, 5, 4] cannot be joined along axis 0",
    ),
    "concat_ranks": (
        node("Concat", ["x", "w"], ["y"], axis=2),
        {"w": floats(4)},
        "[?, 5, 4] and [4] cannot be joined along axis 2",
    ),
    "concat_nothing": (node("Concat", [""], ["y"], axis=0), {}, "input 0 is missing"),
    "expand_the_batch": (
        node("Expand", ["x", "s"], ["y"]),
        {"s": ints(3, 1, 1)},
        "an axis of unknown length cannot be repeated to 3",
    ),
    "expand_misfit": (
        node("Expand", ["x", "s"], ["y"]),
        {"s": ints(10, 4)},
        "an axis of length 5 cannot be repeated to 10",
    ),
}
