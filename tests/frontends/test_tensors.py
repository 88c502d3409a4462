"""Tensors in protobuf's JSON mapping, in each of the ways in which ONNX may store them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from google.protobuf.json_format import MessageToDict
from onnx import TensorProto, helper, numpy_helper

from lstmir.frontends.tensors import read_tensor
from lstmir.ir.diagnostics import UserError

DTYPES = ["float32", "float64", "float16", "int32", "int64", "bool"]


def some(dtype: str, shape: tuple[int, ...]) -> np.ndarray:
    values = np.random.default_rng(0).normal(0, 100, shape)
    return (values > 0) if dtype == "bool" else values.astype(dtype)


@pytest.mark.parametrize("shape", [(2, 3), (5,), (), (0, 4)], ids=str)
@pytest.mark.parametrize("dtype", DTYPES)
def test_bytes(dtype: str, shape: tuple[int, ...]) -> None:
    array = some(dtype, shape)
    read = read_tensor(MessageToDict(numpy_helper.from_array(np.asarray(array))), "w")
    assert (read.dtype, read.shape) == (array.dtype, shape)
    np.testing.assert_array_equal(read, array)


@pytest.mark.parametrize("dtype", DTYPES)
def test_one_number_at_a_time(dtype: str) -> None:
    array = some(dtype, (2, 3))
    number = helper.np_dtype_to_tensor_dtype(array.dtype)
    tensor = helper.make_tensor("w", number, array.shape, array.flatten())
    assert not tensor.HasField("raw_data")
    read = read_tensor(MessageToDict(tensor), "w")
    assert (read.dtype, read.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(read, array)


def test_integers_may_be_numbers_or_text() -> None:
    tensor = {"dataType": "7", "dims": [3], "int64Data": [1, "-2", "9223372036854775807"]}
    np.testing.assert_array_equal(read_tensor(tensor, "w"), [1, -2, 2**63 - 1])


FLOAT = {"dataType": 1}
KNOWN = "1 (FLOAT), 6 (INT32), 7 (INT64), 9 (BOOL), 10 (FLOAT16), 11 (DOUBLE)"
ADVICE = "save the model as one file: onnx.save_model(model, path, save_as_external_data=False)"
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
    "no_base64": (
        FLOAT | {"dims": ["1"], "rawData": "AACA*w=="},
        "the data of the tensor 'w' are not base64",
    ),
    "no_ascii": (
        FLOAT | {"dims": ["1"], "rawData": "AACAéw=="},
        "the data of the tensor 'w' are not base64",
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
        f"the tensor 'w' has the element type 0; lstmir reads {KNOWN}",
    ),
    "elsewhere": (
        FLOAT
        | {
            "dims": ["1"],
            "dataLocation": "EXTERNAL",
            "externalData": [{"key": "location", "value": "weights.bin"}],
        },
        f"the tensor 'w' is stored in another file ('weights.bin'); {ADVICE}",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_tensors_that_are_refused(name: str) -> None:
    tensor, message = REFUSED[name]
    with pytest.raises(UserError) as error:
        read_tensor(tensor, "w")
    assert str(error.value) == f"error: {message}"


def test_onnx_numbers_its_types_as_we_do() -> None:
    for dtype, number in (("float32", TensorProto.FLOAT), ("bool", TensorProto.BOOL)):
        assert helper.np_dtype_to_tensor_dtype(np.dtype(dtype)) == number
