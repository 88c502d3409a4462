"""What PyTorch's two exporters write is imported as what PyTorch computes, and leaves no clutter."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from lstmir.dialects.layers import LAYERS
from lstmir.ir.interface import ports
from lstmir.ir.operands import segment
from tests.frontends.exports import Archive, check, isolated, survives_its_text

ROOT = Path(__file__).parents[2]
COMMITTED = Archive(ROOT / "tests" / "data" / "torch_exports")

CLEAN = {
    *LAYERS, "linalg.linear", "arith.add", "return",
    "tensor.constant", "tensor.transpose", "tensor.reshape", "tensor.slice", "tensor.concat",
}  # fmt: skip


def compare(archive: Archive, name: str, folder: Path) -> None:
    """A model against PyTorch at level 1 and at level 2, for every batch and length it takes."""
    module = archive.module(name, folder)
    survives_its_text(module)
    cases = [(case, arrays) for case, arrays in archive.cases(name) if takes(name, case)]
    for case, arrays in cases:
        check(module, case, arrays)
    if any(port.batch is None for port in ports(module, "input")):
        assert is_unrolled(name)  # no layer says which axis is the batch
        return
    isolated(module)
    for case, arrays in cases:
        check(module, case, arrays)


def takes(name: str, case: str) -> bool:
    """The dynamo exporter fixes the number of steps of most layers: here at 5."""
    return case.endswith("_t5") or not name.startswith("dynamo/")


def is_unrolled(name: str) -> bool:
    """The dynamo exporter has no node for a plain RNN: it writes every step out."""
    return name.startswith("dynamo/rnn")


def test_every_kind_of_network_is_there() -> None:
    models = {exporter: _models(exporter) for exporter in ("torchscript", "dynamo")}
    assert models["torchscript"] == models["dynamo"]
    assert len(COMMITTED.names()) == 2 * len(models["dynamo"]) == 32
    kinds = Counter(tuple(model.split("_")[:2]) for model in models["dynamo"])
    assert kinds["lstm", "h16"] == kinds["lstm", "h64"] == kinds["lstm", "h128"] == 4
    assert kinds["gru", "h64"] == kinds["rnn", "tanh"] == kinds["rnn", "relu"] == 1
    marks = Counter(mark for model in models["dynamo"] for mark in set(model.split("_")))
    for mark in ("l2", "bi", "first", "states", "last", "zeros", "final", "sequence", "time"):
        assert marks[mark] >= 2, mark


def _models(exporter: str) -> list[str]:
    pairs = [name.split("/") for name in COMMITTED.names()]
    return [model for folder, model in pairs if folder == exporter]


@pytest.mark.parametrize("name", COMMITTED.names())
def test_it_computes_what_pytorch_computes(name: str, tmp_path: Path) -> None:
    cases = [case for case, _ in COMMITTED.cases(name) if takes(name, case)]
    free = name.endswith("_time") and name.startswith("torchscript/")
    assert cases == (["b1_t5", "b1_t2", "b3_t5", "b3_t2"] if free else ["b1_t5", "b3_t5"])
    compare(COMMITTED, name, tmp_path)


@pytest.mark.parametrize("name", COMMITTED.names())
def test_layers_and_weights_are_left_and_no_shapes(name: str, tmp_path: Path) -> None:
    module = COMMITTED.module(name, tmp_path)
    count = Counter(op.name for op in module.walk())
    if is_unrolled(name):
        assert set(count) <= CLEAN - set(LAYERS) | {"tensor.gather", "math.tanh", "math.relu"}
        return
    assert set(count) <= CLEAN
    layers = [op for op in module.walk() if op.name in LAYERS]
    assert len(layers) == (2 if "_l2_" in name else 1)
    assert count["linalg.linear"] == int("_last" in name or "_final" in name)
    assert count["tensor.constant"] == 3 * len(layers) + 2 * count["linalg.linear"]
    for op in layers:  # zeros are left out
        given = [bool(segment(op, state)) for state in LAYERS[op.name].states]
        assert given == ["_states" in name] * len(given)


@pytest.mark.soak
@pytest.mark.needs("torch")
@pytest.mark.parametrize("options", [[], ["--seed=1"], ["--seed=2", "--full"]], ids=" ".join)
def test_fresh_exports_do_as_well(options: list[str], tmp_path: Path) -> None:
    words = [sys.executable, "-m", "tests.data.torch_exports.export", str(tmp_path), *options]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    fresh = Archive(tmp_path)
    assert fresh.names() == COMMITTED.names()
    for name in fresh.names():
        compare(fresh, name, tmp_path)
