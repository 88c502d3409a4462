"""Operators that bring values to a scale of their own."""

from __future__ import annotations

import numpy as np

from tests.frontends.operator_cases.case import Case, floats, node

STATISTICS = ("scale", "bias", "mean", "variance")


def statistics(channels: int) -> dict[str, np.ndarray]:
    """What a batch normalization has learnt of its channels."""
    scale, bias, mean = (floats(channels) for _ in range(3))
    variance = np.square(floats(channels))
    return {"scale": scale, "bias": bias, "mean": mean, "variance": variance}


W, C = floats(4, 6), floats(6)

CASES: dict[str, Case] = {
    "batch_normalization": Case(
        [node("BatchNormalization", ["x", *STATISTICS], ["y"])], statistics(5)
    ),
    "batch_normalization_of_vectors": Case(
        [node("BatchNormalization", ["x", *STATISTICS], ["y"], epsilon=0.1)],
        statistics(4),
        {"x": ("batch", 4)},
        opset=9,
    ),
    "batch_normalization_of_a_constant": Case(
        [node("BatchNormalization", ["v", *STATISTICS], ["n"]), node("Add", ["x", "n"], ["y"])],
        {"v": floats(1, 5, 4), **statistics(5)},
    ),
    "batch_normalization_of_gemm": Case(
        [
            node("Gemm", ["x", "w", "c"], ["g"]),
            node("BatchNormalization", ["g", *STATISTICS], ["y"]),
        ],
        {"w": W, "c": C, **statistics(6)},
        {"x": ("batch", 4)},
    ),
    "batch_normalization_of_matmul": Case(
        [
            node("MatMul", ["x", "w"], ["m"]),
            node("BatchNormalization", ["m", *STATISTICS], ["y"]),
        ],
        {"w": W, **statistics(6)},
        {"x": ("batch", 4)},
        opset=14,
    ),
    "batch_normalization_of_conv": Case(
        [
            node("Conv", ["x", "w", "b"], ["c"]),
            node("BatchNormalization", ["c", *STATISTICS], ["n"]),
            node("Relu", ["n"], ["y"]),
        ],
        {"w": floats(6, 4, 1), "b": floats(6), **statistics(6)},
        {"x": ("batch", 4, "time")},
    ),
    "batch_normalization_of_steps": Case(
        [
            node("MatMul", ["x", "w"], ["m"]),
            node("BatchNormalization", ["m", *STATISTICS], ["y"]),
        ],
        {"w": floats(4, 5), **statistics(5)},
    ),
    "batch_normalization_of_what_is_read_twice": Case(
        [
            node("Gemm", ["x", "w"], ["g"]),
            node("BatchNormalization", ["g", *STATISTICS], ["n"]),
            node("Add", ["n", "g"], ["y"]),
        ],
        {"w": W, **statistics(6)},
        {"x": ("batch", 4)},
    ),
    "batch_normalization_twice": Case(
        [
            node("Gemm", ["x", "w"], ["g"]),
            node("BatchNormalization", ["g", *STATISTICS], ["n"]),
            node("BatchNormalization", ["n", *STATISTICS], ["y"]),
        ],
        {"w": W, **statistics(6)},
        {"x": ("batch", 4)},
    ),
    "layer_normalization": Case(
        [node("LayerNormalization", ["x", "s", "b"], ["y"])], {"s": floats(4), "b": floats(4)}
    ),
    "layer_normalization_of_two_axes": Case(
        [node("LayerNormalization", ["x", "s"], ["y"], axis=1, epsilon=0.1)], {"s": floats(5, 4)}
    ),
    "layer_normalization_over_time": Case(
        [node("LayerNormalization", ["x", "s", "b"], ["y"], axis=-2)],
        {"s": floats(1), "b": floats(1, 4)},
        {"x": ("batch", "time", 4)},
    ),
    "layer_normalization_of_all": Case(
        [node("LayerNormalization", ["x", "s"], ["y"], axis=0)],
        {"s": floats(1)},
        mixes="linalg.normalize",
    ),
    "layer_normalization_of_a_constant": Case(
        [node("LayerNormalization", ["v", "s", "b"], ["n"]), node("Add", ["x", "n"], ["y"])],
        {"v": floats(5, 4), "s": floats(4), "b": floats(4)},
    ),
}
