"""Networks of every kind as HLS C++: several nests, several recurrences, vectors and sequences out."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import numpy as np
import pytest

from lstmir.ir.module import Module
from lstmir.ir.types import element_of
from lstmir.numeric.fixed import FixedType
from tests.passes.levels import Recipe, apply
from tests.strategies.networks import KINDS, RESULTS, SEQUENCES, WEIGHTS, Network

if TYPE_CHECKING:
    from tests.backends.hls_cpp.conftest import Run, Workshop


def network(seed: int) -> Network:
    """A random network; the first ones have all kinds, directions and results among them."""
    random = Random(seed)
    kinds, results = sorted(KINDS), (*SEQUENCES, *RESULTS, "dense_relu")
    directions = ["forward", "bidirectional", "reverse"]
    return Network(
        features=random.randint(1, 5), hidden=random.randint(1, 7), outputs=random.randint(1, 6),
        time=random.choice([None, None, 3]), direction=directions[seed % 3],
        result=results[seed % len(results)], weights=random.choice(WEIGHTS),
        bias=random.random() < 0.7, states=random.random() < 0.5, kind=kinds[seed % len(kinds)],
        layers=1 + seed % 3 // 2 + seed % 2, peepholes=random.random() < 0.5, seed=seed,
    )  # fmt: skip


def tiled(seed: int) -> Module:
    """The network for an array of a few multipliers."""
    module = Recipe(zeroed=0.5 * (seed % 2)).fixed_point(network(seed))
    module.name = f"program_{seed}"
    return apply(module, f"tile{{macs={4 + seed % 13}}},block-layout")


def random_run(new_run: type[Run], seed: int) -> Run:
    """A program, on sequences of several lengths with all integers of their format."""
    run, random = new_run(tiled(seed)), np.random.default_rng(seed)
    element = element_of(run.module.main.parameters[0].type)
    assert isinstance(element, FixedType)
    for steps in (1, 2, 5) if network(seed).time is None else (3,):
        shape = (3, steps, run.features)
        run.add(random.integers(element.min_int, element.max_int, shape, endpoint=True))
        if run.features > 1:
            run.add_cut(steps * run.features - 1)
    return run


def check(workshop: Workshop, runs: list[Run]) -> None:
    found = workshop.compare(runs)
    assert not [(run.module.name, f) for run, f in zip(runs, found, strict=True) if f["mismatches"]]
    assert all(f["sequences"] >= 3 for f in found)


@pytest.mark.needs("g++", "hls4ml")
def test_some_programs(new_run: type[Run], workshop: Workshop) -> None:
    check(workshop, [random_run(new_run, seed) for seed in range(12)])


@pytest.mark.needs("g++", "hls4ml")
def test_a_packet_with_too_many_steps(new_run: type[Run], workshop: Workshop) -> None:
    run = new_run(Recipe().fixed_point(Network(direction="reverse", features=2, time=3)))
    apply(run.module, "tile,block-layout")
    run.add(np.ones((1, 3, 2), np.int64)).add_cut(2 * 4).add(np.ones((2, 3, 2), np.int64))
    (found,) = workshop.compare([run])
    assert found["mismatches"] == 0


@pytest.mark.soak
@pytest.mark.needs("g++", "hls4ml")
@pytest.mark.parametrize("batch", range(20))
def test_two_hundred_programs(new_run: type[Run], workshop: Workshop, batch: int) -> None:
    check(workshop, [random_run(new_run, 100 + 10 * batch + k) for k in range(10)])
