"""Files: what is read, and what is said of files that hold no model."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from onnx import ModelProto, helper, save_model

from lstmir.frontends import read
from lstmir.frontends.importer import import_model
from lstmir.frontends.read import read_model
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
    assert read_model(binary) == read_model(str(text)) == bench.as_dict(model)
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


def test_json_that_no_reader_takes(tmp_path: Path) -> None:
    assert refusal(written(tmp_path, "m.json", b'{"graph": "\xff"}')) == (
        "error: m.json is not JSON: byte 11 is not UTF-8"
    )
    deep = refusal(written(tmp_path, "m.json", "[" * 10**6))
    assert deep.startswith("error: m.json is not a model in JSON: maximum recursion depth")
    long = refusal(written(tmp_path, "m.json", "9" * 5000))
    assert long.startswith("error: m.json is not a model in JSON: Exceeds the limit")


def test_weights_with_nan_are_named(model: ModelProto, tmp_path: Path) -> None:
    raw = bytearray(model.graph.initializer[0].raw_data)
    raw[-4:] = np.float32(np.nan).tobytes()
    model.graph.initializer[0].raw_data = bytes(raw)
    mapping = read_model(written(tmp_path, "m.onnx", model.SerializeToString()))
    with pytest.raises(UserError, match=r"^error: the weights 'fc\.weight' hold NaN or infinity$"):
        import_model(mapping, "m")


def test_weights_in_another_file_are_refused(model: ModelProto, tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    save_model(model, path, save_as_external_data=True, location="m.bin", size_threshold=0)
    with pytest.raises(UserError, match=r"'fc\.weight' is stored in another file \('m\.bin'\)"):
        import_model(read_model(path), "m")


def test_the_structure_is_checked(tmp_path: Path) -> None:
    path = written(tmp_path, "m.json", {"graph": {"node": [{"opType": 5}]}})
    assert refusal(path) == "error: m.json: graph.node[0].opType: expected a string, got 5"
