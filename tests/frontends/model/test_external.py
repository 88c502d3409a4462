"""Weights in a file beside the model: what is read, and what is never opened."""

from __future__ import annotations

import errno
import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest
from onnx import ModelProto, helper, save_model

from lstmir.flow.models import load_model
from lstmir.frontends.importer import import_model
from lstmir.frontends.model import files
from lstmir.frontends.model.files import in_units
from lstmir.frontends.model.messages import Tensor
from lstmir.frontends.model.read import read_model
from lstmir.frontends.model.tensors import TensorReader
from lstmir.ir.diagnostics import EXIT_FINDING, UserError
from lstmir.syntax.printer import print_module

if TYPE_CHECKING:
    from tests.frontends.conftest import Bench

WEIGHTS = {"w": np.arange(12, dtype=np.float32).reshape(4, 3), "b": np.ones(3, np.float32)}


@pytest.fixture
def model(bench: Bench) -> ModelProto:
    nodes = [helper.make_node("Gemm", ["x", "w", "b"], ["y"])]
    return bench.model(nodes, {"x": ("batch", 4)}, weights=WEIGHTS)


@pytest.mark.parametrize("together", [True, False], ids=["one_file", "a_file_each"])
def test_as_onnx_writes_it(together: bool, model: ModelProto, bench: Bench, tmp_path: Path) -> None:
    whole = tmp_path / "whole" / "m.onnx"
    whole.parent.mkdir()
    save_model(model, whole)
    location = "m.data" if together else None
    options: dict[str, Any] = {"location": location, "all_tensors_to_one_file": together}
    binary = tmp_path / "m.onnx"
    save_model(model, binary, save_as_external_data=True, size_threshold=0, **options)
    text = tmp_path / "m.json"
    text.write_text(json.dumps(bench.as_dict(ModelProto.FromString(binary.read_bytes()))))
    assert '"dataLocation": "EXTERNAL"' in text.read_text()
    expected = print_module(load_model(str(whole)))
    assert [print_module(load_model(str(path))) for path in (binary, text)] == [expected] * 2


