"""Files of models without mistakes: one as exporters write it, and one as people do."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from google.protobuf.json_format import MessageToDict
from onnx import ModelProto, helper, numpy_helper

# An LSTM with a constant initial state of the batch's length, and a head: every kind of field.
node = helper.make_node
WEIGHTS: dict[str, np.ndarray] = {
    "W": np.ones((1, 8, 3), np.float32),
    "R": np.ones((1, 8, 2), np.float32),
    "w": np.ones((2, 2), np.float32),
    "axes": np.array([0], np.int64),
    "second": np.array(1, np.int64),
    "one": np.array([1], np.int64),
    "two": np.array([2], np.int64),
}
NODES = [
    node("Shape", ["x"], ["s"]),
    node("Gather", ["s", "second"], ["n"], axis=0),
    node("Unsqueeze", ["n", "axes"], ["n1"]),
    node("Concat", ["one", "n1", "two"], ["shape"], axis=0),
    node(
        "ConstantOfShape", ["shape"], ["h0"], value=numpy_helper.from_array(np.ones(1, np.float32))
    ),
    node("LSTM", ["x", "W", "R", "", "", "h0"], ["y", "h"], hidden_size=2, direction="forward"),
    node("Slice", ["y", "axes", "one", "axes"], ["cut"]),
    node("Squeeze", ["h", "axes"], ["last"]),
    node("Gemm", ["last", "w"], ["logits"], alpha=0.5, transB=1),
    node("Flatten", ["logits"], ["flat"], axis=1),
    node("Transpose", ["flat"], ["t"], perm=[1, 0]),
]


def tiny() -> ModelProto:
    """A model as exporters write it."""
    info = helper.make_tensor_value_info
    inputs = [info("x", 1, (4, "batch", 3))]
    outputs = [info(name, 1, None) for name in ("t", "cut")]
    weights = [numpy_helper.from_array(array, name) for name, array in WEIGHTS.items()]
    graph = helper.make_graph(NODES, "tiny", inputs, outputs, weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


TINY = tiny().SerializeToString()
TINY_JSON: dict[str, Any] = MessageToDict(ModelProto.FromString(TINY))

# The same as people write it, with a Scan, a function, and weights in other files.
FRIENDLY: dict[str, Any] = {
    "opsetImport": [{"version": 17}],
    "functions": [
        {
            "name": "Leaky",
            "domain": "here",
            "input": ["a"],
            "output": ["b"],
            "attribute": ["slope"],
            "node": [
                {
                    "opType": "LeakyRelu",
                    "input": ["a"],
                    "output": ["b"],
                    "attribute": {"alpha": {"refAttrName": "slope"}},
                }
            ],
        }
    ],
    "graph": {
        "input": [{"name": "x", "shape": ["time", 1, 3]}],
        "output": ["logits", {"name": "sums"}],
        "initializer": [
            {"name": "W", "npz": "w.npz"},
            {"name": "R", "npz": "w.npz", "dims": [1, 8, 2], "dataType": "FLOAT"},
            {"name": "w", "values": [[1, 2.5], [-3, 0.5]]},
            {"name": "axes", "dataType": "INT64", "values": [0]},
            {
                "name": "zero",
                "dims": [1, 3],
                "dataType": "FLOAT",
                "dataLocation": "EXTERNAL",
                "externalData": [
                    {"key": "location", "value": "zero.bin"},
                    {"key": "offset", "value": "4"},
                    {"key": "length", "value": "12"},
                ],
            },
        ],
        "node": [
            {
                "opType": "LSTM",
                "input": ["x", "W", "R"],
                "output": ["", "h"],
                "attribute": {"hidden_size": 2, "activations": ["Sigmoid", "Tanh", "Tanh"]},
            },
            {"opType": "Squeeze", "input": ["h", "axes"], "output": ["last"]},
            {
                "opType": "Gemm",
                "input": ["last", "w"],
                "output": ["g"],
                "attribute": {"alpha": 2, "transB": 1},
            },
            {
                "opType": "Leaky",
                "domain": "here",
                "input": ["g"],
                "output": ["logits"],
                "attribute": {"slope": 0.25},
            },
            {
                "opType": "Scan",
                "input": ["zero", "x"],
                "output": ["final", "sums"],
                "attribute": {
                    "num_scan_inputs": 1,
                    "body": {
                        "g": {
                            "input": [{"name": "sum"}, {"name": "step"}],
                            "output": ["next", "emitted"],
                            "node": [
                                {"opType": "Add", "input": ["sum", "step"], "output": ["next"]},
                                {"opType": "Tanh", "input": ["next"], "output": ["emitted"]},
                            ],
                        }
                    },
                },
            },
        ],
    },
}


def archive(arrays: dict[str, np.ndarray], save: Callable[..., None] = np.savez) -> bytes:
    """An archive of arrays."""
    file = io.BytesIO()
    named: dict[str, Any] = arrays
    save(file, **named)
    return file.getvalue()


BESIDE: dict[str, bytes] = {
    "w.npz": archive({name: WEIGHTS[name] for name in ("W", "R")}),
    "zero.bin": np.zeros(4, np.float32).tobytes(),
}
