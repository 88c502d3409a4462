"""Files: what is read, and what is said of files that hold no model."""

from __future__ import annotations

import json
import sys
import time
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from onnx import ModelProto, helper

from lstmir.frontends.importer import import_model
from lstmir.frontends.model import read
from lstmir.frontends.model.read import model_of, read_model
from lstmir.ir.diagnostics import EXIT_FINDING, EXIT_USAGE, UserError
from lstmir.syntax.printer import print_module

if TYPE_CHECKING:
    from tests.frontends.conftest import Bench


@pytest.fixture
def model(bench: Bench) -> ModelProto:
    nodes = [helper.make_node("Gemm", ["x", "fc.weight"], ["y"], name="/fc/Gemm")]
    weights = {"fc.weight": np.arange(12, dtype=np.float32).reshape(4, 3)}
    return bench.model(nodes, {"x": ("batch", 4)}, weights=weights)


def refusal(path: Path, status: int = EXIT_FINDING) -> str:
    with pytest.raises(UserError) as error:
        read_model(path)
    assert error.value.exit_status == status
    return str(error.value).replace(f"{path.parent}/", "")


def written(folder: Path, name: str, content: bytes | str | dict[str, Any]) -> Path:
    path = folder / name
    if isinstance(content, dict):
        content = json.dumps(content)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_both_forms_give_one_module(model: ModelProto, tmp_path: Path, bench: Bench) -> None:
    binary = written(tmp_path, "m.onnx", model.SerializeToString())
    text = written(tmp_path, "m.JSON", "\ufeff" + json.dumps(bench.as_dict(model), indent=2))
    expected = model_of(bench.as_dict(model), "m")
    assert read_model(binary) == read_model(str(text)) == expected
    first, second = (print_module(import_model(read_model(p), "m")) for p in (binary, text))
    assert first == second


def test_a_missing_file(tmp_path: Path) -> None:
    for name in ("none.onnx", "none.json"):
        assert refusal(tmp_path / name, EXIT_USAGE) == (
            f"error: cannot read {name}: No such file or directory"
        )


def test_a_folder(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").mkdir()
    assert refusal(tmp_path / "m.onnx", EXIT_USAGE) == "error: cannot read m.onnx: Is a directory"


def test_another_suffix(tmp_path: Path) -> None:
    assert refusal(written(tmp_path, "m.pt", ""), EXIT_USAGE) == (
        "error: cannot tell what m.pt is: models are .onnx or .json files"
    )


def test_a_file_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "MAX_BYTES", 3)
    assert refusal(written(tmp_path, "m.json", "{  }")) == (
        "error: m.json is larger than 2 GiB, which no ONNX model can be"
    )


