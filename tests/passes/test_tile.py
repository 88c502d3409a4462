"""`tile`, `block-layout` and `schedule`: the bits of level 3, in any array."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmir.interpreter.run import run_samples
from lstmir.ir.module import Module
from lstmir.ir.operands import constant_of
from lstmir.ir.operation import Operation, Value
from lstmir.ir.types import element_of, shape_of
from lstmir.numeric.fixed import FixedType, narrowest
from tests.passes.levels import FEW, MANY, Recipe, apply, bits, recipes
from tests.strategies.networks import Network, networks, programs

MACS = st.integers(4, 64)


def keeps_every_bit(network: Network, recipe: Recipe, macs: int) -> None:
    """Run each pass of level 4 on inputs within and beyond what was calibrated."""
    module = recipe.fixed_point(network)
    data = [network.data(3, steps, scale) for steps, scale in ((1, 1.0), (4, 1.0), (3, 50.0))]
    wanted = [bits(module, d) for d in data]
    for pipeline in (f"tile{{macs={macs}}}", "block-layout", "schedule"):
        apply(module, pipeline)
        for d, expected in zip(data, wanted, strict=True):
            assert np.array_equal(bits(module, d), expected), pipeline
    array = module.attributes["array"]
    assert array["rows"] * array["columns"] <= macs


@settings(FEW, max_examples=40)
@given(networks(), recipes(), MACS)
def test_every_bit_is_kept(network: Network, recipe: Recipe, macs: int) -> None:
    keeps_every_bit(network, recipe, macs)


@pytest.mark.soak
@MANY
@given(networks(), recipes(), MACS)
def test_every_bit_is_kept_many_times(network: Network, recipe: Recipe, macs: int) -> None:
    keeps_every_bit(network, recipe, macs)


# -- every kind of network ------------------------------------------------------------------------


def integers(module: Module, steps: int, seed: int) -> list[np.ndarray]:
    """Three samples of any integers for each input."""
    random, found = np.random.default_rng(seed), []
    for value in module.main.parameters:
        element = element_of(value.type)
        assert isinstance(element, FixedType)
        shape = [steps if size is None else size for size in shape_of(value.type)]
        found.append(random.integers(element.min_int, element.max_int, [3, *shape], endpoint=True))
    return found


def becomes_a_program(network: Network, recipe: Recipe, macs: int) -> None:
    """Level 4 gives all outputs of level 3, with no more multipliers than allowed."""
    data = {"x": network.data(4, 4)}
    if network.fed:
        shape = (4, network.directions, network.hidden)
        data["h0"] = np.random.default_rng(network.seed).normal(size=shape)
    module = apply(network.module(), recipe.pipeline, data)
    inputs = [integers(module, steps, network.seed) for steps in (1, 4)]
    wanted = [run_samples(module, each) for each in inputs]
    for pipeline in (f"tile{{macs={macs}}}", "block-layout"):
        apply(module, pipeline)
        for each, expected in zip(inputs, wanted, strict=True):
            found = run_samples(module, each)
            assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True)), pipeline
    array = module.attributes["array"]
    assert array["rows"] * np.mean(array["columns"]) <= macs


@settings(FEW, max_examples=60)
@given(programs(), recipes(), MACS)
def test_networks_of_every_kind_become_programs(
    network: Network, recipe: Recipe, macs: int
) -> None:
    becomes_a_program(network, recipe, macs)


@pytest.mark.soak
@MANY
@given(programs(), recipes(), MACS)
def test_networks_of_every_kind_become_programs_many_times(
    network: Network, recipe: Recipe, macs: int
) -> None:
    becomes_a_program(network, recipe, macs)


# -- accumulators ---------------------------------------------------------------------------------


class Sums:
    """A listener that sees every partial sum."""

    def __init__(self) -> None:
        self.seen = 0

    def see(self, value: Value, array: np.ndarray) -> None:
        if value.op.name == "tile.mac":
            type_ = element_of(value.type)
            assert isinstance(type_, FixedType)
            assert type_.contains_int(int(array.min()), int(array.max()))
            self.seen += array.size


def worst_inputs(network: Network, module: Module) -> np.ndarray:
    """Steps of all-largest, all-smallest, and for each row of W those that push its sum furthest."""
    element = element_of(module.main.parameters[0].type)
    assert isinstance(element, FixedType)
    rises = network.arrays["W"][0] > 0
    uniform = np.repeat([[True], [False]], network.features, axis=1)
    steps = np.concatenate([uniform, rises, ~rises])
    return np.where(steps, element.max_int, element.min_int)[np.newaxis]


@settings(FEW, max_examples=30)
@given(networks(time=st.none()), recipes(), MACS)
def test_partial_sums_of_the_worst_inputs_fit(network: Network, recipe: Recipe, macs: int) -> None:
    module = apply(recipe.fixed_point(network), f"tile{{macs={macs}}}")
    sums = Sums()
    run_samples(module, [worst_inputs(network, module)], sums)
    assert sums.seen > 0


def partial_sums(module: Module, total: Operation) -> FixedType:
    """The narrowest type of all partial sums of a level-3 addition, whatever the vectors hold."""
    products = [term for term in total.operands if term.op.name == "linalg.matvec"]
    live = [term for term in products if _any(module, term)] or products[:1]
    frac = max(fixed(term).frac for term in live)
    least: Any = 0
    most: Any = 0
    for term in live:
        shift = frac - fixed(term).frac
        source, vector = term.op.operands
        # A product that has not been added yet is a zero.
        ends = [fixed(vector).min_int, 0, fixed(vector).max_int]
        array = constant_of(source, module.resources)
        assert array is not None
        corners = np.array([array.astype(object) * (end << shift) for end in ends])
        least += corners.min(axis=0).sum(axis=1)
        most += corners.max(axis=0).sum(axis=1)
    return narrowest(least.min(), most.max(), frac)


def _any(module: Module, product: Value) -> bool:
    array = constant_of(product.op.operands[0], module.resources)
    return array is not None and bool(array.any())


def fixed(value: Value) -> FixedType:
    element = element_of(value.type)
    assert isinstance(element, FixedType)
    return element


@settings(FEW, max_examples=40)
@given(networks(), recipes(), MACS)
def test_accumulators_are_proven(network: Network, recipe: Recipe, macs: int) -> None:
    module = recipe.fixed_point(network)
    adds = [op for op in module.walk() if op.name == "arith.add"]
    sums = [op for op in adds if any(v.op.name == "linalg.matvec" for v in op.operands)]
    proven = {partial_sums(module, op) for op in sums}
    apply(module, f"tile{{macs={macs}}}")
    assert proven <= {fixed(op.result) for op in module.walk() if op.name == "tile.mac"}
