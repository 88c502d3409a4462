"""Constants, shapes, and what passes its input on."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto, numpy_helper

from tests.frontends.operator_cases.case import Case, floats, ints, node

CASES: dict[str, Case] = {
    "folded": Case(
        [node("Mul", ["a", "b"], ["w"]), node("Sub", ["x", "w"], ["y"])],
        {"a": floats(5, 1), "b": floats(4)},
    ),
    "identity": Case([node("Identity", ["x"], ["y"])]),
    "dropout": Case(
        [node("Dropout", ["x", "r", ""], ["y", "mask"])], {"r": np.array(0.5, np.float32)}
    ),
    "dropout_told": Case([node("Dropout", ["x", "", "t"], ["y"])], {"t": np.array(False)}),
    "cast": Case([node("Cast", ["x"], ["y"], to=TensorProto.FLOAT)]),
    "cast_constant": Case(
        [node("Cast", ["w"], ["v"], to=TensorProto.FLOAT), node("Add", ["x", "v"], ["y"])],
        {"w": floats(4).astype(np.float64)},
    ),
    "constant": Case(
        [
            node("Constant", [], ["w"], value=numpy_helper.from_array(floats(5, 4))),
            node("Add", ["x", "w"], ["y"]),
        ]
    ),
    "constant_float": Case(
        [node("Constant", [], ["w"], value_float=0.25), node("Mul", ["x", "w"], ["y"])]
    ),
    "constant_floats": Case(
        [
            node("Constant", [], ["w"], value_floats=[1.0, 2.0, 3.0, 4.5]),
            node("Mul", ["x", "w"], ["y"]),
        ]
    ),
    "constant_int": Case(
        [node("Constant", [], ["i"], value_int=2), node("Gather", ["x", "i"], ["y"], axis=2)]
    ),
    "constant_ints": Case(
        [node("Constant", [], ["s"], value_ints=[0, 20]), node("Reshape", ["x", "s"], ["y"])]
    ),
    "shape": Case(
        [
            node("Shape", ["x"], ["s"]),
            node("Slice", ["s", "zero", "one"], ["batch"]),
            node("Concat", ["batch", "rest"], ["target"], axis=0),
            node("Reshape", ["x", "target"], ["y"]),
        ],
        {"zero": ints(0), "one": ints(1), "rest": ints(20)},
    ),
    "shape_of_part": Case(
        [
            node("Shape", ["x"], ["s"], start=1),
            node("Concat", ["m", "s"], ["target"], axis=0),
            node("Reshape", ["x", "target"], ["y"]),
        ],
        {"m": ints(-1)},
    ),
    "expand_nothing": Case([node("Shape", ["x"], ["s"]), node("Expand", ["x", "s"], ["y"])]),
    "expand_constant": Case(
        [
            node("Shape", ["x"], ["s"]),
            node("Expand", ["w", "s"], ["v"]),
            node("Mul", ["v", "x"], ["y"]),
        ],
        {"w": floats(1, 5, 1)},
    ),
    "constant_of_shape": Case(
        [
            node("Shape", ["x"], ["s"]),
            node("Cast", ["s"], ["c"], to=TensorProto.INT64),
            node("ConstantOfShape", ["c"], ["v"], value=numpy_helper.from_array(floats(1))),
            node("Add", ["v", "x"], ["y"]),
        ]
    ),
    "expand_in_front": Case([node("Expand", ["x", "s"], ["y"])], {"s": ints(2, 1, 1, 1)}),
    "expand_an_axis": Case(
        [node("Expand", ["x", "s"], ["y"])], {"s": ints(5, 4)}, {"x": ("batch", 1, 4)}
    ),
    "expand_beside_an_open_length": Case(
        [
            node("Shape", ["x"], ["s"]),
            node("Slice", ["s", "zero", "two"], ["lengths"]),
            node("Concat", ["lengths", "six"], ["target"], axis=0),
            node("Expand", ["x", "target"], ["y"]),
        ],
        {"zero": ints(0), "two": ints(2), "six": ints(6)},
        {"x": ("batch", "time", 1)},
    ),
}