def test_without_the_folder(model: ModelProto, tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    save_model(model, path, save_as_external_data=True, location="m.data", size_threshold=0)
    with pytest.raises(UserError) as error:
        import_model(read_model(path), "m")
    assert str(error.value) == (
        "error: the tensor 'w' is stored in another file ('m.data'), and the model's folder is not"
        " known"
    )


def read(folder: Path, entries: dict[str, Any], **more: Any) -> np.ndarray:
    """A tensor of two floats."""
    listed = [{"key": key, "value": str(value)} for key, value in entries.items()]
    mapping = {"dims": [2], "dataType": 1, "dataLocation": "EXTERNAL", "externalData": listed}
    return TensorReader(folder).read(msgspec.convert(mapping | more, Tensor), "w")


def refusal(folder: Path, entries: dict[str, Any], **more: Any) -> str:
    with pytest.raises(UserError) as error:
        read(folder, entries, **more)
    assert error.value.exit_status == EXIT_FINDING
    return str(error.value).removeprefix("error: the tensor 'w' ")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model's folder: `data` holds 0 to 4, and `secret` stands outside of it."""
    (tmp_path / "secret").write_bytes(bytes(8))
    (tmp_path / "model" / "inner").mkdir(parents=True)
    np.arange(5, dtype="<f4").tofile(tmp_path / "model" / "data")
    (tmp_path / "model" / "inner" / "data").write_bytes(bytes(8))
    return tmp_path / "model"


PARTS: dict[str, tuple[dict[str, Any], list[float]]] = {
    "offset_and_length": ({"location": "data", "offset": 4, "length": 8}, [1, 2]),
    "no_offset": ({"location": "data", "length": 8}, [0, 1]),
    "no_length": ({"location": "data", "offset": 8}, [2, 3]),
    "the_end": ({"location": "data", "offset": "12"}, [3, 4]),
    "a_folder_within": ({"location": "inner/data"}, [0, 0]),
    "a_checksum": ({"location": "./data", "checksum": "not read"}, [0, 1]),
}


@pytest.mark.parametrize("name", PARTS)
def test_parts_of_files(name: str, folder: Path) -> None:
    entries, values = PARTS[name]
    np.testing.assert_array_equal(read(folder, entries), np.array(values, np.float32))


def test_the_location_is_enough(folder: Path) -> None:
    """`dataLocation` may be left out; a tensor without elements needs no bytes."""
    assert read(folder, {"location": "data"}, dataLocation=0).tolist() == [0, 1]
    assert read(folder, {"location": "data", "offset": 20}, dims=[0, 7]).shape == (0, 7)


def test_links_within_the_folder(folder: Path) -> None:
    (folder / "link").symlink_to("data")
    (folder.parent / "alias").symlink_to("model")
    assert read(folder, {"location": "link"}).tolist() == [0, 1]
    assert read(folder.parent / "alias", {"location": "link"}).tolist() == [0, 1]


UP = "which goes up ('..'): only files in the model's folder are read"
ENTRIES: dict[str, tuple[dict[str, Any], str]] = {
    "no_location": ({"offset": 0}, "is stored in another file, but its 'location' is missing"),
    "absolute": (
        {"location": "/etc/passwd"},
        "is stored in '/etc/passwd', an absolute path: only files in the model's folder are read",
    ),
    "drive": (
        {"location": "C:data"},
        "is stored in 'C:data', an absolute path: only files in the model's folder are read",
    ),
    "share": (
        {"location": r"\\host\share\data"},
        r"is stored in '\\host\share\data', an absolute path: only files in the model's folder are read",
    ),
    "up": (
        {"location": "../secret"},
        f"is stored in '../secret', {UP}",
    ),
    "up_and_down": (
        {"location": "../model/data"},
        f"is stored in '../model/data', {UP}",
    ),
    "up_inside": (
        {"location": "inner/../data"},
        f"is stored in 'inner/../data', {UP}",
    ),
    "up_as_windows_writes_it": (
        {"location": r"inner\..\..\secret"},
        fr"is stored in 'inner\..\..\secret', {UP}",
    ),
    "missing": ({"location": "date"}, "is stored in 'date': No such file or directory"),
    "a_folder": ({"location": "inner"}, "is stored in 'inner', which is not a file"),
    "nothing": ({"location": ""}, "is stored in '', which is not a file"),
    "zero_byte": ({"location": "da\0ta"}, "is stored in 'da\0ta': embedded null byte"),
    "long_name": ({"location": "x" * 5000}, f"is stored in '{'x' * 5000}': File name too long"),
    "beyond_the_end": (
        {"location": "data", "offset": 16},
        "needs the bytes 16 to 24 of 'data', which has 20",
    ),
    "far_beyond_the_end": (
        {"location": "data", "offset": 2**62},
        f"needs the bytes {2**62} to {2**62 + 8} of 'data', which has 20",
    ),
    "another_length": (
        {"location": "data", "length": 12},
        "has the length 12 in 'data'; its shape needs 8 bytes",
    ),
    "shorter_length": (
        {"location": "data", "length": 4},
        "has the length 4 in 'data'; its shape needs 8 bytes",
    ),
    "no_length": (
        {"location": "data", "length": 0},
        "has the length 0 in 'data'; its shape needs 8 bytes",
    ),
    "negative": (
        {"location": "data", "offset": -4},
        "has the offset '-4' in externalData; expected a number of bytes",
    ),
    "digits_of_another_script": (
        {"location": "data", "offset": "\u0664"},
        "has the offset '\u0664' in externalData; expected a number of bytes",
    ),
    "many_digits": (
        {"location": "data", "length": "8" * 5000},
        f"has the length '{'8' * 5000}' in externalData; expected a number of bytes",
    ),
    "unknown_entry": (
        {"location": "data", "size": 8},
        "has 'size' in externalData; known are location, offset, length, checksum",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ENTRIES)
def test_entries_that_are_refused(name: str, folder: Path) -> None:
    entries, message = ENTRIES[name]
    assert refusal(folder, entries) == message


def test_an_entry_that_stands_twice(folder: Path) -> None:
    entries = [{"key": "location", "value": value} for value in ("data", "secret")]
    assert refusal(folder, {}, externalData=entries) == "has 'location' in externalData twice"


def test_a_shape_that_nobody_holds(folder: Path) -> None:
    dims = [2**40, 2**20]
    assert refusal(folder, {"location": "data"}, dims=dims) == (
        f"needs the bytes 0 to {2**62} of 'data', which has 20"
    )


def link_out(folder: Path) -> None:
    (folder / "link").symlink_to("../secret")


def folder_out(folder: Path) -> None:
    (folder / "link").symlink_to("..")


def circle(folder: Path) -> None:
    (folder / "link").symlink_to("link")


def pipe(folder: Path) -> None:
    os.mkfifo(folder / "link")


OUT = "a link that leads out of the model's folder; copy the file there"
LINKS: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "file": (link_out, "link", f"is stored in 'link', {OUT}"),
    "folder": (folder_out, "link/secret", f"is stored in 'link/secret', {OUT}"),
    "back": (folder_out, "link/model/data", ""),
    "circle": (circle, "link", "is stored in 'link': "),
    "pipe": (pipe, "link", "is stored in 'link', which is not a file"),
}


@pytest.mark.parametrize("name", LINKS)
def test_links_and_what_is_no_file(name: str, folder: Path) -> None:
    make, location, message = LINKS[name]
    make(folder)
    if message:
        assert refusal(folder, {"location": location}).startswith(message)
    else:
        assert read(folder, {"location": location}).tolist() == [0, 1]


def test_a_socket_is_no_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("link")
        assert refusal(folder, {"location": "link"}) == "is stored in 'link', which is not a file"


def test_a_file_that_may_not_be_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's refusal is made up: root may read every file."""

    def refused(*_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "open", refused)
    assert refusal(folder, {"location": "data"}) == "is stored in 'data': Permission denied"


def test_all_files_together_are_limited(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small model that names the same bytes again and again takes no more memory than a large one."""
    monkeypatch.setattr(files, "MAX_BYTES", 20)
    entries = [{"key": "location", "value": "data"}]
    tensor = msgspec.convert({"dims": [2], "dataType": 1, "externalData": entries}, Tensor)
    reader = TensorReader(folder)
    for _ in range(2):
        assert reader.read(tensor, "w").tolist() == [0, 1]
    with pytest.raises(UserError) as error:
        reader.read(tensor, "v")
    assert str(error.value) == (
        "error: the tensor 'v' has 8 bytes: the files beside a model may hold 20 bytes"
    )


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1024, "1 KiB"),
        (1536, "1.5 KiB"),
        (2**31 + 2**27, "2.1 GiB"),
    ],
)
def test_sizes_in_words(size: int, words: str) -> None:
    assert in_units(size) == words
