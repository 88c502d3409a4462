"""The page on models in JSON: its models are imported, its commands print what it shows."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import onnxruntime  # type: ignore[import-untyped]
import pytest
from jsonschema import Draft202012Validator
from msgspec.structs import fields
from onnx import ModelProto, TensorProto, helper, numpy_helper, save_model

from lstmir.frontends.model import messages
from lstmir.frontends.model.functions import MAX_DEPTH, MAX_NODES
from lstmir.frontends.model.read import read_model
from lstmir.tools.lstmir import main

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "onnx-json.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"(?:`(\S+\.json)`:\n\n)?```(\w+)\n(.*?)```", PAGE, re.DOTALL)
SCHEMA = Draft202012Validator(json.loads((DOCS / "onnx-json.schema.json").read_text()))


def as_onnx(model: dict[str, Any]) -> ModelProto:
    """The page's model, written again with ONNX's own helpers."""
    graph = model["graph"]
    dtypes = {"FLOAT": np.float32, "INT64": np.int64}
    weights = [
        numpy_helper.from_array(
            np.array(each["values"], dtypes[each.get("dataType", "FLOAT")]), each["name"]
        )
        for each in graph["initializer"]
    ]
    nodes = [
        helper.make_node(each["opType"], each["input"], each["output"], **each.get("attribute", {}))
        for each in graph["node"]
    ]
    inputs = [
        helper.make_tensor_value_info(each["name"], TensorProto.FLOAT, each["shape"])
        for each in graph["input"]
    ]
    outputs = [
        helper.make_tensor_value_info(each, TensorProto.FLOAT, None) for each in graph["output"]
    ]
    made = helper.make_graph(nodes, "tiny", inputs, outputs, weights)
    versions = [helper.make_opsetid("", model["opsetImport"][0]["version"])]
    return helper.make_model(made, opset_imports=versions, ir_version=8)


def test_the_page_from_top_to_bottom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    tiny = json.loads(next(text for name, _, text in BLOCKS if name == "tiny.json"))
    save_model(as_onnx(tiny), "model.onnx")
    names: dict[str, Any] = {}
    shown = 0
    for name, language, text in BLOCKS:
        if language == "json":
            SCHEMA.validate(json.loads(text))
            Path(name).write_text(text)
        elif language == "python":
            exec(text, names)
        else:
            command, _, expected = text.partition("\n")
            status = main(shlex.split(command)[2:])
            assert capsys.readouterr() == ("", expected)
            assert status == bool(expected)
            shown += 1
    assert shown == 5
    assert read_model("model.json") == read_model("model.onnx")
    session = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])
    (logits,) = session.run(None, {"x": np.ones((4, 1, 2), np.float32)})
    np.testing.assert_allclose(np.load("y.npz")["logits"], logits, rtol=1e-5, atol=1e-6)


EXAMPLES: dict[str, dict[str, Any]] = {
    cell: json.loads(f"{{{cell}}}")
    for cell in re.findall(r'`("[a-zA-Z]+": [^`]+)`', PAGE.partition("## The shorter forms")[2])
}


@pytest.mark.parametrize("cell", EXAMPLES)
def test_what_the_table_shows_may_stand_there(cell: str) -> None:
    ((field, value),) = EXAMPLES[cell].items()
    structs: list[type[msgspec.Struct]] = [messages.Tensor, messages.ValueInfo, messages.Node]
    struct = next(each for each in structs if field in {one.encode_name for one in fields(each)})
    rest: dict[str, Any] = {"name": "x", "shape": [1]} if struct is messages.ValueInfo else {}
    if struct is messages.Node:
        rest = {"opType": "Any"}
    msgspec.convert({**rest, field: value}, struct)


def test_the_table_names_every_field_that_onnx_lacks() -> None:
    assert len(EXAMPLES) >= 6
    for field in ("values", "npz", "shape", "elemType"):
        assert f'`"{field}"' in PAGE


def test_the_limits_are_those_of_the_code() -> None:
    assert f"| {MAX_NODES}, and functions nested {MAX_DEPTH} deep |" in PAGE
