"""States that travel with the steps: many inputs and outputs, words side by side, arrays side by side."""

from __future__ import annotations

import numpy as np
import pytest

from lstmir.interpreter.run import run_samples
from lstmir.ir.diagnostics import UserError
from lstmir.ir.operands import constant_of, segment
from lstmir.ir.types import element_of
from lstmir.numeric.fixed import FixedType
from tests.machine.parts import STALLS, Streamed, streamed
from tests.passes.levels import apply
from tests.passes.test_custom_cells import CELLS, FEATURES

SHAPES = [
    (4, "one", 1), (8, "one", 2), (32, "each", 4), (64, "each", 2),
    *(pytest.param(*shape, marks=pytest.mark.soak)
      for shape in ((4, "one", 4), (64, "one", 8), (16, "each", 1))),
]  # fmt: skip
"""Multipliers, arrays, lanes."""


REFUSED = {
    "part of a state": "'tensor.concat' is no memory of the machine",
    "old and new": "what leaves must be what a nest of the program writes",
    "neighbours": "'tile.load' is not of the unit's own word: the machine's tails have no other",
}


def machine(name: str, macs: int, arrays: str, lanes: int) -> Streamed:
    pipeline = f"tile{{macs={macs} arrays={arrays}}},block-layout,schedule{{lanes={lanes}}}"
    return streamed(CELLS[name][0], pipeline)


@pytest.mark.parametrize("name", CELLS)
def test_steps_one_by_one_are_the_recurrence(name: str) -> None:
    module = CELLS[name][0]()
    (x,) = module.main.parameters
    element = element_of(x.type)
    assert isinstance(element, FixedType)
    random = np.random.default_rng(3)
    data = random.integers(element.min_int, element.max_int, (6, 4, FEATURES), endpoint=True)
    wanted = run_samples(module, [data])[0]
    scan = next(op for op in module.walk() if op.name == "rnn.scan")
    starts = [constant_of(value, module.resources) for value in segment(scan, "state")]
    states = [np.broadcast_to(start, (1, 6, len(start))) for start in starts if start is not None]
    apply(module, "stream-states")
    for step in range(4):
        states = [np.asarray(s) for s in run_samples(module, [data[:, step][None], *states])]
    assert np.array_equal(states[-1][0], wanted)


@pytest.mark.parametrize(("macs", "arrays", "lanes"), SHAPES)
@pytest.mark.parametrize("name", CELLS)
def test_bits_and_cycles(name: str, macs: int, arrays: str, lanes: int) -> None:
    each = machine(name, macs, arrays, lanes)
    if name in REFUSED:
        with pytest.raises(UserError) as error:
            assert each.level_5
        assert error.value.diagnostics[0].message == f"schedule: {REFUSED[name]}"
        return
    for lengths in ([1], [7], [1, 3, 2, 1]):
        assert each.check(lengths, 1) == each.predict(lengths)
    for seed, (valid, ready) in enumerate(STALLS):
        each.check([2, 1, 3], seed, valid, ready)
    for seed in range(4):
        each.disturb(seed)
        assert each.check([1, 3], seed) == each.predict([1, 3])
