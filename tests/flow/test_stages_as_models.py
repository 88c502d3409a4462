"""A stage of a compilation is a model too: it is compiled from where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from lstmir.tools.lstmir import main
from tests.flow.refused import refused
from tests.flow.summaries import read_checked
from tests.flow.tiny import data, write_data

pytestmark = pytest.mark.usefixtures("tiny", "without_tools")

WORDS = ["--data", "tiny.npz", "--no-synthesis", "-o", "again"]


def _stage(folder: Path, name: str) -> str:
    (path,) = (folder / "stages").glob(f"*-{name}.lstmir")
    return str(path)


def _verilog(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "verilog").iterdir()}


@pytest.mark.parametrize("name", ["import", "expand-cells", "dce"])
def test_a_float_stage_is_compressed(name: str, out: Path) -> None:
    words = ["--recipe", "bank50", "--macs", "4", *WORDS]
    assert main(["compile", _stage(out, name), *words]) == 0
    before, after = read_checked(out), read_checked(Path("again"))
    for part in ("recipe", "accuracy", "compression", "schedule"):
        assert after[part] == before[part]
    assert _verilog(Path("again")) == _verilog(out)


LEVELS = {"approximate-activations": 3, "tile": 4, "block-layout": 4, "schedule": 4}


@pytest.mark.parametrize("name", LEVELS)
def test_a_fixed_point_stage_is_compiled_as_it_stands(name: str, out: Path) -> None:
    level = LEVELS[name]
    macs = ["--macs", "4"] if level == 3 else []
    assert main(["compile", _stage(out, name), *macs, *WORDS]) == 0
    before, after = read_checked(out), read_checked(Path("again"))
    assert after["recipe"] is None
    assert after["accuracy"]["fixed"] == before["accuracy"]["fixed"]
    stored = before["compression"]["weights_bits_stored"]
    assert after["compression"]["weights_bits_stored"] == stored
    sparsity = before["compression"]["sparsity"] if level == 3 else None
    assert after["compression"]["sparsity"] == sparsity
    assert _verilog(Path("again")) == _verilog(out)
    # Level 4 is not compared with itself.
    checks = [check["against"] for check in after["verification"]]
    assert checks.count("level-4") == (level == 3)


def test_without_labels_nothing_is_known_of_accuracy(
    out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_data(Path("tiny.npz"), {k: v for k, v in data().items() if k.startswith("x")})
    stage = _stage(out, "approximate-activations")
    assert main(["compile", stage, "--macs", "4", *WORDS]) == 0
    assert read_checked(Path("again"))["accuracy"]["fixed"] is None
    assert "not known: there are no labels, and no float model" in capsys.readouterr().out


USAGE = {
    "recipe for level 3": (
        "approximate-activations", ["--recipe", "bank50"],
        "at level 3 already: --recipe has nothing to compress",
    ),
    "recipe for level 4": (
        "schedule", ["--recipe", "dense8"], "at level 4 already: --recipe has nothing to compress"
    ),
    "array for level 4": (
        "tile", ["--macs", "8"], "at level 4 already: --macs cannot change its array"
    ),
    "level 5": ("lower-to-rtl", [], "at level 5 already: nothing is left to compile"),
}  # fmt: skip


@pytest.mark.parametrize("case", USAGE)
def test_what_comes_too_late(case: str, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name, words, message = USAGE[case]
    stage = _stage(out, name)
    assert refused(capsys, "compile", stage, *words, *WORDS) == (2, f"error: {stage} is {message}")


def test_real_functions_have_no_unit(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, message = refused(capsys, "compile", _stage(out, "quantize"), *WORDS)
    assert status == 1
    assert "has no unit in the array: run approximate-activations first" in message


ODD = {
    "no function": "module @odd {\n}\n",
    "no interface": "module @odd {\n  func @main(%x: tensor<3xf32>) -> tensor<3xf32> {\n"
    "    return %x : tensor<3xf32>\n  }\n}\n",
}  # fmt: skip


@pytest.mark.parametrize("case", ODD)
def test_odd_modules(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("odd.lstmir").write_text(ODD[case])
    status, message = refused(capsys, "compile", "odd.lstmir", *WORDS)
    assert (status, message) == (
        1,
        "error: tiny.npz has samples, but the model has no input to feed with them",
    )
