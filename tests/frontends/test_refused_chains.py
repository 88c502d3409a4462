"""What several nodes cannot do together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from onnx import NodeProto, helper, numpy_helper

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
    "arithmetic_on_an_unknown_length": (
        [
            node("Shape", ["x"], ["s"]),
            node("Mul", ["s", "s"], ["p"], name="square"),
            node("Reshape", ["x", "p"], ["y"]),
        ],
        {},
        "node 'square' (Mul): 's' depends on a length that is known only at run time",
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
