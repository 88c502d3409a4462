"""The page on PyTorch and Keras: its Python holds, from top to bottom, for each of the two."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "pytorch-and-keras.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```python {kind}\n(.*?)```", TEXT, re.DOTALL)


def execute(kind: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    for text in blocks(kind):
        exec(text, names)
    return names


def test_all_blocks_are_of_one_of_the_two() -> None:
    assert len(blocks("torch")) == 2
    assert len(blocks("keras")) == 3
    assert TEXT.count("```") == 2 * (2 + 3)


def test_what_it_links_to_exists() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", TEXT)
    assert links
    assert [link for link in links if not (DOCS / link).exists()] == []


@pytest.mark.soak
@pytest.mark.needs("torch")
def test_the_pytorch_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    execute("torch")
    assert Path("net.onnx").exists()


@pytest.mark.soak
@pytest.mark.needs("keras", "torch")
def test_the_keras_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    names = execute("keras")
    keras, torch = names["keras"], names["torch"]
    source = keras.Input((5, 4))
    layer = keras.layers.GRU(8, bias_initializer="random_normal")
    theirs = keras.Model(source, layer(source))
    x = np.random.default_rng(0).normal(size=(3, 5, 4)).astype(np.float32)
    ours = names["gru"](layer)(torch.tensor(x))[1][0].detach().numpy()
    np.testing.assert_allclose(ours, theirs.predict(x, verbose=0), rtol=0, atol=1e-6)
