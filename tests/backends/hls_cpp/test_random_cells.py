"""Random recurrent cells in random formats, tiled and laid out by the passes, then printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from lstmir.ir.module import Module
from lstmir.ir.verify import verify
from lstmir.passes.block_layout import BlockLayout
from lstmir.passes.tile import Tile
from lstmir.pipeline.passes import Context
from tests.strategies.cells import Maker, Signs

if TYPE_CHECKING:
    from tests.backends.hls_cpp.conftest import Run, Workshop


def tiled(maker: Maker) -> Module:
    """The network for an array of a few multipliers."""
    module = maker.make()
    verify(module)
    context = Context()
    Tile(macs=maker.gates * maker.units).run(module, context)
    BlockLayout().run(module, context)
    return module


def random_run(new_run: type[Run], maker: Maker) -> Run:
    """A cell, on sequences of several lengths; half of their numbers are the format's ends."""
    run = new_run(tiled(maker))
    for steps in (1, 2, 7):
        shape = (4, steps, maker.features)
        numbers = maker.integers(maker.element, shape)
        ends = np.where(
            maker.numbers.random(shape) < 0.5, maker.element.min_int, maker.element.max_int
        )
        run.add(np.where(maker.numbers.random(shape) < 0.5, numbers, ends))
        if maker.features > 1:
            run.add_cut(steps * maker.features - 1)
    return run


def check(workshop: Workshop, runs: list[Run]) -> None:
    found = workshop.compare(runs)
    wrong = [(run.module.name, f) for run, f in zip(runs, found, strict=True) if f["mismatches"]]
    assert not wrong
    assert all(f["sequences"] >= 12 for f in found)


@pytest.mark.needs("g++", "hls4ml")
def test_some_cells(new_run: type[Run], workshop: Workshop) -> None:
    signs = random_run(new_run, Signs(7))
    assert any(op.name == "tile.midrise" for op in signs.module.walk())
    check(workshop, [signs] + [random_run(new_run, Maker(seed)) for seed in range(7)])


@pytest.mark.soak
@pytest.mark.needs("g++", "hls4ml")
@pytest.mark.parametrize("batch", range(20))
def test_two_hundred_cells(new_run: type[Run], workshop: Workshop, batch: int) -> None:
    check(workshop, [random_run(new_run, Maker(1000 + 10 * batch + k)) for k in range(10)])
