"""Bounds, signs, and functions that are composed of comparisons and selections."""

from __future__ import annotations

import numpy as np

from tests.frontends.operator_cases.case import BIG, Case, floats, ints, node
from tests.frontends.operator_cases.elementwise import VECTOR, of

LARGEST = float(np.finfo(np.float32).max)

CASES: dict[str, Case] = {
    "leaky_relu": Case([node("LeakyRelu", ["x"], ["y"])]),
    "leaky_relu_steep": Case([node("LeakyRelu", ["x"], ["y"], alpha=1.5)]),
    "leaky_relu_of_a_constant": Case(
        [node("LeakyRelu", ["w"], ["v"], alpha=0.3), node("Add", ["x", "v"], ["y"])],
        {"w": VECTOR},
    ),
    "prelu": Case([node("PRelu", ["x", "s"], ["y"])], {"s": floats(5, 1)}),
    "prelu_scalar": Case([node("PRelu", ["x", "s"], ["y"])], {"s": of(0.2)}, opset=7),
    "hard_sigmoid": Case([node("HardSigmoid", ["x"], ["y"])]),
    "hard_sigmoid_steep": Case([node("HardSigmoid", ["x"], ["y"], alpha=0.7, beta=0.25)]),
    "hard_swish": Case(
        [node("Mul", ["x", "w"], ["z"]), node("HardSwish", ["z"], ["y"])], {"w": of(3)}
    ),
    "thresholded_relu": Case([node("ThresholdedRelu", ["x"], ["y"], alpha=0.4)]),
    "thresholded_relu_at_the_threshold": Case(
        [node("Sign", ["x"], ["s"]), node("ThresholdedRelu", ["s"], ["y"])]
    ),
    "sign": Case([node("Sign", ["x"], ["y"])]),
    "sign_of_zero": Case([node("Relu", ["x"], ["r"]), node("Sign", ["r"], ["y"])]),
    "sign_of_a_constant": Case(
        [node("Sign", ["w"], ["s"]), node("Mul", ["x", "s"], ["y"])], {"w": VECTOR}
    ),
    "clip": Case([node("Clip", ["x", "a", "b"], ["y"])], {"a": of(-0.5), "b": of(0.25)}),
    "clip_below": Case([node("Clip", ["x", "a"], ["y"])], {"a": of(-0.5)}),
    "clip_above": Case([node("Clip", ["x", "", "b"], ["y"])], {"b": of(0.5)}),
    "clip_not_at_all": Case([node("Clip", ["x"], ["z"]), node("Neg", ["z"], ["y"])]),
    "clip_crossed": Case([node("Clip", ["x", "a", "b"], ["y"])], {"a": of(0.5), "b": of(-0.5)}),
    "clip_by_attributes": Case([node("Clip", ["x"], ["y"], min=-0.5, max=1.0)], opset=7),
    "clip_by_one_attribute": Case([node("Clip", ["x"], ["y"], max=0.0)], opset=10),
    "clip_by_the_largest_numbers": Case(
        [node("Clip", ["x", "a", "b"], ["z"]), node("Neg", ["z"], ["y"])],
        {"a": of(-LARGEST), "b": of(LARGEST)},
    ),
    "clip_by_the_wrong_ends": Case(
        [node("Clip", ["x", "b"], ["z"]), node("Clip", ["z", "", "a"], ["y"])],
        {"a": of(-LARGEST), "b": of(LARGEST)},
    ),
    "clip_integers": Case(
        [
            node("Clip", ["n", "low", "high"], ["s"]),
            node("Reshape", ["x", "s"], ["y"]),
        ],
        {"n": ints(0, 99), "low": np.array(1), "high": np.array(20)},
        {"x": (1, 5, 4)},
    ),
    "clip_integers_below": Case(
        [node("Clip", ["n", "low", "high"], ["s"]), node("Reshape", ["x", "s"], ["y"])],
        {"n": ints(0, 20), "low": np.array(1), "high": np.array(BIG)},
        {"x": (1, 5, 4)},
    ),
    "max": Case([node("Max", ["x", "w"], ["y"])], {"w": floats(4)}),
    "max_of_one": Case([node("Max", ["x"], ["m"]), node("Neg", ["m"], ["y"])]),
    "max_of_many": Case(
        [node("Tanh", ["x"], ["t"]), node("Max", ["v", "x", "w", "t"], ["y"])],
        {"v": floats(5, 1), "w": of(-0.3)},
    ),
    "max_adds_an_axis": Case([node("Max", ["x", "w"], ["y"])], {"w": floats(2, 1, 1, 4)}),
    "max_of_constants": Case(
        [node("Max", ["v", "w"], ["m"]), node("Add", ["x", "m"], ["y"])],
        {"v": floats(5, 1), "w": floats(4)},
    ),
    "min": Case([node("Min", ["w", "x"], ["y"])], {"w": floats(5, 1)}),
    "min_of_many": Case(
        [
            node("Neg", ["x"], ["n"]),
            node("Tanh", ["x"], ["t"]),
            node("Min", ["n", "t", "x"], ["y"]),
        ],
        opset=8,
    ),
}
