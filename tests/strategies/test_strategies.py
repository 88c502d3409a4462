"""The random modules are worth testing with: legal, and every operation occurs in them."""

from __future__ import annotations

from collections import Counter
from random import Random

import numpy as np
import pytest

from lstmir.interpreter.run import run_samples
from lstmir.ir.definition import DEFINITIONS
from lstmir.ir.verify import verify
from tests.strategies.modules import inputs_of, random_module
from tests.strategies.recipes import LEVELS, RECIPES, names_at

MADE_BY_LOWERING = ("tile.", "rtl.")


def test_every_operation_has_a_recipe_or_is_made_by_lowering() -> None:
    wanted = {name for name in DEFINITIONS if not name.startswith(MADE_BY_LOWERING)}
    assert set(RECIPES) == wanted - {"return"}


@pytest.mark.parametrize("level", [1, 2, 3])
def test_every_operation_occurs_at_its_levels(level: int) -> None:
    found: Counter[str] = Counter()
    for seed in range(200):
        module = random_module(Random(seed), level, operations=10)
        found.update(op.name for op in module.walk())
    rare = {name: found[name] for name in names_at(level) if found[name] < 10}
    assert not rare
    assert all(level in levels for name, levels in LEVELS.items() if found[name])


def test_modules_verify_and_run() -> None:
    for seed in range(100):
        module = random_module(Random(seed))
        verify(module)
        with np.errstate(all="ignore"):
            results = run_samples(module, inputs_of(module, seed, samples=1))
        assert len(results) == len(module.main.results)
