"""Comparisons, truth values, and what is chosen by them."""

from __future__ import annotations

import numpy as np
from onnx import NodeProto, TensorProto

from tests.frontends.operator_cases.case import Case, floats, ints, node
from tests.frontends.operator_cases.elementwise import VECTOR, of


def as_float(name: str) -> NodeProto:
    """Makes the result y of truth values."""
    return node("Cast", [name], ["y"], to=TensorProto.FLOAT)


def _compared(op_type: str) -> Case:
    """With values that are equal, too."""
    nodes = [
        node("Sign", ["x"], ["s"]),
        node(op_type, ["s", "w"], ["t"]),
        as_float("t"),
    ]
    return Case(nodes, {"w": np.array([-1, 0, 1, 1], np.float32)})


CASES: dict[str, Case] = {
    **{
        name.lower(): _compared(name)
        for name in ("Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Equal")
    },
    "compare_constant_first": Case(
        [node("Less", ["w", "x"], ["t"]), as_float("t")], {"w": floats(5, 1)}
    ),
    "compare_constants": Case(
        [
            node("Greater", ["v", "w"], ["t"]),
            node("Equal", ["i", "j"], ["e"]),
            node("Or", ["t", "e"], ["o"]),
            node("Cast", ["o"], ["f"], to=TensorProto.FLOAT),
            node("Add", ["x", "f"], ["y"]),
        ],
        {"v": floats(5, 1), "w": floats(4), "i": ints(1, 2, 3, 4), "j": ints(2, 2, 3, 0)},
    ),
    "and_or_not": Case(
        [
            node("Greater", ["x", "v"], ["a"]),
            node("Less", ["x", "w"], ["b"]),
            node("And", ["a", "b"], ["c"]),
            node("Not", ["a"], ["d"]),
            node("Or", ["c", "d"], ["e"]),
            node("And", ["e", "m"], ["f"]),
            as_float("f"),
        ],
        {"v": of(-0.2), "w": floats(4), "m": np.array([True, True, False, True])},
    ),
    "not_of_a_constant": Case(
        [
            node("Not", ["m"], ["n"]),
            node("And", ["n", "k"], ["a"]),
            node("Where", ["a", "x", "w"], ["y"]),
        ],
        {"m": np.array([True, False, False, True]), "k": np.array(True), "w": floats(4)},
    ),
    "where": Case(
        [node("Less", ["x", "w"], ["t"]), node("Where", ["t", "w", "x"], ["y"])], {"w": floats(4)}
    ),
    "where_known": Case(
        [node("Where", ["m", "x", "w"], ["y"])],
        {"m": np.array([[True], [False], [True], [True], [False]]), "w": of(2)},
    ),
    "where_of_constants": Case(
        [node("Greater", ["x", "w"], ["t"]), node("Where", ["t", "one", "v"], ["y"])],
        {"w": of(0), "one": of(1), "v": floats(5, 1)},
    ),
    "where_all_known": Case(
        [node("Where", ["m", "v", "w"], ["c"]), node("Mul", ["x", "c"], ["y"])],
        {"m": np.array([True, False, True, False]), "v": floats(5, 1), "w": floats(4)},
    ),
    "cast_to_truth": Case(
        [
            node("Mul", ["x", "m"], ["p"]),
            node("Cast", ["p"], ["t"], to=TensorProto.BOOL),
            node("Where", ["t", "x", "w"], ["y"]),
        ],
        {"w": floats(4), "m": VECTOR},
    ),
    "cast_truth_to_truth": Case(
        [
            node("Greater", ["x", "w"], ["t"]),
            node("Cast", ["t"], ["u"], to=TensorProto.BOOL),
            as_float("u"),
        ],
        {"w": floats(4)},
    ),
    "cast_like": Case(
        [
            node("CastLike", ["w", "x"], ["v"]),
            node("Greater", ["x", "v"], ["t"]),
            node("CastLike", ["t", "x"], ["f"]),
            node("CastLike", ["f", "x"], ["y"]),
        ],
        {"w": ints(0, 1, -1, 0)},
    ),
    "shape_with_gaps": Case(
        [
            node("Shape", ["x"], ["s"]),
            node("Equal", ["wanted", "minus"], ["gap"]),
            node("Where", ["gap", "s", "wanted"], ["target"]),
            node("Equal", ["target", "minus"], ["none"]),
            node("Where", ["none", "wanted", "target"], ["again"]),
            node("Reshape", ["x", "again"], ["y"]),
        ],
        {"wanted": ints(-1, 20, 1), "minus": ints(-1)},
    ),
    "shape_that_is_itself": Case(
        [
            node("Shape", ["x"], ["s"]),
            node("Equal", ["s", "s"], ["t"]),
            node("Where", ["t", "ones", "twos"], ["c"]),
            node("Cast", ["c"], ["f"], to=TensorProto.FLOAT),
            node("Reshape", ["f", "three"], ["r"]),
            node("Mul", ["x", "r"], ["y"]),
        ],
        {"ones": ints(1, 1, 1), "twos": ints(2, 2, 2), "three": ints(1, 3, 1)},
        {"x": ("batch", 3, 4)},
    ),
}
