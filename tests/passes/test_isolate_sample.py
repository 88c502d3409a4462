"""`isolate-sample` follows the batch through what stands around a recurrence, bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from lstmir.interpreter.run import run
from lstmir.ir.builder import Builder
from lstmir.ir.interface import BATCH, Port, set_ports
from lstmir.ir.module import Function, Module
from lstmir.ir.operation import Value
from lstmir.ir.region import Region
from lstmir.ir.types import F32, TensorType, shape_of
from tests.passes.levels import apply

STEPS, SAMPLES, FEATURES = 4, 3, 5
X = (STEPS, SAMPLES, FEATURES)
Body = Callable[[Builder, Value], Value]


def constant(build: Builder, *shape: int) -> Value:
    array = np.random.default_rng(len(shape)).normal(size=shape)
    return build.constant(array, TensorType(shape, F32), "constant")


def plus(*shape: int) -> Body:
    return lambda build, x: build.value("arith.add", x, constant(build, *shape))


def sliced(axis: int) -> Body:
    return lambda build, x: build.value("tensor.slice", x, axis=axis, start=1, size=2)


def turned(*order: int) -> Body:
    return lambda build, x: build.value("tensor.transpose", x, order=order)


def reshaped(*shape: int) -> Body:
    return lambda build, x: build.value("tensor.reshape", x, type=TensorType(shape, F32))


def doubled(axis: int) -> Body:
    return lambda build, x: build.value("tensor.concat", x, x, axis=axis)


def linear(build: Builder, x: Value) -> Value:
    return build.value("linalg.linear", constant(build, 2, FEATURES), x)


def of_constants(build: Builder, x: Value) -> Value:
    """What does not depend on a sample stays as it is."""
    weights = build.value("arith.mul", constant(build, FEATURES), constant(build, FEATURES))
    return build.value("arith.mul", x, weights)


def repeated(*shape: int) -> Body:
    """A constant that holds the same for each sample, written out for all of them."""
    once = np.random.default_rng(0).normal(size=(STEPS, 1, shape[-1]))
    array = np.broadcast_to(once, shape)
    return lambda build, x: build.value(
        "tensor.concat", x, build.constant(array, TensorType(shape, F32), "constant"), axis=2
    )


def added_to_all(build: Builder, x: Value) -> Value:
    array = np.broadcast_to(np.arange(5.0), (SAMPLES, 5))
    return build.value("arith.add", x, build.constant(array, TensorType((SAMPLES, 5), F32), "rows"))


def reduced(*axes: int, keep: bool) -> Body:
    return lambda build, x: build.value("linalg.reduce", x, kind="sum", axes=axes, keepdims=keep)


def along(name: str, axis: int, **more: Any) -> Body:
    return lambda build, x: build.value(name, x, axis=axis, **more)


def normalized_behind(build: Builder, x: Value) -> Value:
    turned_ = build.value("tensor.transpose", x, order=(1, 0, 2))
    return build.value("linalg.normalize", turned_, axis=1, epsilon=0.1)


def broadcast(*shape: int) -> Body:
    def body(build: Builder, x: Value) -> Value:
        one = build.value("tensor.slice", x, axis=0, start=0, size=1)
        return build.value("tensor.broadcast", one, type=TensorType(shape, F32))

    return body


def chain(build: Builder, x: Value) -> Value:
    both = doubled(2)(build, turned(1, 0, 2)(build, x))
    last = build.value("tensor.slice", both, axis=1, start=STEPS - 1, size=1)
    return reshaped(SAMPLES, 2 * FEATURES)(build, build.value("math.tanh", last, type=last.type))


def model(body: Body, batch: int) -> Module:
    module, region = Module("model", {"form": BATCH}), Region([TensorType(X, F32)], ["x"])
    build = Builder(module, region)
    y = body(build, region.arguments[0])
    build.end("return", [y])
    module.functions["main"] = Function("main", region)
    shape = tuple(size or 0 for size in shape_of(y.type))
    set_ports(
        module, [Port("x", "input", "f32", X, 1, 0), Port("y", "output", "f32", shape, batch)]
    )
    return module


@pytest.mark.parametrize(
    ("body", "batch"),
    [
        *((plus(*shape), 1) for shape in [(5,), (1,), (1, 5), (1, 1, 5), (4, 1, 5), (4, 1, 1)]),
        (sliced(0), 1),
        (sliced(2), 1),
        (turned(1, 0, 2), 0),
        (turned(2, 1, 0), 1),
        (turned(0, 2, 1), 2),
        (turned(2, 0, 1), 2),
        (doubled(0), 1),
        (doubled(2), 1),
        (reshaped(2, 2, 3, 5), 2),
        (reshaped(4, 3, 5, 1), 1),
        (reshaped(4, 1, 3, 5), 2),
        (linear, 1),
        (of_constants, 1),
        (repeated(STEPS, SAMPLES, 2), 1),
        (added_to_all, 1),
        (reduced(0, keep=True), 1),
        (reduced(0, keep=False), 0),
        (reduced(2, keep=False), 1),
        (reduced(0, 2, keep=False), 0),
        (along("linalg.softmax", 0), 1),
        (along("linalg.log_softmax", 2), 1),
        (along("linalg.normalize", 2, epsilon=0.1), 1),
        (normalized_behind, 0),
        (along("linalg.argmax", 0), 0),
        (along("linalg.argmax", 2, last=True), 1),
        (along("tensor.gather", 0, indices=(3, 0, 3)), 1),
        (along("tensor.gather", 2, indices=(4, 1)), 1),
        (broadcast(2, SAMPLES, 5), 1),
        (broadcast(2, 1, SAMPLES, 5), 2),
        (broadcast(1, SAMPLES, 5), 1),
        (chain, 0),
    ],
)
def test_the_batch_is_followed(body: Body, batch: int) -> None:
    module = model(body, batch)
    feeds = {"x": np.random.default_rng(0).normal(size=X).astype(np.float32)}
    wanted = run(module, feeds)["y"]
    apply(module, "isolate-sample")
    assert shape_of(module.main.parameters[0].type) == (STEPS, FEATURES)
    np.testing.assert_allclose(run(module, feeds)["y"], wanted, rtol=1e-6)
