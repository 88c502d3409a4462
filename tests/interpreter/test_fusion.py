"""Sums of products that run as one product: the same bits as one operation after the other."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from lstmir import dialects
from lstmir.interpreter.fusion import fused_sums
from lstmir.interpreter.plan import Array, Compiler
from lstmir.interpreter.run import DIALECT_RULES, run_samples
from lstmir.ir.builder import Builder
from lstmir.ir.module import Function, Module
from lstmir.ir.operation import Value
from lstmir.ir.region import Region
from lstmir.ir.types import TensorType
from lstmir.ir.verify import verify
from lstmir.numeric.fixed import FixedType

assert DIALECT_RULES  # the evaluation rules
dialects.load()
ROWS, SAMPLES = 4, 5


class Deaf:
    """A listener, for which every operation runs by itself."""

    def see(self, value: Value, array: Array) -> None:
        pass


class Sums:
    """A function under construction whose parameters are vectors of given formats."""

    def __init__(self, random: Random, formats: list[FixedType]) -> None:
        self.random = random
        self.module = Module("sums")
        shapes = [TensorType((random.randint(1, 4),), element) for element in formats]
        self.region = Region(shapes, [f"x{index}" for index in range(len(shapes))])
        self.build = Builder(self.module, self.region)

    def constant(self, element: FixedType, *shape: int) -> Value:
        return self.build.constant(
            integers(self.random, element, *shape), TensorType(shape, element), "k"
        )

    def product(self, vector: Value, element: FixedType) -> Value:
        assert isinstance(vector.type, TensorType)
        weights = self.constant(element, ROWS, *vector.type.static_shape)
        return self.build.value("linalg.matvec", weights, vector)

    def add(self, *terms: Value) -> Value:
        shuffled = self.random.sample(terms, len(terms))
        return self.build.value("arith.add", *shuffled)

    def end(self, *results: Value) -> Module:
        self.build.end("return", results)
        self.module.functions["main"] = Function("main", self.region)
        verify(self.module)
        return self.module


def integers(random: Random, element: FixedType, *shape: int) -> np.ndarray:
    """Integers of a format, its ends often among them."""
    ends = element.min_int, element.max_int
    drawn = [random.choice((*ends, random.randint(*ends))) for _ in range(int(np.prod(shape)))]
    return np.array(drawn, object).reshape(shape)


def inputs_of(module: Module, random: Random) -> list[np.ndarray]:
    """Samples of each parameter."""
    samples = []
    for value in module.main.parameters:
        assert isinstance(value.type, TensorType) and isinstance(value.type.element, FixedType)
        samples.append(integers(random, value.type.element, SAMPLES, *value.type.static_shape))
    return samples


def check(module: Module, random: Random) -> None:
    """Both ways give the same integers in the same carrier."""
    samples = inputs_of(module, random)
    together, apart = (run_samples(module, samples, each) for each in (None, Deaf()))
    for one, other in zip(together, apart, strict=True):
        assert one.dtype == other.dtype
        assert one.tolist() == other.tolist()


def fused_in(module: Module) -> int:
    """How many additions of the main function run as one kernel; their products must not run."""
    region = module.main.region
    sums = fused_sums(region, module.resources)
    left_out = sum(len(each.products) for each in sums.values())
    steps = Compiler(module.resources).plan(region).steps
    assert len(steps) == len(region.operations()) - 1 - left_out
    return len(sums)


def some_format(random: Random) -> FixedType:
    return FixedType(
        random.random() < 0.7, random.choice((1, 2, 8, 12, 16, 24)), random.randint(-2, 9)
    )


@pytest.mark.parametrize("seed", range(150))
def test_random_sums_are_the_same_in_every_bit(seed: int) -> None:
    random = Random(seed)
    sums = Sums(random, [some_format(random) for _ in range(random.randint(1, 3))])
    products = [sums.product(x, some_format(random)) for x in sums.region.arguments]
    biases = [sums.constant(some_format(random), ROWS) for _ in range(random.randint(0, 2))]
    first = sums.add(*products, *biases)
    bias = sums.constant(some_format(random), ROWS)
    module = sums.end(first, sums.add(sums.product(first, FixedType(True, 4, 0)), bias))
    assert fused_in(module) >= 1 or first.type.element.width > 50  # type: ignore[union-attr]
    check(module, random)


BYTE = FixedType(True, 8, 4)


def byte_sum(*, wide: bool = False) -> tuple[Sums, Value, Value]:
    """Two products, of bytes, or of what takes more than float64 has."""
    sums = Sums(Random(0), [FixedType(True, 30, 0) if wide else BYTE] * 2)
    element = FixedType(True, 30, 0) if wide else BYTE
    first, second = (sums.product(x, element) for x in sums.region.arguments)
    return sums, first, second


def test_products_that_are_read_elsewhere_run_by_themselves() -> None:
    sums, first, second = byte_sum()
    module = sums.end(sums.add(first, second), first)
    assert fused_in(module) == 0
    check(module, Random(1))


def test_a_product_that_is_added_to_itself_runs_by_itself() -> None:
    sums, first, _ = byte_sum()
    module = sums.end(sums.add(first, first))
    assert fused_in(module) == 0
    check(module, Random(1))


def test_sums_beyond_floats_run_one_by_one() -> None:
    sums, first, second = byte_sum(wide=True)
    module = sums.end(sums.add(first, second))
    assert fused_in(module) == 0
    check(module, Random(1))


def test_terms_that_are_computed_stay_terms() -> None:
    sums, first, second = byte_sum()
    negative = sums.build.value("arith.neg", second)
    module = sums.end(sums.add(first, negative))
    assert fused_in(module) == 0
    check(module, Random(1))


def test_an_offset_of_one_element_is_not_one_of_each_row() -> None:
    sums, first, second = byte_sum()
    module = sums.end(sums.add(first, second, sums.constant(BYTE, 1)))
    assert fused_in(module) == 0
    check(module, Random(1))


def test_a_listener_sees_the_products() -> None:
    sums, first, second = byte_sum()
    module = sums.end(sums.add(first, second))
    seen: set[Value] = set()

    class Ears:
        def see(self, value: Value, array: Array) -> None:
            seen.add(value)

    assert fused_in(module) == 1
    run_samples(module, inputs_of(module, Random(1)), Ears())
    assert {first, second} <= seen


def test_slots_are_freed_once_and_only_behind_their_last_reader() -> None:
    for seed in range(20):
        random = Random(seed)
        sums = Sums(random, [some_format(random) for _ in range(3)])
        products = [sums.product(x, some_format(random)) for x in sums.region.arguments]
        sums.build.value("arith.neg", products[2])  # nobody reads it
        module = sums.end(
            sums.add(*products, products[0]), sums.build.value("arith.neg", products[1])
        )
        plan = Compiler(module.resources).plan(module.main.region)
        freed: set[int] = set()
        for step, dead in zip(plan.steps, plan.dead, strict=True):
            assert not freed & {*step.inputs, *step.outputs}
            assert not freed & dead
            freed |= dead
        assert not freed & set(plan.outputs)
        everything = {slot for step in plan.steps for slot in (*step.inputs, *step.outputs)}
        assert freed | set(plan.outputs) == everything
