"""Everything else."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto

from tests.frontends.refused_cases.case import Refused, floats, ints, node

OPEN = "an axis of unknown length (?) must stay an axis of its own"

REFUSED: dict[str, Refused] = {
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
    "cast": (
        node("Cast", ["x"], ["y"], to=TensorProto.DOUBLE),
        {},
        "a computed value of float32 cannot be cast to float64; export the model in one of them",
    ),
    "cast_to_integers": (
        node("Cast", ["x"], ["y"], to=TensorProto.INT64),
        {},
        "a computed value of float32 cannot be cast to int64",
    ),
    "mistyped": (
        node("SIGMOD", ["x"], ["y"]),
        {},
        (
            "operator is not supported by lstmir; did you mean 'Sigmoid'?; cut the model before or behind"
            " it (--inputs, --outputs)"
        ),
    ),
    "spelled_as_another": (
        node("Sin", ["x"], ["y"]),
        {},
        "operator is not supported by lstmir; cut the model before or behind it (--inputs, --outputs)",
    ),
    "elu_of_nothing": (
        node("Elu", ["x"], ["y"], alpha=float("nan")),
        {},
        "attribute 'alpha' must be a finite number, not nan",
    ),
    "gemm_of_infinity": (
        node("Gemm", ["x", "w"], ["y"], alpha=float("inf")),
        {"w": floats(4, 4)},
        "attribute 'alpha' must be a finite number, not inf",
    ),
    "normalized_by_nothing": (
        node("LayerNormalization", ["x", "w"], ["y"], epsilon=float("nan")),
        {"w": floats(4)},
        "attribute 'epsilon' must be a finite number, not nan",
    ),
    "a_variance_below_zero": (
        node("BatchNormalization", ["x", "w", "w", "w", "v"], ["y"]),
        {"w": floats(5), "v": np.full(5, -0.5, np.float32)},
        "input 'input_var' plus 'epsilon' must be positive everywhere, as -0.49999 is not",
    ),
    "clip_in_two_ways": (
        node("Clip", ["x", "w"], ["y"], min=0.5),
        {"w": np.array(0.25, np.float32)},
        "'min' is given twice: as an input and as an attribute",
    ),
    "clip_computed": (node("Clip", ["x", "x"], ["y"]), {}, "input 'min' must be a constant"),
    "clip_by_several": (
        node("Clip", ["x", "", "w"], ["y"]),
        {"w": floats(4)},
        "input 'max' must be one number",
    ),
    "prelu_wide": (
        node("PRelu", ["x", "w"], ["y"]),
        {"w": floats(2, 1, 1, 4)},
        "input 'slope' must fit into the shape of input 'X'",
    ),
    "pow_other_type": (
        node("Pow", ["w", "x"], ["y"]),
        {"w": np.ones(4)},
        "element types differ: tensor<4xf64>, tensor<?x5x4xf32>",
    ),
    "max_misfit": (
        node("Max", ["x", "w", "v"], ["y"]),
        {"w": floats(4), "v": floats(3)},
        "the shapes [3] and [4] do not fit together",
    ),
    "where_by_numbers": (
        node("Where", ["x", "x", "x"], ["y"]),
        {},
        "the condition must be i1, not tensor<?x5x4xf32>",
    ),
    "not_of_numbers": (
        node("Not", ["x"], ["y"]),
        {},
        "expected truth values (i1), not tensor<?x5x4xf32>",
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
        {"s": ints(-1, 2)},
        f"the shape [?, 5, 4] cannot become [-1, 2]; {OPEN}",
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
    "tile_of_fewer_axes": (
        node("Tile", ["x", "n"], ["y"]),
        {"n": ints(1, 2)},
        "input 'repeats' must have a number for each axis of [?, 5, 4], not 2",
    ),
    "tile_batch": (
        node("Tile", ["x", "n"], ["y"]),
        {"n": ints(2, 1, 1)},
        "axis 0 cannot be repeated: a length is known only at run time",
    ),
    "tile_never": (
        node("Tile", ["x", "n"], ["y"]),
        {"n": ints(1, 0, 1)},
        "axis 1 cannot be repeated 0 times",
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
