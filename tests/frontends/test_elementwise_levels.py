"""Elementwise operators of a model on the way to fixed point, before and behind a recurrence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from onnx import NodeProto

from lstmir.interpreter.run import run
from lstmir.ir.diagnostics import UserError
from lstmir.ir.module import Module
from lstmir.ir.types import element_of
from lstmir.numeric.fixed import FixedType
from lstmir.pipeline.passes import Context
from lstmir.pipeline.text import parse_pipeline
from tests.frontends.operator_cases.case import node
from tests.passes.levels import FRONT, apply

if TYPE_CHECKING:
    from tests.frontends.conftest import Bench

RNG = np.random.default_rng(0)
HIDDEN, FEATURES = 8, 3


def weights(*shape: int) -> np.ndarray:
    return RNG.normal(0, 0.4, shape).astype(np.float32)


WEIGHTS = {
    "W": weights(1, 4 * HIDDEN, FEATURES),
    "R": weights(1, 4 * HIDDEN, HIDDEN),
    "B": weights(1, 8 * HIDDEN),
    "w1": weights(HIDDEN, 6),
    "c1": weights(6),
    "w2": weights(6, 4),
    "c2": weights(4),
    "first": np.array([0]),
    "low": np.array(-0.5, np.float32),
    "high": np.array(0.75, np.float32),
    "some": weights(6),
    "divisor": np.array([3, 0.7, -2, 1.5, 4, 5], np.float32),
    "scale": np.array([0.5, 1, 2], np.float32),
    "two": np.array(2, np.float32),
}

# What stands between z [batch, 6] and v.
BETWEEN: dict[str, list[NodeProto]] = {
    "leaky_relu": [node("LeakyRelu", ["z"], ["v"], alpha=0.1)],
    "clip": [node("Clip", ["z", "low", "high"], ["v"])],
    "clip_above": [node("Clip", ["z", "", "high"], ["v"])],
    "max": [node("Max", ["z", "some"], ["v"])],
    "where": [node("Less", ["z", "some"], ["t"]), node("Where", ["t", "some", "z"], ["v"])],
    "absolute": [node("Sign", ["z"], ["s"]), node("Mul", ["s", "z"], ["v"])],
    "div": [node("Div", ["z", "divisor"], ["v"])],
    "square": [node("Pow", ["z", "two"], ["v"])],
    "hard_sigmoid": [node("HardSigmoid", ["z"], ["v"])],
    "hard_swish": [node("HardSwish", ["z"], ["v"])],
    "elu": [node("Elu", ["z"], ["v"], alpha=0.5)],
    "prelu": [node("PRelu", ["z", "some"], ["v"])],
    "many": [
        node("LeakyRelu", ["z"], ["a"], alpha=0.1),
        node("HardSwish", ["a"], ["b"]),
        node("Div", ["b", "divisor"], ["c"]),
        node("Mul", ["c", "z"], ["d"]),
        node("Clip", ["d", "low", "high"], ["e"]),
        node("Max", ["e", "some", "z"], ["f"]),
        node("LessOrEqual", ["f", "some"], ["t"]),
        node("Not", ["t"], ["n"]),
        node("Where", ["n", "f", "some"], ["v"]),
    ],
}
LSTM = [
    node("LSTM", ["x", "W", "R", "B"], ["", "h"], hidden_size=HIDDEN),
    node("Squeeze", ["h", "first"], ["last"]),
    node("Gemm", ["last", "w1", "c1"], ["z"]),
]
HEAD = node("Gemm", ["v", "w2", "c2"], ["y"])
FIXED = (
    f"{FRONT},calibrate,assign-bitwidths{{activations=12 operands=12 weights=10}},"
    "quantize,approximate-activations"
)
DATA = RNG.normal(0, 1, (64, 6, FEATURES)).astype(np.float32)


def model(bench: Bench, nodes: list[NodeProto], output: str = "y") -> Module:
    """A function of sequences x."""
    shape = ("time", "batch", FEATURES)
    return bench.imported(bench.model(nodes, {"x": shape}, [output], WEIGHTS))


def agrees_in_fixed_point(module: Module) -> Module:
    """The module at level 3, after comparing it with the floats."""
    feeds = {"x": np.moveaxis(DATA, 0, 1)}
    (expected,) = run(module, feeds).values()
    (found,) = run(apply(module, FIXED, DATA), feeds).values()
    assert np.abs(found - expected).max() < 0.01 * np.abs(expected).max()
    return module


def becomes_a_program(module: Module, name: str) -> None:
    """Level 4 gives the bits of level 3."""
    feeds = {name: np.moveaxis(DATA, 0, 1)}
    (expected,) = run(module, feeds).values()
    for pipeline in ("tile", "block-layout"):
        (found,) = run(apply(module, pipeline), feeds).values()
        assert np.array_equal(found, expected)


@pytest.mark.parametrize("name", BETWEEN)
def test_behind_the_recurrence_and_before_a_matrix(name: str, bench: Bench) -> None:
    module = agrees_in_fixed_point(model(bench, [*LSTM, *BETWEEN[name], HEAD]))
    matrices = [op for op in module.walk() if op.name == "linalg.matvec"]
    vectors = [element_of(op.operands[1].type) for op in matrices]
    assert [v.width for v in vectors if isinstance(v, FixedType)] == [12, 12, 12, 12]
    becomes_a_program(module, "x")


@pytest.mark.parametrize("name", BETWEEN)
def test_as_the_last_thing(name: str, bench: Bench) -> None:
    module = agrees_in_fixed_point(model(bench, [*LSTM, *BETWEEN[name]], "v"))
    (result,) = module.main.result_types
    element = element_of(result)
    assert isinstance(element, FixedType) and element.width <= 32
    assert element.width == 16 or name not in ("absolute", "div", "square", "hard_swish")
    becomes_a_program(module, "x")


@pytest.mark.parametrize(
    "before",
    [
        node("Clip", ["u", "low", "high"], ["x"]),
        node("Div", ["u", "scale"], ["x"]),
        node("Max", ["scale", "u"], ["x"]),
    ],
    ids=lambda made: made.op_type,
)
def test_before_the_recurrence(before: NodeProto, bench: Bench) -> None:
    shape = ("time", "batch", FEATURES)
    made = bench.model([before, *LSTM], {"u": shape}, ["z"], WEIGHTS)
    module, feeds = bench.imported(made), {"u": np.moveaxis(DATA, 0, 1)}
    expected = run(module, feeds)["z"]
    apply(module, FIXED, {"u": DATA})
    (scan,) = [op for op in module.walk() if op.name == "rnn.scan"]
    element = element_of(scan.operands[0].type)
    assert isinstance(element, FixedType) and element.width == 12
    assert np.abs(run(module, feeds)["z"] - expected).max() < 0.02 * np.abs(expected).max()
    becomes_a_program(module, "u")


NO_FORM = {
    "arith.div": (
        [node("Exp", ["z"], ["e"]), node("Div", ["z", "e"], ["v"])],
        "a division by a computed value",
        "--outputs z e",
    ),
    "math.pow": (
        [node("Exp", ["z"], ["e"]), node("Pow", ["e", "some"], ["v"])],
        "a power of two variables",
        "--outputs e",
    ),
}


@pytest.mark.parametrize("operation", NO_FORM)
def test_what_fixed_point_cannot_say_is_left_to_the_host(operation: str, bench: Bench) -> None:
    nodes, what, cut = NO_FORM[operation]
    module = model(bench, [*LSTM, *nodes], "v")
    *before, quantize = parse_pipeline(FIXED.removesuffix(",approximate-activations"))
    for pass_ in before:
        pass_.run(module, Context(data={"x": DATA}))
    with pytest.raises(UserError) as error:
        quantize.run(module, Context())
    (diagnostic,) = error.value.diagnostics
    assert diagnostic.message == f"quantize: '{operation}', {what}, has no fixed-point form"
    assert list(diagnostic.notes) == [
        f"cut the model before it, and leave the rest to the host: {cut}"
    ]
