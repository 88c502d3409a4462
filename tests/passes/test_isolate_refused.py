"""`isolate-sample` names the operation that mixes samples."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from lstmir.ir.builder import Builder
from lstmir.ir.interface import BATCH, Port, set_ports
from lstmir.ir.module import Function, Module
from lstmir.ir.operation import Value
from lstmir.ir.region import Region
from lstmir.ir.types import F32, TensorType
from lstmir.ir.verify import verify
from tests.passes.levels import refusal

SAMPLES, FEATURES = 3, 5
Body = Callable[[Builder, Value], Value]


def model(body: Body, batch: int | None = 0) -> Module:
    """A function of x [samples, features], whose samples stand in a row."""
    module, region = (
        Module("model", {"form": BATCH}),
        Region([TensorType((SAMPLES, FEATURES), F32)], ["x"]),
    )
    build = Builder(module, region)
    build.end("return", [body(build, region.arguments[0])])
    module.functions["main"] = Function("main", region)
    x = Port("x", "input", "f32", (SAMPLES, FEATURES), 0)
    set_ports(module, [x, Port("y", "output", "f32", (SAMPLES, FEATURES), batch)])
    verify(module)
    return module


def constant(build: Builder, *shape: int) -> Value:
    return build.constant(np.ones(shape), TensorType(shape, F32), "ones")


def one_sample(build: Builder, x: Value) -> Value:
    return build.value("tensor.slice", x, axis=0, start=1, size=1, hint="second")


def samples_as_features(build: Builder, x: Value) -> Value:
    turned = build.value("tensor.transpose", x, order=(1, 0))
    return build.value("linalg.linear", constant(build, 2, SAMPLES), turned, hint="mixed")


def weights_fed_in(build: Builder, x: Value) -> Value:
    return build.value("linalg.linear", x, constant(build, 1, FEATURES), hint="product")


def all_in_one_row(build: Builder, x: Value) -> Value:
    return build.value(
        "tensor.reshape", x, type=TensorType((SAMPLES * FEATURES,), F32), hint="flat"
    )


def more_samples(build: Builder, x: Value) -> Value:
    return build.value("tensor.concat", x, constant(build, 1, FEATURES), axis=0, hint="longer")


def one_behind_the_other(build: Builder, x: Value) -> Value:
    return build.value("tensor.concat", x, x, axis=0, hint="doubled")


def each_with_each(build: Builder, x: Value) -> Value:
    rows = build.value("tensor.reshape", x, type=TensorType((SAMPLES, 1, FEATURES), F32))
    return build.value("arith.mul", rows, x, hint="pairs")


def a_row_for_each(build: Builder, x: Value) -> Value:
    rows = np.arange(SAMPLES * FEATURES).reshape(SAMPLES, FEATURES)
    each = build.constant(rows, TensorType((SAMPLES, FEATURES), F32), "rows")
    return build.value("arith.add", x, each, hint="different")


def sum_of_samples(build: Builder, x: Value) -> Value:
    total = build.value("linalg.reduce", x, kind="sum", axes=(0,), keepdims=True, hint="total")
    return build.value("arith.sub", x, total)


def softmax_of_samples(build: Builder, x: Value) -> Value:
    return build.value("linalg.softmax", x, axis=0, hint="parts")


def normalized(build: Builder, x: Value) -> Value:
    return build.value("linalg.normalize", x, axis=0, epsilon=0.1, hint="normal")


def best_sample(build: Builder, x: Value) -> Value:
    return build.value("linalg.argmax", x, axis=0, hint="best")


def turned_samples(build: Builder, x: Value) -> Value:
    return build.value("tensor.gather", x, axis=0, indices=(2, 1, 0), hint="turned")


def samples_as_steps(build: Builder, x: Value) -> Value:
    source = build.value("tensor.reshape", x, type=TensorType((SAMPLES, 1, FEATURES), F32))
    weights = constant(build, 1, 4, FEATURES), constant(build, 1, 4, 1)
    return build.op(
        "rnn.lstm", [source, *weights], names=["y", "h", "c"],
        segments=(1, 1, 1, 0, 0, 0, 0, 0), hidden_size=1, direction="forward",
    ).results[1]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "culprit"),
    [
        (one_sample, "'tensor.slice' %second"),
        (samples_as_features, "'linalg.linear' %mixed"),
        (weights_fed_in, "'linalg.linear' %product"),
        (all_in_one_row, "'tensor.reshape' %flat"),
        (more_samples, "'tensor.concat' %longer"),
        (one_behind_the_other, "'tensor.concat' %doubled"),
        (each_with_each, "'arith.mul' %pairs"),
        (a_row_for_each, "'arith.add' %different"),
        (sum_of_samples, "'linalg.reduce' %total"),
        (softmax_of_samples, "'linalg.softmax' %parts"),
        (normalized, "'linalg.normalize' %normal"),
        (best_sample, "'linalg.argmax' %best"),
        (turned_samples, "'tensor.gather' %turned"),
        (samples_as_steps, "'rnn.lstm' %y, %h, %c"),
    ],
)
def test_the_operation_is_named(body: Body, culprit: str) -> None:
    said = refusal(model(body), "isolate-sample")
    assert said == (
        f"isolate-sample: {culprit} mixes samples of a batch or cannot be followed through it"
    )


@pytest.mark.parametrize("batch", [1, None])
def test_the_output_keeps_its_samples_apart(batch: int | None) -> None:
    said = refusal(model(lambda build, x: x, batch), "isolate-sample")
    assert said == "isolate-sample: the output y mixes samples"
