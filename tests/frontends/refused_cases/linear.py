"""Products with matrices, and what scales and shifts their results."""

from __future__ import annotations

import numpy as np

from tests.frontends.refused_cases.case import Refused, floats, node

TWO_COMPUTED = (
    "one of the inputs 'A' and 'B' must be a constant: a product of two computed values has no form"
    " in lstmir; cut the model around it (--inputs, --outputs)"
)
CONV = (
    ": of convolutions, lstmir takes those that look at one place at a time; cut the model behind it"
    " (--inputs y) or before it (--outputs x), and leave it to the host"
)

REFUSED: dict[str, Refused] = {
    "gemm_computed": (node("Gemm", ["x", "x"], ["y"]), {}, "input 'A' must have 2 axes, not 3"),
    "gemm_with_too_much": (
        node("Gemm", ["w", "v", "x"], ["y"]),
        {"w": floats(5, 3), "v": floats(3, 4)},
        "input 'C' [?, 5, 4] does not fit [5, 4]",
    ),
    "matmul_computed": (node("MatMul", ["x", "x"], ["y"]), {}, TWO_COMPUTED),
    "matmul_by_several": (
        node("MatMul", ["x", "w"], ["y"]),
        {"w": floats(2, 4, 6)},
        "input 'B' must be a matrix of floating-point numbers",
    ),
    "matmul_of_integers": (
        node("MatMul", ["w", "x"], ["y"]),
        {"w": np.ones((6, 5), np.int64)},
        "input 'A' must be a matrix of floating-point numbers",
    ),
    "matmul_constants": (
        node("MatMul", ["w", "w"], ["y"]),
        {"w": floats(4, 6)},
        "the shapes [4, 6] and [4, 6] do not fit together",
    ),
    "conv_kernel": (
        node("Conv", ["x", "w"], ["y"], kernel_shape=[3]),
        {"w": floats(6, 5, 3)},
        f"attribute 'kernel_shape' is [3], where only 1 is imported{CONV}",
    ),
    "conv_strides": (
        node("Conv", ["x", "w"], ["y"], strides=[2]),
        {"w": floats(6, 5, 1)},
        f"attribute 'strides' is [2], where only 1 is imported{CONV}",
    ),
    "conv_pads": (
        node("Conv", ["x", "w"], ["y"], pads=[1, 0]),
        {"w": floats(6, 5, 1)},
        f"attribute 'pads' is [1, 0], where only 0 is imported{CONV}",
    ),
    "conv_padding": (
        node("Conv", ["x", "w"], ["y"], auto_pad="SAME"),
        {"w": floats(6, 5, 1)},
        "attribute 'auto_pad' is none of ONNX's: 'SAME'",
    ),
    "conv_kernel_misfit": (
        node("Conv", ["x", "w"], ["y"], kernel_shape=[1]),
        {"w": floats(6, 5, 3)},
        "attribute 'kernel_shape' is [1], but W is [6, 5, 3]",
    ),
    "conv_channels": (
        node("Conv", ["x", "w"], ["y"]),
        {"w": floats(6, 4, 1)},
        (
            "input 'X' must have 4 channels along axis 1, as W and the attribute 'group' say;"
            " it is [?, 5, 4]"
        ),
    ),
    "conv_groups": (
        node("Conv", ["x", "w"], ["y"], group=4),
        {"w": floats(6, 1, 1)},
        "attribute 'group' is 4, which does not divide 6 outputs",
    ),
    "conv_bias": (
        node("Conv", ["x", "w", "b"], ["y"]),
        {"w": floats(6, 5, 1), "b": floats(5)},
        "input 'B' must be [6], not [5]",
    ),
    "conv_weights": (
        node("Conv", ["x", "w"], ["y"]),
        {"w": floats(6, 5)},
        "input 'W' must have 3 axes, as X has, and hold floats",
    ),
    "batch_normalization_in_training": (
        node("BatchNormalization", ["x", "w", "w", "w", "w"], ["y"], training_mode=1),
        {"w": floats(5)},
        "attribute 'training_mode' must be 0; export the model for inference",
    ),
    "batch_normalization_of_places": (
        node("BatchNormalization", ["x", "w", "w", "w", "w"], ["y"], spatial=0),
        {"w": floats(5)},
        "attribute 'spatial' must be 1: statistics are those of whole channels",
    ),
    "batch_normalization_misfit": (
        node("BatchNormalization", ["x", "w", "w", "w", "w"], ["y"]),
        {"w": floats(4)},
        "input 'scale' must be floats [5] (channels), not [4]",
    ),
    "layer_normalization_misfit": (
        node("LayerNormalization", ["x", "w"], ["y"]),
        {"w": floats(2, 1, 1, 4)},
        "input 'Scale' [2, 1, 1, 4] does not fit X [?, 5, 4]",
    ),
    "layer_normalization_by_a_negative": (
        node("LayerNormalization", ["x", "w"], ["y"], epsilon=-1.0),
        {"w": floats(4)},
        "epsilon must not be negative, as -1 is",
    ),
    "gemm_of_three_axes": (
        node("Gemm", ["x", "w"], ["y"]),
        {"w": floats(4, 6)},
        "input 'A' must have 2 axes, not 3",
    ),
    "matmul_misfit": (
        node("MatMul", ["x", "w"], ["y"]),
        {"w": floats(3, 6)},
        "tensor<6x3xf32> cannot multiply the last axis of tensor<?x5x4xf32>",
    ),
}
