"""What makes one element of many."""

from __future__ import annotations

from tests.frontends.refused_cases.case import Refused, floats, ints, node

REFUSED: dict[str, Refused] = {
    "reduce_nothing": (
        node("ReduceSum", ["x", "a"], ["y"]),
        {"a": ints(3)},
        "there is no axis 3 in a value of 3 axes",
    ),
    "reduce_to_a_scalar": (
        node("ReduceMax", ["x"], ["y"], keepdims=0),
        {},
        "the result has no axes; lstmir computes with vectors and larger",
    ),
    "mean_of_integers": (
        node("ReduceMean", ["w"], ["y"]),
        {"w": ints(1, 2)},
        "a mean of integers is not supported; cast them to floats before it",
    ),
    "reduce_no_elements": (
        node("ReduceMax", ["w"], ["y"]),
        {"w": floats(0)},
        "there are no elements along axes [0] of [0]",
    ),
    "argmax_of_integers": (
        node("ArgMax", ["w"], ["y"]),
        {"w": ints(1, 2)},
        "'w' holds i64, not floats",
    ),
}
