"""What several nodes cannot do together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from onnx import NodeProto, TensorProto, helper, numpy_helper

from lstmir.ir.diagnostics import UserError

if TYPE_CHECKING:
    from tests.frontends.conftest import Bench

node = helper.make_node
Weights = dict[str, np.ndarray]


def floats(*shape: int) -> np.ndarray:
    return np.linspace(-1, 1, int(np.prod(shape)), dtype=np.float32).reshape(shape)


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


CHAINS: dict[str, tuple[list[NodeProto], Weights, str]] = {
    "scalar": (
        [node("Gather", ["x", "i"], ["g"]), node("Gather", ["g", "i"], ["y"], name="last")],
        {"i": np.array(-1)},
        "node 'last' (Gather): the result has no axes; lstmir computes with vectors and larger",
    ),
    "a_sum_of_an_unknown_number": (
        [
            node("Shape", ["x"], ["s"]),
            node("Expand", ["w", "s"], ["e"]),
            node("ReduceSum", ["e", "i"], ["t"], name="sum"),
            node("Add", ["x", "t"], ["y"]),
        ],
        {"w": floats(3), "i": ints(0)},
        "node 'sum' (ReduceSum): 'e' depends on a length that is known only at run time",
    ),
    "repeated_to_an_unknown_length": (
        [
            node("Shape", ["x"], ["s"]),
            node("Gather", ["x", "last"], ["one"]),
            node("Expand", ["one", "s"], ["y"], name="expand"),
        ],
        {"last": ints(-1)},
        (
            "node 'expand' (Expand): an axis of length 1 cannot be repeated to a length that is known "
            "only at run time"
        ),
    ),
    "a_matrix_of_open_length": (
        [
            node("Shape", ["x"], ["s"]),
            node("Expand", ["w", "s"], ["e"]),
            node("MatMul", ["e", "x"], ["y"], name="product"),
        ],
        {"w": floats(3)},
        "node 'product' (MatMul): 'e' depends on a length that is known only at run time",
    ),
    "the_statistics_of_a_layer_normalization": (
        [
            node("LayerNormalization", ["x", "w"], ["n", "mean"]),
            node("Add", ["n", "mean"], ["y"], name="add"),
        ],
        {"w": floats(3)},
        "node 'add' (Add) reads 'mean', an output that lstmir does not compute",
    ),
    "arithmetic_on_an_unknown_length": (
        [
            node("Shape", ["x"], ["s"]),
            node("Mul", ["s", "s"], ["p"], name="square"),
            node("Reshape", ["x", "p"], ["y"]),
        ],
        {},
        "node 'square' (Mul): 's' depends on a length that is known only at run time",
    ),
    "an_integer_over_zero": (
        [node("Div", ["n", "zero"], ["q"], name="div"), node("Reshape", ["x", "q"], ["y"])],
        {"n": ints(3), "zero": ints(0)},
        "node 'div' (Div): an integer is divided by zero",
    ),
    "a_part_of_an_integer": (
        [node("Pow", ["n", "minus"], ["q"], name="pow"), node("Reshape", ["x", "q"], ["y"])],
        {"n": ints(3), "minus": ints(-1)},
        "node 'pow' (Pow): an integer is raised to the power of a negative one",
    ),
    "a_function_of_integers": (
        [node("Exp", ["n"], ["e"], name="exp"), node("Reshape", ["x", "e"], ["y"])],
        {"n": ints(3)},
        "node 'exp' (Exp): expected floating point, not int64",
    ),
    "a_condition_of_numbers": (
        [node("Where", ["w", "w", "w"], ["c"], name="where"), node("Add", ["x", "c"], ["y"])],
        {"w": floats(3)},
        "node 'where' (Where): expected truth values, not float32",
    ),
    "numbers_of_truth": (
        [node("Add", ["m", "m"], ["c"], name="add"), node("Where", ["c", "x", "x"], ["y"])],
        {"m": np.array([True])},
        "node 'add' (Add): expected numbers, not truth values",
    ),
    "bounded_truth": (
        [node("Clip", ["m"], ["c"], name="clip"), node("Where", ["c", "x", "x"], ["y"])],
        {"m": np.array([True])},
        "node 'clip' (Clip): expected numbers, not truth values",
    ),
    "constants_of_two_types": (
        [node("Less", ["w", "v"], ["c"], name="less"), node("Where", ["c", "x", "x"], ["y"])],
        {"w": floats(3), "v": np.ones(3)},
        "node 'less' (Less): element types differ: float32, float64",
    ),
    "an_activation_of_integers": (
        [node("HardSigmoid", ["n"], ["h"], name="hard"), node("Reshape", ["x", "h"], ["y"])],
        {"n": ints(3)},
        "node 'hard' (HardSigmoid): expected floating point, not int64",
    ),
    "an_integer_above_a_half": (
        [node("Clip", ["n"], ["c"], name="clip", min=0.5), node("Reshape", ["x", "c"], ["y"])],
        {"n": ints(3)},
        "node 'clip' (Clip): 0.5 is no int64",
    ),
    "a_function_of_truth": (
        [node("Less", ["x", "w"], ["t"]), node("Exp", ["t"], ["y"], name="exp")],
        {"w": floats(3)},
        "node 'exp' (Exp): expected floating point, not tensor<?x3xi1>",
    ),
    "truth_as_integers": (
        [
            node("Less", ["x", "w"], ["t"]),
            node("Cast", ["t"], ["y"], to=TensorProto.INT64, name="cast"),
        ],
        {"w": floats(3)},
        "node 'cast' (Cast): a computed value of bool cannot be cast to int64",
    ),
    "the_same_truth": (
        [node("Less", ["x", "w"], ["t"]), node("Equal", ["t", "t"], ["y"], name="equal")],
        {"w": floats(3)},
        "node 'equal' (Equal): expected floats or fixed point, not tensor<?x3xi1>",
    ),
    "an_unknown_length_that_may_be_2": (
        [
            node("Shape", ["x"], ["s"]),
            node("Equal", ["s", "two"], ["t"], name="equal"),
            node("Where", ["t", "x", "x"], ["y"]),
        ],
        {"two": ints(2)},
        "node 'equal' (Equal): 's' depends on a length that is known only at run time",
    ),
    "an_unknown_length_among_data": (
        [
            node("Shape", ["x"], ["s"]),
            node("Gather", ["s", "zero"], ["b"]),
            node("Where", ["m", "b", "two"], ["n"]),
            node("Add", ["x", "n"], ["y"], name="add"),
        ],
        {"zero": ints(0), "m": np.array([True]), "two": ints(2)},
        "node 'add' (Add): 'n' depends on a length that is known only at run time",
    ),
    "a_length_as_data": (
        [
            node("Shape", ["x"], ["s"]),
            node("Gather", ["s", "i"], ["n"]),
            node("Add", ["x", "n"], ["y"], name="add"),
        ],
        {"i": ints(0)},
        "node 'add' (Add): 'n' depends on a length that is known only at run time",
    ),
    "a_huge_constant": (
        [node("ConstantOfShape", ["n"], ["c"], name="fill"), node("Add", ["x", "c"], ["y"])],
        {"n": ints(2**20, 2**20)},
        "node 'fill' (ConstantOfShape): a constant of shape [1048576, 1048576] is too large",
    ),
    "a_negative_length": (
        [node("Expand", ["w", "n"], ["c"], name="fill"), node("Add", ["x", "c"], ["y"])],
        {"w": floats(3), "n": ints(-1, 3)},
        "node 'fill' (Expand): the shape has a negative length",
    ),
    "too_many_axes": (
        [node("ConstantOfShape", ["n"], ["c"], name="fill"), node("Add", ["x", "c"], ["y"])],
        {"n": np.ones(65, np.int64)},
        "node 'fill' (ConstantOfShape): the result has 65 axes; lstmir takes at most 32",
    ),
    "a_constant_of_two_values": (
        [
            node(
                "ConstantOfShape",
                ["n"],
                ["c"],
                name="fill",
                value=numpy_helper.from_array(floats(2)),
            ),
            node("Add", ["x", "c"], ["y"]),
        ],
        {"n": ints(3)},
        "node 'fill' (ConstantOfShape): attribute 'value' must hold one element, not 2",
    ),
    "constants_that_overflow": (
        [node("Mul", ["w", "w"], ["o"]), node("Add", ["x", "o"], ["y"], name="add")],
        {"w": np.full(3, 1e30, np.float32)},
        "node 'add' (Add): the weights 'o' hold NaN or infinity",
    ),
    "a_constant_that_fills_the_result": (
        [
            node("Shape", ["x"], ["s"]),
            node("Expand", ["w", "s"], ["e"]),
            node("Gather", ["x", "i"], ["last"]),
            node("Unsqueeze", ["last", "zero"], ["one"]),
            node("Add", ["one", "e"], ["y"], name="add"),
        ],
        {"w": floats(1), "i": np.array(-1), "zero": ints(0)},
        "node 'add' (Add): a constant cannot be repeated at run time to fill [?, 3]",
    ),
    "a_mask": (
        [node("Dropout", ["x"], ["d", "mask"]), node("Mul", ["d", "mask"], ["y"], name="mul")],
        {},
        "node 'mul' (Mul) reads 'mask', an output that lstmir does not compute",
    ),
}


@pytest.mark.parametrize("name", CHAINS)
def test_what_several_nodes_cannot_do_together(name: str, bench: Bench) -> None:
    nodes, weights, message = CHAINS[name]
    with pytest.raises(UserError) as error:
        bench.imported(bench.model(nodes, {"x": ("batch", 3)}, weights=weights))
    assert str(error.value) == f"error: {message}"


def test_two_axes_of_unknown_length_change_places_only_by_transpose(bench: Bench) -> None:
    nodes = [
        node("Shape", ["x"], ["s"]),
        node("Gather", ["s", "order"], ["target"]),
        node("Reshape", ["x", "target"], ["y"], name="turn"),
    ]
    model = bench.model(nodes, {"x": ("time", "batch", 4)}, weights={"order": ints(1, 0, 2)})
    with pytest.raises(UserError) as error:
        bench.imported(model)
    assert str(error.value) == (
        "error: node 'turn' (Reshape): the shape [?, ?, 4] cannot become [?, ?, 4]; "
        "an axis of unknown length (?) must stay an axis of its own"
    )


def test_before_version_13_a_softmax_takes_axes_as_one(bench: Bench) -> None:
    nodes = [node("Softmax", ["x"], ["y"], axis=0, name="softmax")]
    with pytest.raises(UserError) as error:
        bench.imported(bench.model(nodes, {"x": ("batch", 3)}, opset=12))
    assert str(error.value) == (
        "error: node 'softmax' (Softmax): the axes [?, 3], which this version of ONNX takes as one,"
        " have an unknown length (?): export the model for version 13 or later, where the softmax"
        " has one axis"
    )


def test_before_version_14_statistics_mean_training(bench: Bench) -> None:
    names = ["scale", "b", "mean", "var"]
    results = ["y", "", "seen", "", ""]
    nodes = [node("BatchNormalization", ["x", *names], results, name="norm")]
    weights = {name: np.ones(3, np.float32) for name in names}
    with pytest.raises(UserError) as error:
        bench.imported(bench.model(nodes, {"x": ("batch", 3)}, weights=weights, opset=13))
    assert str(error.value) == (
        "error: node 'norm' (BatchNormalization): gives statistics ('seen'), which means training;"
        " export the model for inference"
    )


def test_two_unknown_lengths_may_be_the_same_or_not(bench: Bench) -> None:
    nodes = [
        node("Shape", ["x"], ["s"]),
        node("Gather", ["s", "first"], ["t"]),
        node("Gather", ["s", "second"], ["n"]),
        node("Equal", ["t", "n"], ["square"], name="equal"),
        node("Where", ["square", "x", "x"], ["y"]),
    ]
    weights = {"first": ints(0), "second": ints(1)}
    model = bench.model(nodes, {"x": ("time", "batch", 4)}, weights=weights)
    with pytest.raises(UserError) as error:
        bench.imported(model)
    assert str(error.value) == (
        "error: node 'equal' (Equal): 't' depends on a length that is known only at run time"
    )
