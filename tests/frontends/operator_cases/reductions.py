"""Operators that make one element of many, or weigh many against each other."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto

from tests.frontends.operator_cases.case import Case, Shape, floats, ints, node

TIME: dict[str, Shape] = {"x": ("batch", "time", 4)}

# All are -0.0 or 0.0, so that an argmax has a choice.
EQUAL = [node("Abs", ["x"], ["a"]), node("Neg", ["a"], ["b"]), node("Relu", ["b"], ["r"])]

CASES: dict[str, Case] = {
    "sum": Case([node("ReduceSum", ["x", "a"], ["y"], keepdims=0)], {"a": ints(-1)}),
    "sum_of_two_axes": Case([node("ReduceSum", ["x", "a"], ["y"])], {"a": ints(2, 1)}),
    "sum_by_attribute": Case([node("ReduceSum", ["x"], ["y"], axes=[-2], keepdims=0)], opset=11),
    "sum_over_time": Case([node("ReduceSum", ["x", "a"], ["y"])], {"a": ints(1)}, TIME),
    "sum_of_nothing": Case([node("ReduceSum", ["x"], ["y"], noop_with_empty_axes=1)]),
    "sum_of_an_empty_list": Case(
        [node("ReduceSum", ["x", "a"], ["y"], noop_with_empty_axes=1)], {"a": ints()}
    ),
    "sum_of_all": Case([node("ReduceSum", ["x"], ["y"])], mixes="linalg.reduce"),
    "sum_over_the_batch": Case(
        [node("ReduceSum", ["x", "a"], ["y"], keepdims=0)], {"a": ints(0)}, mixes="linalg.reduce"
    ),
    "mean": Case([node("ReduceMean", ["x"], ["y"], axes=[1], keepdims=0)]),
    "mean_by_input": Case([node("ReduceMean", ["x", "a"], ["y"])], {"a": ints(2)}, opset=18),
    "mean_over_time": Case([node("ReduceMean", ["x"], ["y"], axes=[1], keepdims=0)], inputs=TIME),
    "mean_of_all_but_the_batch": Case([node("ReduceMean", ["x"], ["y"], axes=[1, 2], keepdims=0)]),
    "max": Case([node("ReduceMax", ["x"], ["y"], axes=[2])]),
    "max_over_time": Case([node("ReduceMax", ["x"], ["y"], axes=[1], keepdims=0)], inputs=TIME),
    "max_by_input": Case([node("ReduceMax", ["x", "a"], ["y"])], {"a": ints(1)}, opset=18),
    "min": Case([node("ReduceMin", ["x"], ["y"], axes=[1], keepdims=0)]),
    "reduced_constants": Case(
        [
            node("ReduceMean", ["w"], ["m"], axes=[0]),
            node("ReduceMax", ["w"], ["l"], axes=[1]),
            node("ReduceSum", ["w", "zero"], ["s"], keepdims=0),
            node("Add", ["m", "l"], ["a"]),
            node("Mul", ["a", "s"], ["b"]),
            node("Add", ["x", "b"], ["y"]),
        ],
        {"w": floats(5, 4), "zero": ints(0)},
    ),
    "reduced_lengths": Case(
        [
            node("Shape", ["x"], ["s"], start=1),
            node("ReduceMax", ["s"], ["five"]),
            node("ReduceMin", ["s"], ["four"]),
            node("ReduceSum", ["s"], ["nine"], keepdims=0),
            node("Sub", ["nine", "four"], ["also_five"]),
            node("Concat", ["m", "four", "also_five"], ["target"], axis=0),
            node("Reshape", ["x", "target"], ["t"]),
            node("Concat", ["m", "five", "four"], ["back"], axis=0),
            node("Reshape", ["t", "back"], ["y"]),
        ],
        {"m": ints(-1)},
    ),
    "mean_of_a_repeated_constant": Case(
        [
            node("Shape", ["x"], ["s"]),
            node("Expand", ["w", "s"], ["e"]),
            node("ReduceMean", ["e"], ["m"], axes=[0]),
            node("Add", ["x", "m"], ["y"]),
        ],
        {"w": floats(5, 1)},
    ),
    "softmax": Case([node("Softmax", ["x"], ["y"])]),
    "softmax_of_an_axis": Case([node("Softmax", ["x"], ["y"], axis=1)]),
    "softmax_over_time": Case([node("Softmax", ["x"], ["y"], axis=1)], inputs=TIME),
    "softmax_over_the_batch": Case([node("Softmax", ["x"], ["y"], axis=0)], mixes="linalg.softmax"),
    "softmax_of_large_numbers": Case(
        [node("Mul", ["x", "w"], ["l"]), node("Softmax", ["l"], ["y"])], {"w": floats(1) * 1000}
    ),
    "softmax_of_all_axes_behind": Case([node("Softmax", ["x"], ["y"])], opset=12),
    "softmax_of_the_last_axis": Case([node("Softmax", ["x"], ["y"], axis=2)], opset=9),
    "softmax_of_the_last_axis_from_behind": Case(
        [node("Softmax", ["x"], ["y"], axis=-1)], inputs=TIME, opset=11
    ),
    "softmax_of_vectors": Case(
        [node("Softmax", ["x"], ["y"])], inputs={"x": ("batch", 4)}, opset=8
    ),
    "softmax_of_one_open_axis_behind": Case(
        [node("Softmax", ["x"], ["y"])], inputs={"x": ("batch", "time", 1)}, opset=11
    ),
    "log_softmax": Case(
        [node("Mul", ["x", "w"], ["l"]), node("LogSoftmax", ["l"], ["y"])], {"w": floats(1) * 100}
    ),
    "log_softmax_of_all_axes_behind": Case([node("LogSoftmax", ["x"], ["y"])], opset=11),
    "softmax_of_constants": Case(
        [
            node("Softmax", ["w"], ["s"], axis=0),
            node("LogSoftmax", ["w"], ["l"]),
            node("Add", ["s", "l"], ["a"]),
            node("Add", ["x", "a"], ["y"]),
        ],
        {"w": floats(5, 4)},
    ),
    "softmax_of_constants_as_one": Case(
        [node("Softmax", ["w"], ["s"], axis=0), node("Add", ["x", "s"], ["y"])],
        {"w": floats(5, 4)},
        opset=11,
    ),
    "argmax": Case([node("ArgMax", ["x"], ["y"], axis=2)], made=TensorProto.INT64),
    "argmax_without_its_axis": Case(
        [node("ArgMax", ["x"], ["y"], axis=-2, keepdims=0)], made=TensorProto.INT64
    ),
    "argmax_over_time": Case(
        [node("ArgMax", ["x"], ["y"], axis=1, keepdims=0)], inputs=TIME, made=TensorProto.INT64
    ),
    "argmax_over_the_batch": Case(
        [node("ArgMax", ["x"], ["y"])], mixes="linalg.argmax", made=TensorProto.INT64
    ),
    "argmax_of_a_vector": Case(
        [node("ArgMax", ["x"], ["y"])], inputs={"x": (4,)}, made=TensorProto.INT64
    ),
    "argmax_first_of_equals": Case(
        [*EQUAL, node("ArgMax", ["r"], ["y"], axis=2)], opset=11, made=TensorProto.INT64
    ),
    "argmax_last_of_equals": Case(
        [*EQUAL, node("ArgMax", ["r"], ["y"], axis=2, select_last_index=1)],
        opset=12,
        made=TensorProto.INT64,
    ),
    "argmax_of_constants": Case(
        [
            node("ArgMax", ["w"], ["first"], axis=0, keepdims=0),
            node("ArgMax", ["w"], ["last"], axis=0, keepdims=0, select_last_index=1),
            node("Gather", ["x", "first"], ["f"], axis=1),
            node("Gather", ["x", "last"], ["l"], axis=1),
            node("Sub", ["f", "l"], ["y"]),
        ],
        {"w": np.array([[1, 0], [1, 2], [1, 2]], np.float32)},
    ),
}
