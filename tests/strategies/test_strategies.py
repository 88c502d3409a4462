"""The random modules are worth testing with: legal, and every operation occurs in them."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import numpy as np
import pytest

from lstmir.interpreter.run import run_samples
from lstmir.ir.definition import DEFINITIONS
from lstmir.ir.operation import Value
from lstmir.ir.types import element_of, shape_of, storage_dtype
from lstmir.ir.verify import verify
from lstmir.numeric.carriers import carrier
from lstmir.numeric.fixed import FixedType
from tests.strategies.from_table import says_enough
from tests.strategies.modules import inputs_of, random_module
from tests.strategies.recipes import LOWERED, WRITTEN, recipes_at

LEVELS = (1, 2, 3)


def test_every_operation_has_a_recipe_or_is_made_by_lowering() -> None:
    wanted = {name for name in DEFINITIONS if not name.startswith(LOWERED)}
    found = {name for level in LEVELS for name in recipes_at(level)}
    assert found == wanted - {"return"}


def test_what_follows_from_the_table_is_not_written_by_hand() -> None:
    by_hand = {name for level in LEVELS for name in WRITTEN[level]}
    assert {name for name in by_hand if says_enough(DEFINITIONS[name])} == {
        "arith.div", "fx.lookup", "tensor.repeat"
    }  # fmt: skip


@pytest.mark.parametrize("level", LEVELS)
def test_every_operation_occurs_at_its_levels(level: int) -> None:
    found: Counter[str] = Counter()
    for seed in range(200):
        module = random_module(Random(seed), level, operations=10)
        found.update(op.name for op in module.walk())
    names = set(recipes_at(level))
    assert not {name: found[name] for name in names if found[name] < 10}
    assert set(found) == names | {"return"}


class _TypesHold:
    """Sees every value while a module runs: it must be what its type says."""

    def see(self, value: Value, array: np.ndarray) -> None:
        shape, element = shape_of(value.type), element_of(value.type)
        assert len(array.shape) == 1 + len(shape)
        for size, declared in zip(array.shape[1:], shape, strict=True):
            assert declared in (None, size), value.op
        if isinstance(element, FixedType):
            assert array.dtype == carrier(element)
            integers: list[Any] = array.ravel().tolist()
            assert element.contains_int(min(integers), max(integers)), value.op
        else:
            assert array.dtype == storage_dtype(element), value.op


@pytest.mark.parametrize("level", LEVELS)
def test_modules_verify_and_run(level: int) -> None:
    # At level 1 the axes of a model's own batch are there: it runs one sample at a time.
    samples = 1 if level == 1 else 8
    for seed in range(400):
        module = random_module(Random(seed), level)
        verify(module)
        with np.errstate(all="ignore"):
            results = run_samples(module, inputs_of(module, seed, samples), _TypesHold())
        assert len(results) == len(module.main.results)