def test_files_that_are_not_onnx(model: ModelProto, tmp_path: Path) -> None:
    damaged = "error: m.onnx is not an ONNX model, or it is damaged"
    empty = "error: m.onnx is not an ONNX model: it has no graph"
    whole = model.SerializeToString()
    assert refusal(written(tmp_path, "m.onnx", b"")) == empty
    assert refusal(written(tmp_path, "m.onnx", b"\x08\x08")) == empty
    assert refusal(written(tmp_path, "m.onnx", "#!/bin/sh\nexit 1\n")) == damaged
    assert refusal(written(tmp_path, "m.onnx", b"\x93NUMPY\x01\x00")) == damaged
    assert refusal(written(tmp_path, "m.onnx", whole[: len(whole) // 2])) == damaged


def test_without_the_onnx_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    path = written(tmp_path, "m.onnx", b"")
    assert refusal(path) == (
        "error: to read m.onnx, install onnx: pip install 'lstmir[onnx]'"
        " (the .json form of a model needs nothing)"
    )


def test_json_needs_no_further_package(
    model: ModelProto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bench: Bench
) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    monkeypatch.setitem(sys.modules, "google.protobuf.json_format", None)
    path = written(tmp_path, "m.json", bench.as_dict(model))
    assert import_model(read_model(path), "m").main.parameters


def test_broken_json_is_shown_with_its_place(tmp_path: Path) -> None:
    assert refusal(written(tmp_path, "m.json", '{"graph":\n  {"node" []}}\n')) == (
        "m.json:2:11: error: this is not JSON: Expecting ':' delimiter\n"
        '    {"node" []}}\n'
        "            ^"
    )
    assert refusal(written(tmp_path, "m.json", "")) == (
        "m.json:1:1: error: this is not JSON: Expecting value\n  \n  ^"
    )


def marked(line: str, column: int, message: str, number: int = 1) -> str:
    """A message with its line and a caret."""
    return f"m.json:{number}:{column}: error: {message}\n  {line}\n  {' ' * (column - 1)}^"


NAN = '{"graph": {"initializer": [{"values": [0, NaN]}]}}'
HALF = r'{"graph": {"name": "\ud800", "node": []}}'
CUT = '{"graf": {}, "node": ['
TWICE = ' "name": "a", "node": [], "name": "b"}}'
SPELLED = r'{"graph": {"näme": 1, "n\u00e4me": 2}}'
ATTRIBUTE = '{"graph": {"node": [{"opType": "LSTM", "attribute": {"clip": 1, "clip": 2}}]}}'
NOT_JSON: dict[str, tuple[str | bytes, str]] = {
    "other_bytes": (b'{"graph": "\xff"}', "error: m.json is not JSON: byte 11 is not UTF-8"),
    "surrogate_bytes": (b'"\xed\xa0\x80"', "error: m.json is not JSON: byte 1 is not UTF-8"),
    "nan": (NAN, marked(NAN, 43, "this is not JSON: NaN and Infinity stand in quotes")),
    "infinity": (
        "[-Infinity]",
        marked("[-Infinity]", 3, "this is not JSON: NaN and Infinity stand in quotes"),
    ),
    "half_a_character": (
        HALF,
        marked(HALF, 27, r"this is not JSON: an escape (\u) is half a character"),
    ),
    "end_behind_a_mistake": (CUT, marked(CUT, 23, "this is not JSON: Expecting value")),
    "deep": ("[" * 10**6, "error: m.json: the model: expected an object"),
    "deep_values": (
        '{"graph": {"initializer": [{"values": ' + "[" * 10**5 + "]" * 10**5 + "}]}}",
        "error: m.json: lists or objects are nested too deeply",
    ),
    "deep_graphs": (
        '{"graph":' + '{"node":[{"opType":"If","attribute":{"b":{"g":' * 10**4,
        "error: m.json: lists or objects are nested too deeply",
    ),
    "long_number": ("9" * 5000, "error: m.json: the model: the number is too large"),
    "long_number_inside": (
        '{"graph": {}, "irVersion": ' + "9" * 5000 + "}",
        "error: m.json: irVersion: the number is too large",
    ),
    "long_number_elsewhere": (
        '{"graph": {"node": [{"opType": "A", "attribute": {"a": [true, ' + "9" * 5000 + "]}}]}}",
        'error: m.json: graph.node[0].attribute["…"][0]: expected a number or a text',
    ),
    "key_twice": (
        '{"graph": {\n' + TWICE,
        marked(TWICE, 27, "'name' stands twice in this object", 2),
    ),
    "key_twice_in_two_spellings": (
        SPELLED,
        marked(SPELLED, 23, "'näme' stands twice in this object"),
    ),
    "attribute_twice": (ATTRIBUTE, marked(ATTRIBUTE, 65, "'clip' stands twice in this object")),
}


@pytest.mark.parametrize("name", NOT_JSON)
def test_what_no_reader_takes(name: str, tmp_path: Path) -> None:
    data, message = NOT_JSON[name]
    assert refusal(written(tmp_path, "m.json", data)) == message


def test_one_key_may_stand_in_several_objects_and_in_texts(tmp_path: Path) -> None:
    names = ['"name":', '\\"name\\": "name"', "}{", "\\"]
    nodes = [{"opType": "Neg", "name": name, "input": names} for name in names]
    path = written(tmp_path, "m.json", {"graph": {"node": nodes, "name": "name"}})
    assert [node.name for node in read_model(path).graph.node] == names


def test_weights_with_nan_are_named(model: ModelProto, tmp_path: Path) -> None:
    raw = bytearray(model.graph.initializer[0].raw_data)
    raw[-4:] = np.float32(np.nan).tobytes()
    model.graph.initializer[0].raw_data = bytes(raw)
    mapping = read_model(written(tmp_path, "m.onnx", model.SerializeToString()))
    with pytest.raises(UserError, match=r"^error: the weights 'fc\.weight' hold NaN or infinity$"):
        import_model(mapping, "m")


def test_the_structure_is_checked(tmp_path: Path) -> None:
    path = written(tmp_path, "m.json", {"graph": {"node": [{"opType": 5}]}})
    assert refusal(path) == "error: m.json: graph.node[0].opType: expected a text, got 5"


@pytest.mark.parametrize(("depth", "is_read"), [(20, True), (200, False)])
def test_graphs_within_graphs(depth: int, is_read: bool, tmp_path: Path) -> None:
    """Protobuf itself refuses messages that are nested deeper than 100."""
    graph = b""
    for _ in range(depth):
        body = _around(1, b"body") + _around(6, graph)
        graph = _around(1, _around(4, b"If") + _around(5, body))
    path = written(tmp_path, "m.onnx", _around(7, graph))
    if is_read:
        assert len(read_model(path).graph.node) == 1
    else:
        assert refusal(path) == "error: m.onnx is not an ONNX model, or it is damaged"


def _around(number: int, data: bytes) -> bytes:
    """A field of a message, which is a message."""
    return bytes([number << 3 | 2]) + _varint(len(data)) + data


def _varint(number: int) -> bytes:
    last, rest = number & 127, number >> 7
    return bytes([last | 128]) + _varint(rest) if rest else bytes([last])


def test_memory_grows_with_the_file_only(tmp_path: Path) -> None:
    """Small messages are the worst: each costs an object, whatever it says."""
    path = written(tmp_path, "m.onnx", _around(7, _around(1, _around(4, b"Neg")) * 30_000))
    tracemalloc.start()
    count = len(read_model(path).graph.node)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 30_000
    assert peak < 200 * path.stat().st_size


def test_ten_megabytes_take_no_seconds(bench: Bench, tmp_path: Path) -> None:
    weights = np.random.default_rng(0).normal(0, 1, (4, 650_000)).astype(np.float32)
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    model = bench.model(nodes, {"x": ("batch", 4)}, weights={"w": weights})
    binary = written(tmp_path, "m.onnx", model.SerializeToString())
    text = written(tmp_path, "m.json", bench.as_dict(model))
    for path in (binary, text):
        start = time.perf_counter()
        read_model(path)
        assert time.perf_counter() - start < 2
