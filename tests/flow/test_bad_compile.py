"""What a user can do wrong with `lstmir compile`: one clear line, the right status, nothing left behind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lstmir.targets import PARTS
from lstmir.tools.lstmir import main
from tests.flow.refused import refused
from tests.flow.summaries import read_checked
from tests.flow.tiny import model, weights, write_model

pytestmark = pytest.mark.usefixtures("tiny", "without_tools")

DATA = ["--data", "tiny.npz"]


USAGE = {
    "model that is not there": (
        ["no.onnx", *DATA, "-o", "out"],
        "error: cannot read no.onnx: No such file or directory",
    ),
    "model that is a folder": (
        ["theirs.onnx", *DATA, "-o", "out"],
        "error: cannot read theirs.onnx: Is a directory",
    ),
    "model of no known kind": (
        ["tiny.npz", *DATA, "-o", "out"],
        "error: cannot tell what tiny.npz is: a model is .onnx, .json, .lstmir",
    ),
    "data that are not there": (
        ["tiny.json", "--data", "no.npz", "-o", "out"],
        "error: cannot read no.npz: No such file or directory",
    ),
    "data that are a folder": (
        ["tiny.json", "--data", ".", "-o", "out"],
        "error: cannot read .: Is a directory",
    ),
    "target": (
        ["tiny.json", *DATA, "-o", "out", "--target", "ecp5_25k"],
        f"error: unknown target 'ecp5_25k'; did you mean 'ecp5-25k'? (known: {', '.join(PARTS)})",
    ),
    "recipe": (
        ["tiny.json", *DATA, "-o", "out", "--recipe", "bank5"],
        "error: unknown recipe 'bank5'; did you mean 'bank50'? (known: best, bank50, dense8,",
    ),
    "headers": (
        ["tiny.json", *DATA, "-o", "out", "--ap-types", "."],
        "error: --ap-types: no ap_fixed headers: . has no ap_int.h",
    ),
    "output below a file": (
        ["tiny.json", *DATA, "-o", "file/below/out"],
        "error: cannot write file/below/out: file is a file",
    ),
    "output that is a file": (
        ["tiny.json", *DATA, "-o", "file"],
        "error: the output file is a file; -o names a folder",
    ),
    "output with a name too long": (
        ["tiny.json", *DATA, "-o", "x" * 300],
        f"error: cannot write {'x' * 300}: File name too long",
    ),
    "output that leads to itself": (
        ["tiny.json", *DATA, "-o", "loop/out"],
        "error: cannot write loop/out: Symlink loop from",
    ),
    "output of somebody else": (
        ["tiny.json", *DATA, "-o", "theirs"],
        "error: the output theirs holds files that are not lstmir's: choose another folder",
    ),
    "output that is the model": (
        ["tiny.json", *DATA, "-o", "tiny.json"],
        "error: the output tiny.json would replace the input tiny.json",
    ),
    "output that is the data, by another name": (
        ["tiny.json", *DATA, "-o", "theirs/../tiny.npz"],
        "error: the output theirs/../tiny.npz would replace the input tiny.npz",
    ),
    "output that is the folder of the inputs": (
        ["tiny.json", *DATA, "-o", "."],
        "error: the output . is the folder of the input tiny.json",
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def other_files() -> None:
    Path("theirs.onnx").mkdir()
    Path("file").touch()
    Path("theirs").mkdir()
    Path("theirs/summary.json").write_text('{"schema": "theirs"}')
    Path("loop").symlink_to("loop")


@pytest.mark.parametrize("case", USAGE)
def test_usage(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    words, message = USAGE[case]
    status, found = refused(capsys, "compile", *words)
    assert found.startswith(message)
    assert status == 2
    assert "\n" not in found


ARGUMENTS = {
    "nothing": ([], "the following arguments are required: MODEL, --data, -o"),
    "no data": (["tiny.json", "-o", "out"], "the following arguments are required: --data"),
    "unknown flag": (
        ["tiny.json", *DATA, "-o", "out", "--mac=3"],
        "unknown argument '--mac'; did you mean '--macs'?",
    ),
    "no macs": (["--macs", "0"], "argument --macs: must be at least 1, not 0"),
    "fewer macs than none": (["--macs", "-4"], "argument --macs: must be at least 1, not -4"),
    "macs in words": (["--macs", "four"], "argument --macs: expected a whole number, not 'four'"),
    "macs in parts": (["--macs", "1.5"], "argument --macs: expected a whole number, not '1.5'"),
    "more macs than there are": (
        ["--macs", "9" * 30],
        f"argument --macs: must be at most 2147483647, not {'9' * 30}",
    ),
    "no sequences": (["--rtl-sequences", "0"], "argument --rtl-sequences: must be at least 1, not 0"),
    "negative seed": (["--seed", "-1"], "argument --seed: must be at least 0, not -1"),
}  # fmt: skip


@pytest.mark.parametrize("case", ARGUMENTS)
def test_arguments(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    words, message = ARGUMENTS[case]
    help_ = "  note: lstmir compile --help says what there is"
    assert refused(capsys, "compile", *words) == (2, f"error: lstmir compile: {message}\n{help_}")


def test_no_permission_to_write(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)
    status, message = refused(capsys, "compile", "tiny.json", *DATA, "-o", "theirs/new/out")
    message_ = "error: cannot write theirs/new/out: no permission to write in theirs"
    assert (status, message) == (2, message_)


def test_more_multipliers_than_blocks(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["tiny.json", *DATA, "-o", "out", "--no-synthesis", "--target", "ice40-up5k"]
    note = (
        "  note: give fewer --macs, another --target, or --logic-multipliers to build some in logic"
    )
    room = "do not fit the 8 DSP blocks of ice40-up5k"
    alone = f"error: 16 multipliers {room}\n{note}"
    assert refused(capsys, "compile", *words) == (1, alone)
    with_tail = f"error: 14 multipliers (8 of the array, 6 of the tail) {room}\n{note}"
    assert refused(capsys, "compile", *words, "--macs", "8") == (1, with_tail)
    assert main(["compile", *words, "--macs", "8", "--logic-multipliers"]) == 0
    assert read_checked(Path("out"))["estimate"]["dsp"] == 7


def _bad(name: str, value: float) -> Path:
    parameters = weights()
    parameters[name].flat[3] = value
    return write_model(Path("bad.json"), model(parameters))


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("name", ["w", "head"])
def test_weights_that_are_no_numbers(
    name: str, value: float, capsys: pytest.CaptureFixture[str]
) -> None:
    _bad(name, value)
    status, message = refused(capsys, "compile", "bad.json", *DATA, "-o", "out")
    assert status == 1
    assert message == f"error: bad.json: the weights '{name}' hold NaN or infinity"


def test_an_unknown_operator_is_named_with_its_node(capsys: pytest.CaptureFixture[str]) -> None:
    mapping = model()
    mapping["graph"]["node"][1]["opType"] = "Einsum"
    write_model(Path("odd.json"), mapping)
    status, message = refused(capsys, "compile", "odd.json", *DATA, "-o", "out")
    assert status == 1
    assert message.startswith(
        "error: odd.json: node 'squeeze' (Einsum): operator is not supported by lstmir"
    )


@pytest.mark.parametrize(
    "text", [b"", b"hello", b"PK\x03\x04 a zip archive, perhaps", bytes(range(256))]
)
def test_a_file_that_is_not_onnx(text: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    Path("not.onnx").write_bytes(text)
    status, message = refused(capsys, "compile", "not.onnx", *DATA, "-o", "out")
    assert status == 1
    assert message.startswith("error: not.onnx is not an ONNX model")


def test_a_file_that_is_not_json(capsys: pytest.CaptureFixture[str]) -> None:
    Path("not.json").write_text('{"graph": ')
    status, message = refused(capsys, "compile", "not.json", *DATA, "-o", "out")
    assert status == 1
    assert message.startswith("not.json:1:11: error: this is not JSON: Expecting value\n")


def test_a_file_that_is_not_ir(capsys: pytest.CaptureFixture[str]) -> None:
    Path("not.lstmir").write_bytes(b"\xff\xfe")
    assert refused(capsys, "compile", "not.lstmir", *DATA, "-o", "out")[0] == 1
    Path("not.lstmir").write_text("module @a {")
    status, message = refused(capsys, "compile", "not.lstmir", *DATA, "-o", "out")
    assert status == 1
    assert message.startswith("not.lstmir:1:")
