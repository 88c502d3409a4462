"""Real networks on their way down: each level gives the bits of the one above, from level 3 on."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from lstmir.flow.models import load_model
from lstmir.flow.recipes import FRONT, RECIPES
from lstmir.interpreter.run import run
from lstmir.ir.module import Module
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module
from tests.passes.levels import apply

DATA = Path(__file__).parents[1] / "data"
RTL_SEQUENCES = 2


def _samples(name: str) -> np.ndarray:
    """The input as the model takes it: [time, batch, features]."""
    with np.load(DATA / f"{name}.npz") as archive:
        return np.asarray(archive["x"])


def _level_3(name: str, recipe: str) -> Module:
    stacks = np.moveaxis(_samples(name), 1, 0)
    pipeline = f"{FRONT},{RECIPES[recipe].pipeline({})}"
    return apply(load_model(str(DATA / f"{name}.onnx")), pipeline, stacks)


@cache
def _digits(recipe: str) -> str:
    return print_module(_level_3("digits_h64", recipe))


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("macs", [16, 28])
def test_digits_on_every_level(recipe: str, macs: int) -> None:
    x = _samples("digits_h64")
    golden = run(parse_module(_digits(recipe)), {"x": x})["logits"]
    tiled = apply(parse_module(_digits(recipe)), f"tile{{macs={macs}}}")
    assert np.array_equal(run(tiled, {"x": x})["logits"], golden)
    packed = apply(tiled, "block-layout,schedule")
    assert np.array_equal(run(packed, {"x": x})["logits"], golden)
    few = x[:, :RTL_SEQUENCES]
    clocked = apply(packed, "lower-to-rtl")
    assert np.array_equal(run(clocked, {"x": few})["logits"], golden[:RTL_SEQUENCES])


def test_two_layers_in_fixed_point_and_as_a_program() -> None:
    module = _level_3("vowels_h32_l2", "dense8")
    with np.load(DATA / "vowels_h32_l2.npz") as archive:
        expected = archive["logits"].argmax(axis=1)
    feeds = {"x": _samples("vowels_h32_l2")}
    found = run(module, feeds)["logits"]
    assert (found.argmax(axis=1) == expected).mean() >= 0.9
    apply(module, "tile{macs=16},block-layout")
    assert np.array_equal(run(module, feeds)["logits"], found)
