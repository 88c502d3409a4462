"""What people write is the same IR as what ONNX writes."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from lstmir.flow.models import load_model
from lstmir.frontends.importer import import_model
from lstmir.frontends.model.read import model_of
from lstmir.ir.diagnostics import UserError
from lstmir.syntax.printer import print_module

if TYPE_CHECKING:
    from tests.frontends.conftest import Bench

RNG = np.random.default_rng(0)
W, R, FC = (
    RNG.normal(0, 1, shape).astype(np.float32) for shape in ((1, 12, 2), (1, 12, 3), (4, 3))
)
START = RNG.normal(0, 1, (1, 2)).astype(np.float32)

BODY = {
    "input": [{"name": "sum"}, {"name": "step"}],
    "output": ["next", "emitted"],
    "node": [
        {"opType": "Add", "input": ["sum", "step"], "output": ["next"]},
        {"opType": "Neg", "input": ["next"], "output": ["emitted"]},
    ],
}
SHORTER: dict[str, Any] = {
    "opsetImport": [{"version": 17}],
    "graph": {
        "input": [{"name": "x", "shape": ["time", 1, 2]}],
        "output": ["logits", "sums"],
        "initializer": [
            {"name": "W", "values": W.tolist()},
            {"name": "R", "values": R.tolist(), "dataType": "FLOAT", "dims": [1, 12, 3]},
            {"name": "fc", "values": FC.tolist(), "dataType": 1},
            {"name": "start", "values": START.tolist()},
        ],
        "node": [
            {
                "opType": "LSTM",
                "input": ["x", "W", "R"],
                "output": ["", "h"],
                "attribute": {
                    "hidden_size": 3,
                    "activations": ["HardSigmoid", "Tanh", "Tanh"],
                    "activation_alpha": [1],
                    "direction": "reverse",
                    "clip": 5,
                },
            },
            {
                "opType": "Constant",
                "output": ["first"],
                "attribute": {"value": {"t": {"values": [0], "dataType": "INT64"}}},
            },
            {"opType": "Squeeze", "input": ["h", "first"], "output": ["last"]},
            {
                "opType": "Gemm",
                "name": "head",
                "input": ["last", "fc"],
                "output": ["logits"],
                "attribute": {"alpha": 2, "transB": 1},
            },
            {
                "opType": "Scan",
                "input": ["start", "x"],
                "output": ["final", "sums"],
                "attribute": {"num_scan_inputs": 1, "body": {"g": BODY}},
            },
        ],
    },
}


def as_onnx_writes_it(bench: Bench) -> dict[str, Any]:
    def info(name: str, shape: Any = None) -> Any:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    inner = [
        helper.make_node("Add", ["sum", "step"], ["next"]),
        helper.make_node("Neg", ["next"], ["emitted"]),
    ]
    states = [info(name) for name in ("sum", "step", "next", "emitted")]
    body = helper.make_graph(inner, "body", states[:2], states[2:])
    first = numpy_helper.from_array(np.array([0], np.int64))
    nodes = [
        helper.make_node(
            "LSTM", ["x", "W", "R"], ["", "h"], hidden_size=3, direction="reverse", clip=5.0,
            activations=["HardSigmoid", "Tanh", "Tanh"], activation_alpha=[1.0],
        ),
        helper.make_node("Constant", [], ["first"], value=first),
        helper.make_node("Squeeze", ["h", "first"], ["last"]),
        helper.make_node("Gemm", ["last", "fc"], ["logits"], name="head", alpha=2.0, transB=1),
        helper.make_node("Scan", ["start", "x"], ["final", "sums"], num_scan_inputs=1, body=body),
    ]  # fmt: skip
    weights = {"W": W, "R": R, "fc": FC, "start": START}
    return bench.as_dict(bench.model(nodes, {"x": ("time", 1, 2)}, ["logits", "sums"], weights))


@pytest.fixture(scope="module")
def expected(bench: Bench) -> str:
    return print_module(import_model(model_of(as_onnx_writes_it(bench), "m"), "m"))


def test_everything_shorter(expected: str) -> None:
    assert print_module(import_model(model_of(SHORTER, "m"), "m")) == expected


def test_some_of_it_shorter(bench: Bench, expected: str) -> None:
    """Each part may have its own form."""
    for part in ("input", "output", "initializer", "node"):
        mixed = as_onnx_writes_it(bench)
        mixed["graph"][part] = SHORTER["graph"][part]
        assert print_module(import_model(model_of(mixed, "m"), "m")) == expected, part


def test_in_other_files(expected: str, tmp_path: Path) -> None:
    model = deepcopy(SHORTER)
    model["graph"]["initializer"] = [
        {"name": "W", "npz": "inner/w.npz"},
        {"name": "R", "npz": "r.npz"},
        {"name": "fc", "npz": "inner/w.npz", "dims": ["4", "3"]},
        {
            "name": "start",
            "dataType": 1,
            "dims": [1, 2],
            "externalData": [{"key": "location", "value": "start.bin"}],
        },
    ]
    (tmp_path / "inner").mkdir()
    np.savez(tmp_path / "inner" / "w.npz", W=np.asfortranarray(W), fc=FC.astype(">f4"))
    np.savez_compressed(tmp_path / "r.npz", R=R)
    START.tofile(tmp_path / "start.bin")
    (tmp_path / "m.json").write_text(json.dumps(model))
    assert print_module(load_model(str(tmp_path / "m.json"))) == expected


@pytest.mark.parametrize("element", ["DOUBLE", 11])
def test_other_element_types(element: str | int) -> None:
    model = deepcopy(SHORTER)
    model["graph"]["input"][0]["elemType"] = element
    model["graph"]["output"] = ["logits"]
    for tensor in model["graph"]["initializer"]:
        tensor["dataType"] = element
    text = print_module(import_model(model_of(model, "m"), "m"))
    assert "xf32" not in text and "tensor<4x3xf64>" in text


def test_attributes_of_nodes_are_named_with_their_node() -> None:
    model = deepcopy(SHORTER)
    model["graph"]["node"][3]["attribute"]["transB"] = 1.0
    with pytest.raises(UserError) as error:
        import_model(model_of(model, "m"), "m")
    assert str(error.value) == "error: node 'head' (Gemm): attribute 'transB' must be an integer"


def test_the_version_must_be_said() -> None:
    with pytest.raises(UserError) as error:
        import_model(model_of({"graph": SHORTER["graph"]}, "m"), "m")
    assert str(error.value) == (
        "error: the model does not say which version of ONNX's operators it uses (opsetImport)"
    )
