"""Every operator but the recurrent ones, against ONNX Runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from onnx import NodeProto, TensorProto, helper, numpy_helper

from lstmir.frontends import operators
from lstmir.frontends.operators.table import OPERATORS

if TYPE_CHECKING:
    from tests.frontends.conftest import Bench

node = helper.make_node
Weights = dict[str, np.ndarray]
RNG = np.random.default_rng(0)


def floats(*shape: int) -> np.ndarray:
    return RNG.normal(0, 1, shape).astype(np.float32)


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


W, B, C = floats(4, 6), floats(6, 4), floats(6)
BIG = 2**63 - 1

# What the nodes make of x [batch, 5, 4], with these weights.
RANK_3: dict[str, tuple[list[NodeProto], Weights]] = {
    "add": ([node("Add", ["x", "w"], ["y"])], {"w": floats(4)}),
    "add_to_itself": ([node("Add", ["x", "x"], ["y"])], {}),
    "add_scalar": ([node("Add", ["w", "x"], ["y"])], {"w": floats()}),
    "add_adds_an_axis": ([node("Add", ["x", "w"], ["y"])], {"w": floats(2, 1, 1, 4)}),
    "sub": ([node("Sub", ["w", "x"], ["y"])], {"w": floats(5, 1)}),
    "mul": ([node("Mul", ["x", "w"], ["y"])], {"w": floats(1, 5, 4)}),
    "folded": (
        [node("Mul", ["a", "b"], ["w"]), node("Sub", ["x", "w"], ["y"])],
        {"a": floats(5, 1), "b": floats(4)},
    ),
    "matmul": ([node("MatMul", ["x", "w"], ["y"])], {"w": W}),
    "neg": ([node("Neg", ["x"], ["y"])], {}),
    "abs": ([node("Abs", ["x"], ["y"])], {}),
    "exp": ([node("Exp", ["x"], ["y"])], {}),
    "log": ([node("Exp", ["x"], ["e"]), node("Log", ["e"], ["y"])], {}),
    "sqrt": ([node("Exp", ["x"], ["e"]), node("Sqrt", ["e"], ["y"])], {}),
    "relu": ([node("Relu", ["x"], ["y"])], {}),
    "elu": ([node("Elu", ["x"], ["y"], alpha=1.0)], {}),
    "sigmoid": ([node("Sigmoid", ["x"], ["y"])], {}),
    "softplus": ([node("Softplus", ["x"], ["y"])], {}),
    "softsign": ([node("Softsign", ["x"], ["y"])], {}),
    "tanh": ([node("Tanh", ["x"], ["y"])], {}),
    "identity": ([node("Identity", ["x"], ["y"])], {}),
    "dropout": ([node("Dropout", ["x", "r", ""], ["y", "mask"])], {"r": np.array(0.5, np.float32)}),
    "dropout_told": (
        [node("Dropout", ["x", "", "t"], ["y"])],
        {"t": np.array(False)},
    ),
    "cast": ([node("Cast", ["x"], ["y"], to=TensorProto.FLOAT)], {}),
    "cast_constant": (
        [node("Cast", ["w"], ["v"], to=TensorProto.FLOAT), node("Add", ["x", "v"], ["y"])],
        {"w": floats(4).astype(np.float64)},
    ),
    "transpose": ([node("Transpose", ["x"], ["y"], perm=[2, 0, 1])], {}),
    "transpose_default": ([node("Transpose", ["x"], ["y"])], {}),
    "transpose_not_at_all": ([node("Transpose", ["x"], ["y"], perm=[0, 1, 2])], {}),
    "unsqueeze": ([node("Unsqueeze", ["x", "a"], ["y"])], {"a": ints(-1, 1)}),
    "squeeze": (
        [node("Unsqueeze", ["x", "a"], ["u"]), node("Squeeze", ["u", "a"], ["y"])],
        {"a": ints(1, -1)},
    ),
    "squeeze_all": (
        [node("Unsqueeze", ["x", "a"], ["u"]), node("Squeeze", ["u"], ["y"])],
        {"a": ints(0, 2)},
    ),
    "reshape": ([node("Reshape", ["x", "s"], ["y"])], {"s": ints(-1, 2, 10)}),
    "reshape_keeps": ([node("Reshape", ["x", "s"], ["y"])], {"s": ints(0, 0, 2, -1)}),
    "reshape_infers": ([node("Reshape", ["x", "s"], ["y"])], {"s": ints(0, -1)}),
    "flatten": ([node("Flatten", ["x"], ["y"])], {}),
    "flatten_negative": (
        [node("Unsqueeze", ["x", "a"], ["u"]), node("Flatten", ["u"], ["y"], axis=-2)],
        {"a": ints(1)},
    ),
    "slice": (
        [node("Slice", ["x", "s", "e", "a", "t"], ["y"])],
        {"s": ints(1, -3), "e": ints(BIG, -1), "a": ints(1, -1), "t": ints(1, 1)},
    ),
    "slice_without_axes": (
        [node("Slice", ["x", "s", "e"], ["y"])],
        {"s": ints(0, 2), "e": ints(BIG, 4)},
    ),
    "slice_last_sample": (
        [node("Slice", ["x", "s", "e", "a"], ["y"])],
        {"s": ints(-1), "e": ints(BIG), "a": ints(0)},
    ),
    "gather": ([node("Gather", ["x", "i"], ["y"], axis=1)], {"i": np.array(3)}),
    "gather_negative": ([node("Gather", ["x", "i"], ["y"], axis=-1)], {"i": np.array(-4)}),
    "gather_keeps_axis": ([node("Gather", ["x", "i"], ["y"], axis=1)], {"i": ints(2)}),
    "gather_last_sample": ([node("Gather", ["x", "i"], ["y"])], {"i": np.array(-1)}),
    "gather_constant": (
        [node("Gather", ["w", "i"], ["v"], axis=1), node("Add", ["x", "v"], ["y"])],
        {"w": floats(5, 7), "i": ints(6, 0, -2, 3)},
    ),
    "concat": (
        [node("Relu", ["x"], ["r"]), node("Concat", ["x", "r", "x"], ["y"], axis=-1)],
        {},
    ),
    "concat_one": ([node("Concat", ["x"], ["y"], axis=0)], {}),
    "constant": (
        [
            node("Constant", [], ["w"], value=numpy_helper.from_array(floats(5, 4))),
            node("Add", ["x", "w"], ["y"]),
        ],
        {},
    ),
    "constant_float": (
        [node("Constant", [], ["w"], value_float=0.25), node("Mul", ["x", "w"], ["y"])],
        {},
    ),
    "constant_floats": (
        [
            node("Constant", [], ["w"], value_floats=[1.0, 2.0, 3.0, 4.5]),
            node("Mul", ["x", "w"], ["y"]),
        ],
        {},
    ),
    "constant_int": (
        [node("Constant", [], ["i"], value_int=2), node("Gather", ["x", "i"], ["y"], axis=2)],
        {},
    ),
    "constant_ints": (
        [node("Constant", [], ["s"], value_ints=[0, 20]), node("Reshape", ["x", "s"], ["y"])],
        {},
    ),
    "shape": (
        [
            node("Shape", ["x"], ["s"]),
            node("Slice", ["s", "zero", "one"], ["batch"]),
            node("Concat", ["batch", "rest"], ["target"], axis=0),
            node("Reshape", ["x", "target"], ["y"]),
        ],
        {"zero": ints(0), "one": ints(1), "rest": ints(20)},
    ),
    "shape_of_part": (
        [
            node("Shape", ["x"], ["s"], start=1),
            node("Concat", ["m", "s"], ["target"], axis=0),
            node("Reshape", ["x", "target"], ["y"]),
        ],
        {"m": ints(-1)},
    ),
    "expand_nothing": (
        [node("Shape", ["x"], ["s"]), node("Expand", ["x", "s"], ["y"])],
        {},
    ),
    "expand_constant": (
        [
            node("Shape", ["x"], ["s"]),
            node("Expand", ["w", "s"], ["v"]),
            node("Mul", ["v", "x"], ["y"]),
        ],
        {"w": floats(1, 5, 1)},
    ),
    "constant_of_shape": (
        [
            node("Shape", ["x"], ["s"]),
            node("Cast", ["s"], ["c"], to=TensorProto.INT64),
            node("ConstantOfShape", ["c"], ["v"], value=numpy_helper.from_array(floats(1))),
            node("Add", ["v", "x"], ["y"]),
        ],
        {},
    ),
}

# What the nodes make of x [batch, 4].
RANK_2: dict[str, tuple[list[NodeProto], Weights]] = {
    "gemm": ([node("Gemm", ["x", "w", "c"], ["y"])], {"w": W, "c": C}),
    "gemm_transposed": ([node("Gemm", ["x", "w", "c"], ["y"], transB=1)], {"w": B, "c": C}),
    "gemm_without_c": ([node("Gemm", ["x", "w"], ["y"])], {"w": W}),
    "gemm_scaled": (
        [node("Gemm", ["x", "w", "c"], ["y"], alpha=0.5, beta=-2.0)],
        {"w": W, "c": floats(1, 6)},
    ),
    "gemm_scalar_c": ([node("Gemm", ["x", "w", "c"], ["y"], beta=3.0)], {"w": W, "c": floats(1)}),
    "gemm_beta_0": ([node("Gemm", ["x", "w", "c"], ["y"], beta=0.0)], {"w": W, "c": C}),
    "gemm_computed_c": (
        [
            node("MatMul", ["x", "w"], ["m"]),
            node("Gemm", ["x", "w", "m"], ["y"], beta=0.5),
        ],
        {"w": W},
    ),
    "two_layers": (
        [
            node("MatMul", ["x", "w"], ["m"]),
            node("Add", ["m", "c"], ["a"]),
            node("Relu", ["a"], ["r"]),
            node("MatMul", ["r", "v"], ["y"]),
        ],
        {"w": W, "c": C, "v": B},
    ),
}


@pytest.mark.parametrize("name", RANK_3)
def test_agrees_with_onnx_runtime_on_three_axes(name: str, bench: Bench) -> None:
    nodes, weights = RANK_3[name]
    model = bench.model(nodes, {"x": ("batch", 5, 4)}, weights=weights)
    bench.agree(model, {"x": floats(3, 5, 4)})


@pytest.mark.parametrize("name", RANK_2)
def test_agrees_with_onnx_runtime_on_two_axes(name: str, bench: Bench) -> None:
    nodes, weights = RANK_2[name]
    bench.agree(bench.model(nodes, {"x": ("batch", 4)}, weights=weights), {"x": floats(3, 4)})


def test_every_operator_is_tested() -> None:
    operators.load()
    cases = [*RANK_3.values(), *RANK_2.values()]
    tested = {node.op_type for nodes, _ in cases for node in nodes}
    assert tested | {"LSTM", "GRU", "RNN"} == set(OPERATORS)


def test_older_models_write_axes_as_attributes(bench: Bench) -> None:
    nodes = [
        node("Unsqueeze", ["x"], ["u"], axes=[0, 2]),
        node("Squeeze", ["u"], ["s"], axes=[2]),
        node("Slice", ["s"], ["y"], axes=[3], starts=[1], ends=[3]),
    ]
    model = bench.model(nodes, {"x": ("batch", 5, 4)}, opset=9)
    bench.agree(model, {"x": floats(3, 5, 4)})


def test_two_axes_of_unknown_length_stay_in_place(bench: Bench) -> None:
    nodes = [
        node("Shape", ["x"], ["s"]),
        node("Gather", ["s", "zero"], ["t"]),
        node("Gather", ["s", "one"], ["n"]),
        node("Concat", ["t", "n", "rest"], ["target"], axis=0),
        node("Reshape", ["x", "target"], ["y"]),
    ]
    weights = {"zero": ints(0), "one": ints(1), "rest": ints(2, -1)}
    model = bench.model(nodes, {"x": ("time", "batch", 4)}, weights=weights)
    bench.agree(model, {"x": floats(7, 3, 4)})
