"""A real network, compiled with registers and without any tool: its folder is used as a host would."""

from __future__ import annotations

from pathlib import Path

import pytest

from lstmir.tools.lstmir import main
from tests.flow.conftest import NO_COMPILER
from tests.flow.tiny import write_data, write_model

VOWELS = Path(__file__).parents[3] / "examples" / "vowels"


def compiled(folder: Path, model: Path, data: Path, *options: str) -> Path:
    words = [str(model), "--data", str(data), "--no-synthesis", "--rtl-sequences", "1", *options]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CXX", NO_COMPILER)
        assert main(["compile", *words, "-o", str(folder)]) == 0
    return folder


@pytest.fixture(scope="session")
def vowels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("driver") / "vowels"
    options = ("--recipe", "dense8", "--macs", "16", "--axi-lite")
    return compiled(folder, VOWELS / "vowels_h32.onnx", VOWELS / "vowels.npz", *options)


@pytest.fixture(scope="session")
def tiny_design(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three inputs, five steps, two classes; no registers."""
    folder = tmp_path_factory.mktemp("tiny")
    model, data = write_model(folder / "tiny.json"), write_data(folder / "tiny.npz")
    return compiled(folder / "out", model, data, "--recipe", "bank50", "--macs", "4")
