"""Batch and time may be one axis for a while, as where a dense layer is applied to every row."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from onnx import NodeProto, helper

from lstmir.ir.diagnostics import UserError
from tests.passes.levels import FRONT, apply

if TYPE_CHECKING:
    from tests.frontends.conftest import Bench

node = helper.make_node


def floats(*shape: int) -> np.ndarray:
    return np.random.default_rng(len(shape)).normal(size=shape).astype(np.float32)


WEIGHTS: dict[str, Any] = {
    "w": floats(4, 3), "v": floats(3, 6), "b": floats(3), "row": floats(1, 3), "half": floats(1),
    "rows4": np.array([-1, 4]), "rows3": np.array([-1, 3]), "rows6": np.array([-1, 6]),
    "rest": np.array([5, 3]), "stack": floats(2, 1, 3), "first": np.array([0]),
    "second": np.array([1]), "three": np.array([3]), "six": np.array([6]), "axis1": np.array([1]),
    "middle": np.array([2, -1, 4]), "parts": np.array([2, 5, -1, 3]),
}  # fmt: skip

FLAT = node("Reshape", ["x", "rows4"], ["flat"])
DENSE = node("MatMul", ["flat", "w"], ["dense"])
SIZES = [
    node("Shape", ["x"], ["shape"]),
    node("Gather", ["shape", "first"], ["batch"]),
    node("Gather", ["shape", "second"], ["time"]),
    node("Concat", ["batch", "time", "three"], ["back"], axis=0),
]


def back(source: str, shape: str = "back") -> NodeProto:
    return node("Reshape", [source, shape], ["y"])


CASES: dict[str, list[NodeProto]] = {
    "dense": [*SIZES, FLAT, DENSE, back("dense")],
    "two dense": [
        FLAT, DENSE, node("Add", ["dense", "b"], ["sum"]), node("Relu", ["sum"], ["relu"]),
        node("MatMul", ["relu", "v"], ["wide"]), *SIZES[:-1],
        node("Concat", ["batch", "time", "six"], ["back"], axis=0), back("wide"),
    ],
    "gemm": [*SIZES, FLAT, node("Gemm", ["flat", "w", "b"], ["dense"]), back("dense")],
    "row": [*SIZES, FLAT, DENSE, node("Mul", ["dense", "row"], ["scaled"]), back("scaled")],
    "half": [*SIZES, FLAT, DENSE, node("Mul", ["half", "dense"], ["scaled"]), back("scaled")],
    "two of them": [
        *SIZES, FLAT, DENSE, node("Tanh", ["x"], ["t"]), node("Reshape", ["t", "rows4"], ["other"]),
        node("MatMul", ["other", "w"], ["more"]), node("Sub", ["dense", "more"], ["less"]),
        back("less"),
    ],
    "its own length": [
        FLAT, DENSE, node("Shape", ["dense"], ["flat shape"]), node("Neg", ["dense"], ["neg"]),
        node("Reshape", ["neg", "flat shape"], ["still"]), *SIZES, back("still"),
    ],
    "an axis of 1 on the way": [
        *SIZES, FLAT, DENSE, node("Unsqueeze", ["dense", "axis1"], ["one"]),
        node("Relu", ["one"], ["relu"]), node("Squeeze", ["relu", "axis1"], ["none"]), back("none"),
    ],
    "flat again": [FLAT, node("Reshape", ["flat", "rows4"], ["again"]), *SIZES,
                   node("MatMul", ["again", "w"], ["dense"]), back("dense")],
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_value_of_two_unknown_lengths(name: str, bench: Bench) -> None:
    model = bench.model(CASES[name], {"x": ("batch", "time", 4)}, weights=WEIGHTS)
    module = bench.agree(model, {"x": floats(2, 5, 4)})
    count = Counter(op.name for op in module.walk())
    assert count["tensor.reshape"] == (2 if name == "an axis of 1 on the way" else 0)
    bench.agree(model, {"x": floats(1, 1, 4)})


def test_a_time_of_known_length(bench: Bench) -> None:
    nodes = [*SIZES[:2], FLAT, DENSE, node("Concat", ["batch", "rest"], ["back"], axis=0)]
    model = bench.model([*nodes, back("dense")], {"x": ("batch", 5, 4)}, weights=WEIGHTS)
    module = bench.agree(model, {"x": floats(2, 5, 4)})
    names = [op.name for op in apply(module, FRONT).walk()]
    assert "linalg.matvec" in names
    assert "tensor.reshape" not in names


def test_neighbours_in_the_middle(bench: Bench) -> None:
    nodes = [node("Reshape", ["x", "middle"], ["flat"]), DENSE, back("dense", "parts")]
    model = bench.model(nodes, {"x": (2, 5, "time", 4)}, weights=WEIGHTS)
    bench.agree(model, {"x": floats(2, 5, 3, 4)})


ONLY = (
    ", whose axes were taken as one by a Reshape, can only go through elementwise operators and"
    " products with matrices until a Reshape parts them again"
)
TAKEN = ", whose axes a Reshape took as one; leave that Reshape out, or part them again behind it"
OWN = "; an axis of unknown length (?) must stay an axis of its own"
REFUSED: dict[str, tuple[list[NodeProto], str]] = {
    "transposed": ([FLAT, node("Transpose", ["flat"], ["y"])], f"[?*?, 4]{ONLY}"),
    "an output": (
        [node("Reshape", ["x", "rows4"], ["y"])],
        f"the output 'y' has the shape [?*?, 4]{TAKEN}",
    ),
    "softmax": ([FLAT, node("Softmax", ["flat"], ["y"])], f"[?*?, 4]{ONLY}"),
    "argmax": ([FLAT, node("ArgMax", ["flat"], ["y"], axis=1)], f"[?*?, 4]{ONLY}"),
    "cut": ([FLAT, node("Slice", ["flat", "first", "three", "axis1"], ["y"])], f"[?*?, 4]{ONLY}"),
    "joined": ([FLAT, node("Concat", ["flat", "flat"], ["y"], axis=1)], f"[?*?, 4]{ONLY}"),
    "beside another length": (
        [FLAT, DENSE, node("Add", ["dense", "rows"], ["y"])],
        "the shapes [?*?, 3] and [?, 3] do not fit together",
    ),
    "beside other lengths": (
        [FLAT, node("Reshape", ["z", "rows4"], ["other"]), node("Add", ["flat", "other"], ["y"])],
        "the shapes [?*?, 4] and [?*?, 4] do not fit together",
    ),
    "under a longer constant": (
        [FLAT, DENSE, node("Add", ["dense", "stack"], ["y"])],
        "the shapes [?*?, 3] and [2, 1, 3] do not fit together",
    ),
    "parted elsewhere": (
        [FLAT, DENSE, node("Reshape", ["dense", "rows6"], ["y"])],
        f"the shape [?, ?, 3] cannot become [-1, 6]{OWN}",
    ),
    "turned round": (
        [*SIZES[:-1], FLAT, DENSE, node("Concat", ["time", "batch", "three"], ["back"], axis=0),
         back("dense")],
        f"the shape [?, ?, 3] cannot become [?, ?, 3]{OWN}",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_need_them_apart_is_refused(name: str, bench: Bench) -> None:
    nodes, message = REFUSED[name]
    inputs = {"x": ("batch", "time", 4), "z": ("more", "steps", 4), "rows": ("n", 3)}
    model = bench.model(nodes, inputs, weights=WEIGHTS)
    with pytest.raises(UserError) as caught:
        bench.imported(model)
    assert message in caught.value.diagnostics[0].message


def test_a_layer_cannot_read_them_as_one(bench: Bench) -> None:
    nodes = [
        node("Reshape", ["x", "fours"], ["flat"]),
        node("LSTM", ["flat", "W", "R"], ["", "y"], hidden_size=2),
    ]
    weights = {"fours": np.array([-1, 3, 4]), "W": floats(1, 8, 4), "R": floats(1, 8, 2)}
    model = bench.model(nodes, {"x": ("batch", "time", 3, 4)}, weights=weights)
    with pytest.raises(UserError, match="can only go through elementwise"):
        bench.imported(model)


def test_a_product_along_them_is_refused(bench: Bench) -> None:
    nodes = [node("Reshape", ["x", "columns"], ["flat"]), node("MatMul", ["flat", "w"], ["y"])]
    weights = {"columns": np.array([4, -1]), "w": floats(4, 3)}
    with pytest.raises(UserError) as caught:
        bench.imported(bench.model(nodes, {"x": (4, "batch", "time")}, weights=weights))
    assert caught.value.diagnostics[0].message.endswith(f"a value of shape [?*?]{ONLY}")
