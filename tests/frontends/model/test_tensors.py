"""Tensors in protobuf's JSON mapping, in each of the ways in which ONNX may store them."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import numpy as np
import pytest
from google.protobuf.json_format import MessageToDict
from onnx import TensorProto, helper, numpy_helper

from lstmir.frontends.model.messages import Tensor
from lstmir.frontends.model.tensors import TensorReader
from lstmir.ir.diagnostics import UserError

DTYPES = ["float32", "float64", "float16", "int32", "int64", "bool"]


def read(mapping: dict[str, Any]) -> np.ndarray:
    return TensorReader().read(msgspec.convert(mapping, Tensor), "w")


def some(dtype: str, shape: tuple[int, ...]) -> np.ndarray:
    values = np.random.default_rng(0).normal(0, 100, shape)
    return (values > 0) if dtype == "bool" else values.astype(dtype)


@pytest.mark.parametrize("shape", [(2, 3), (5,), (), (0, 4)], ids=str)
@pytest.mark.parametrize("dtype", DTYPES)
def test_bytes(dtype: str, shape: tuple[int, ...]) -> None:
    array = some(dtype, shape)
    found = read(MessageToDict(numpy_helper.from_array(np.asarray(array))))
    assert (found.dtype, found.shape) == (array.dtype, shape)
    np.testing.assert_array_equal(found, array)


@pytest.mark.parametrize("dtype", DTYPES)
def test_one_number_at_a_time(dtype: str) -> None:
    array = some(dtype, (2, 3))
    number = helper.np_dtype_to_tensor_dtype(array.dtype)
    tensor = helper.make_tensor("w", number, array.shape, array.flatten())
    assert not tensor.HasField("raw_data")
    found = read(MessageToDict(tensor))
    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(found, array)


VALUES: dict[str, tuple[dict[str, Any], np.ndarray]] = {
    "floats": ({"values": [[1, 2.5, -3]]}, np.array([[1, 2.5, -3]], np.float32)),
    "one_float": ({"values": 0.5}, np.array(0.5, np.float32)),
    "none": ({"values": []}, np.zeros(0, np.float32)),
    "none_of_two": ({"values": [[], []]}, np.zeros((2, 0), np.float32)),
    "dims_too": ({"values": [[1], [2]], "dims": ["2", 1]}, np.array([[1], [2]], np.float32)),
    "doubles": ({"values": [0.1], "dataType": "DOUBLE"}, np.array([0.1])),
    "doubles_by_number": ({"values": [0.1], "dataType": 11}, np.array([0.1])),
    "halves": ({"values": [0.1], "dataType": "FLOAT16"}, np.array([0.1], np.float16)),
    "integers": ({"values": [2**63 - 1], "dataType": "INT64"}, np.array([2**63 - 1])),
    "one_integer": ({"values": -1, "dataType": "INT32"}, np.array(-1, np.int32)),
    "no_integers": ({"values": [], "dataType": "INT64"}, np.zeros(0, np.int64)),
    "truth": ({"values": [True, 0, 1], "dataType": "BOOL"}, np.array([True, False, True])),
    "one_truth": ({"values": True, "dataType": "BOOL"}, np.array(True)),
    "scalar_in_bytes": (
        {"dataType": "FLOAT", "rawData": "AACAPw=="}, np.array(1, np.float32)
    ),
    "empty_lists_say_nothing": (
        {"dataType": 1, "dims": [1], "rawData": "AACAPw==", "floatData": [], "externalData": []},
        np.array([1], np.float32),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", VALUES)
def test_what_people_write(name: str) -> None:
    tensor, array = VALUES[name]
    found = read(tensor)
    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(found, array)


def test_integers_may_be_numbers_or_text() -> None:
    tensor = {"dataType": "7", "dims": [3], "int64Data": [1, "-2", "9223372036854775807"]}
    np.testing.assert_array_equal(read(tensor), [1, -2, 2**63 - 1])


FLOAT = {"dataType": 1}
KNOWN = "1 (FLOAT), 6 (INT32), 7 (INT64), 9 (BOOL), 10 (FLOAT16), 11 (DOUBLE)"
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "cut_short": (
        FLOAT | {"dims": ["2"], "rawData": "AACAPwAAgA=="},
        "the tensor 'w' has 7 bytes; its shape [2] needs 8",
    ),
    "too_long": (
        FLOAT | {"dims": ["1"], "rawData": "AACAPwAAgD8="},
        "the tensor 'w' has 8 bytes; its shape [1] needs 4",
    ),
    "huge": (
        FLOAT | {"dims": ["4611686018427387904", "4611686018427387904"], "rawData": "AACAPw=="},
        "the tensor 'w' has 4 bytes; its shape [4611686018427387904, 4611686018427387904] needs "
        + str(4 * 2**124),
    ),
    "no_data": (
        FLOAT | {"dims": ["3"]},
        "the tensor 'w' has 0 elements; its shape [3] needs 3",
    ),
    "too_many": (
        FLOAT | {"dims": ["1"], "floatData": [1.0, 2.0]},
        "the tensor 'w' has 2 elements; its shape [1] needs 1",
    ),
    "negative": (
        FLOAT | {"dims": ["-1"], "rawData": ""},
        "the tensor 'w' has the shape [-1]; no length can be negative",
    ),
    "many_axes": (
        FLOAT | {"dims": ["1"] * 65, "floatData": [1.0]},
        "the tensor 'w' has 65 axes; lstmir takes at most 32",
    ),
    "nan_in_bytes": (
        FLOAT | {"dims": ["2"], "rawData": "AACAPwAAwH8="},
        "the weights 'w' hold NaN or infinity",
    ),
    "nan_in_numbers": (
        FLOAT | {"dims": ["2"], "floatData": [1.0, "NaN"]},
        "the weights 'w' hold NaN or infinity",
    ),
    "infinity": (
        {"dataType": 11, "dims": [], "doubleData": ["-Infinity"]},
        "the weights 'w' hold NaN or infinity",
    ),
    "more_than_float32_holds": (
        FLOAT | {"dims": ["1"], "floatData": [1e39]},
        "the weights 'w' hold NaN or infinity",
    ),
    "more_than_int32_holds": (
        {"dataType": 6, "dims": ["1"], "int32Data": [2**31]},
        "the tensor 'w' holds an integer that does not fit its element type",
    ),
    "text": (
        {"dataType": 8, "dims": ["1"]},
        f"the tensor 'w' has the element type 8; lstmir reads {KNOWN}",
    ),
    "no_type": (
        {"dims": []},
        "the tensor 'w' has no element type (dataType)",
    ),
    "undefined": (
        {"dims": [], "dataType": 0},
        f"the tensor 'w' has the element type 0; lstmir reads {KNOWN}",
    ),
    "type_of_another_name": (
        {"dims": [], "dataType": "float32", "floatData": [1]},
        f"the tensor 'w' has the element type float32; lstmir reads {KNOWN}",
    ),
    "type_in_other_digits": (
        {"dims": [], "dataType": "\u0661", "floatData": [1]},
        f"the tensor 'w' has the element type \u0661; lstmir reads {KNOWN}",
    ),
    "field_of_another_type": (
        FLOAT | {"dims": [1], "int32Data": [1]},
        "the tensor 'w' has its elements in int32Data; those of its element type stand in floatData",
    ),
    "unsigned": (
        FLOAT | {"dims": [1], "uint64Data": ["1"]},
        "the tensor 'w' has its elements in uint64Data; those of its element type stand in floatData",
    ),
    "texts": (
        FLOAT | {"dims": [1], "stringData": ["AA=="]},
        "the tensor 'w' has its elements in stringData; those of its element type stand in floatData",
    ),
    "segment": (
        FLOAT | {"dims": [1], "rawData": "AACAPw==", "segment": {"begin": "0", "end": "1"}},
        "the tensor 'w' is stored in segments; save it whole",
    ),
    "two_fields": (
        FLOAT | {"dims": [1], "rawData": "AACAPw==", "floatData": [1]},
        "the tensor 'w' has elements in two places: rawData and floatData",
    ),
    "values_and_raw": (
        {"values": [1], "rawData": ""},
        "the tensor 'w' has elements in two places: values and rawData",
    ),
    "no_values_and_npz": (
        {"values": [], "npz": "w.npz"},
        "the tensor 'w' has elements in two places: npz and values",
    ),
    "values_of_another_shape": (
        {"values": [[1, 2]], "dims": [2]},
        "the tensor 'w' has the shape [1, 2], but dims [2]",
    ),
    "values_of_other_lengths": (
        {"values": [[1, 2], [3]]},
        "the tensor 'w': the lists in values differ in length",
    ),
    "values_of_other_depths": (
        {"values": [[1, 2], 3]},
        "the tensor 'w': values[1]: expected a list, got 3",
    ),
    "text_in_values": (
        {"values": [[1, 2], [3, "x"]]},
        "the tensor 'w': values[1][1]: expected a number, got \"x\"",
    ),
    "long_text_in_values": (
        {"values": [*[1] * 100_000, "x" * 1_000_000]},
        f"the tensor 'w': values[100000]: expected a number, got \"{'x' * 38}…",
    ),
    "truth_among_floats": (
        {"values": [True]},
        "the tensor 'w': values[0]: expected a number, got true",
    ),
    "fraction_among_integers": (
        {"dataType": "INT64", "values": [1, 2.0]},
        "the tensor 'w': values[1]: expected an integer, got 2.0",
    ),
    "two_as_truth": (
        {"dataType": "BOOL", "values": [0, 1, 2]},
        "the tensor 'w' holds an integer that does not fit its element type",
    ),
    "deep_values": (
        {"values": json.loads("[" * 33 + "]" * 33)},
        "the tensor 'w' has 33 axes; lstmir takes at most 32",
    ),
    "large_values": (
        {"values": [1e39]},
        "the weights 'w' hold NaN or infinity",
    ),
    "elsewhere": (
        FLOAT
        | {
            "dims": ["1"],
            "dataLocation": "EXTERNAL",
            "externalData": [{"key": "location", "value": "weights.bin"}],
        },
        "the tensor 'w' is stored in another file ('weights.bin'), and the model's folder is not known",
    ),
    "archive": (
        {"name": "w", "npz": "weights.npz"},
        "the tensor 'w' is stored in another file ('weights.npz'), and the model's folder is not known",
    ),
    "elsewhere_but_where": (
        FLOAT | {"dims": ["0"], "dataLocation": 1},
        "the tensor 'w' is said to be in another file (dataLocation), but no externalData names it",
    ),
    "elsewhere_and_here": (
        FLOAT | {"dims": ["0"], "rawData": "", "externalData": [{"key": "location", "value": "w"}]},
        "the tensor 'w' has elements in two places: rawData and externalData",
    ),
    "nowhere": (
        FLOAT | {"dims": ["0"], "dataLocation": "HERE"},
        "the tensor 'w' has the dataLocation HERE; expected EXTERNAL",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_tensors_that_are_refused(name: str) -> None:
    tensor, message = REFUSED[name]
    with pytest.raises(UserError) as error:
        read(tensor)
    assert str(error.value) == f"error: {message}"


def test_onnx_numbers_its_types_as_we_do() -> None:
    for dtype, number in (("float32", TensorProto.FLOAT), ("bool", TensorProto.BOOL)):
        assert helper.np_dtype_to_tensor_dtype(np.dtype(dtype)) == number
