"""What has no form in lstmir is refused in one line that names the node."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from onnx import NodeProto, TensorProto, helper

from lstmir.ir.diagnostics import UserError

if TYPE_CHECKING:
    from tests.frontends.conftest import Bench

node = helper.make_node
Weights = dict[str, np.ndarray]
OPEN = "an axis of unknown length (?) must stay an axis of its own"
CUT = "its length is known only at run time; all of it or its last element can be taken"


def floats(*shape: int) -> np.ndarray:
    return np.linspace(-1, 1, int(np.prod(shape)), dtype=np.float32).reshape(shape)


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


REFUSED: dict[str, tuple[NodeProto, Weights, str]] = {
    "gemm_transposed": (
        node("Gemm", ["x", "w"], ["y"], transA=1),
        {"w": floats(4, 6)},
        "attribute 'transA' is not supported; put a Transpose before the node",
    ),
    "gemm_of_three_axes": (
        node("Gemm", ["x", "w"], ["y"]),
        {"w": floats(4, 6)},
        "input 'A' must have 2 axes, not 3",
    ),
    "matmul_computed": (node("MatMul", ["x", "x"], ["y"]), {}, "input 'B' must be a constant"),
    "matmul_vector": (
        node("MatMul", ["x", "w"], ["y"]),
        {"w": floats(4)},
        "input 'B' must be a matrix of floating-point numbers",
    ),
    "matmul_misfit": (
        node("MatMul", ["x", "w"], ["y"]),
        {"w": floats(3, 6)},
        "tensor<6x3xf32> cannot multiply the last axis of tensor<?x5x4xf32>",
    ),
    "add_misfit": (
        node("Add", ["x", "w"], ["y"]),
        {"w": floats(3)},
        "the shapes [?, 5, 4] and [3] do not fit together",
    ),
    "add_other_type": (
        node("Add", ["x", "w"], ["y"]),
        {"w": np.ones(4)},
        "element types differ: tensor<?x5x4xf32>, tensor<4xf64>",
    ),
    "elu": (node("Elu", ["x"], ["y"], alpha=2.0), {}, "attribute 'alpha' must be 1"),
    "cast": (
        node("Cast", ["x"], ["y"], to=TensorProto.DOUBLE),
        {},
        "a computed value of float32 cannot be cast to float64",
    ),
    "dropout": (
        node("Dropout", ["x", "", "t"], ["y"]),
        {"t": np.array(True)},
        "input 'training_mode' must be false; export the model for inference",
    ),
    "transpose": (
        node("Transpose", ["x"], ["y"], perm=[0, 0, 1]),
        {},
        "[0, 0, 1] is no order of 3 axes",
    ),
    "squeeze": (
        node("Squeeze", ["x", "a"], ["y"]),
        {"a": ints(1)},
        "axis 1 cannot go: it has length 5, not 1",
    ),
    "squeeze_batch": (
        node("Squeeze", ["x", "a"], ["y"]),
        {"a": ints(0)},
        "axis 0 cannot go: it has unknown length, not 1",
    ),
    "squeeze_nothing": (
        node("Squeeze", ["x", "a"], ["y"]),
        {"a": ints(3)},
        "there is no axis 3 in a value of 3 axes",
    ),
    "unsqueeze": (
        node("Unsqueeze", ["x", "a"], ["y"]),
        {"a": ints(0, 5)},
        "[0, 5] are not 2 places among 5 axes",
    ),
    "reshape_misfit": (
        node("Reshape", ["x", "s"], ["y"]),
        {"s": ints(0, 3, -1)},
        f"the shape [?, 5, 4] cannot become [?, 3, -1]; {OPEN}",
    ),
    "reshape_merges_batch": (
        node("Reshape", ["x", "s"], ["y"]),
        {"s": ints(-1, 4)},
        f"the shape [?, 5, 4] cannot become [-1, 4]; {OPEN}",
    ),
    "reshape_twice_open": (
        node("Reshape", ["x", "s"], ["y"]),
        {"s": ints(0, -1, -1)},
        f"the shape [?, 5, 4] cannot become [?, -1, -1]; {OPEN}",
    ),
    "reshape_allowzero": (
        node("Reshape", ["x", "s"], ["y"], allowzero=1),
        {"s": ints(0, 20)},
        "attribute 'allowzero' is not supported where the shape has a 0",
    ),
    "reshape_keeps_nothing": (
        node("Reshape", ["x", "s"], ["y"]),
        {"s": ints(0, 5, 4, 0)},
        "there is no axis 3 to keep in a value of 3 axes",
    ),
    "reshape_by_floats": (
        node("Reshape", ["x", "s"], ["y"]),
        {"s": floats(2)},
        "'s' is no list of integers",
    ),
    "flatten": (
        node("Flatten", ["x"], ["y"], axis=2),
        {},
        "axes of unknown length (?) in [?, 5] cannot be merged with others",
    ),
    "slice_steps": (
        node("Slice", ["x", "s", "e", "a", "t"], ["y"]),
        {"s": ints(0), "e": ints(4), "a": ints(1), "t": ints(2)},
        "input 'steps' must be 1 everywhere",
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
    "gather_several": (
        node("Gather", ["x", "i"], ["y"], axis=1),
        {"i": ints(0, 2)},
        "only one element along an axis can be taken",
    ),
    "gather_outside": (
        node("Gather", ["x", "i"], ["y"], axis=1),
        {"i": np.array(5)},
        "there is no element 5 along axis 1: it has 5",
    ),
    "gather_first_sample": (
        node("Gather", ["x", "i"], ["y"]),
        {"i": np.array(0)},
        "axis 0 has unknown length: only its last element (-1) can be taken",
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
    "concat_nothing": (node("Concat", [""], ["y"], axis=0), {}, "input 'inputs' is missing"),
    "expand": (
        node("Expand", ["x", "s"], ["y"]),
        {"s": ints(2, 1, 1, 1)},
        "only a constant can be repeated",
    ),
    "constant_of_two": (
        node("Constant", [], ["y"], value_int=1, value_float=1.0),
        {},
        "expected one attribute, which holds the value, got 2",
    ),
    "too_many_inputs": (
        node("Tanh", ["x", "x"], ["y"]),
        {},
        "takes at most 1 input(s), got 2",
    ),
    "missing_input": (node("Add", ["", "x"], ["y"]), {}, "input 'A' is missing"),
    "wrong_attribute": (
        node("Transpose", ["x"], ["y"], perm=1),
        {},
        "attribute 'perm' must be a list of integers",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_named_with_its_node(name: str, bench: Bench) -> None:
    refused, weights, message = REFUSED[name]
    named = NodeProto()
    named.CopyFrom(refused)
    named.name = "/it"
    model = bench.model([named], {"x": ("batch", 5, 4)}, weights=weights)
    with pytest.raises(UserError) as error:
        bench.imported(model)
    assert str(error.value) == f"error: node '/it' ({refused.op_type}): {message}"
