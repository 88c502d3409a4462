"""Random expressions in random formats, up to the widest: every bit of every value comes out."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from random import Random
from typing import TYPE_CHECKING

import numpy as np
import pytest

from lstmir import dialects
from lstmir.dialects.arith import PREDICATES
from lstmir.dialects.fx import OVERFLOWS, ROUNDINGS
from lstmir.ir.builder import Builder
from lstmir.ir.diagnostics import UserError
from lstmir.ir.module import Function, Module
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import I1, TensorType, Type
from lstmir.numeric.fixed import FixedType

if TYPE_CHECKING:
    from tests.backends.hls_cpp.conftest import Run, Workshop

dialects.load()

WORD = FixedType(True, 64, 0)
FEATURES = 3

KINDS = ("requantize", "requantize", "add", "sub", "mul", "neg", "compare", "select", "logic")
WIDENING = ("requantize", "add", "sub", "mul", "mul", "mul", "compare", "select")


class Maker:
    """Makes a design that computes random expressions of its input, and gives all their bits."""

    def __init__(self, seed: int, operations: int, kinds: Sequence[str]) -> None:
        self.random = Random(seed)
        self.operations, self.kinds = operations, kinds
        self.module = Module(f"expressions_{seed}")
        self.element = self.format()
        self.numbers: list[Value] = []
        self.truths: list[Value] = []

    def make(self) -> Module:
        """One scan, whose state is the vector of results."""
        step = TensorType((FEATURES,), self.element)
        body = Region([step, TensorType((1,), WORD)], ["x", "results"])
        self.build = Builder(self.module, body)
        for k in range(FEATURES):
            self.numbers.append(self.load(body.arguments[0], k))
        while len(self.numbers) + len(self.truths) < self.operations:
            self.grow()
        words = [word for value in (*self.numbers, *self.truths) for word in self.words(value)]
        results = TensorType((len(words),), WORD)
        body.entry.result_types[1] = results
        memory = body.arguments[1]
        for k, word in enumerate(words):
            memory = self.build.value("tile.store", memory, word, base=k, strides=())
        self.build.end("rnn.yield", [memory], segments=(1, 0))
        self.function(body, results)
        return self.module

    def function(self, body: Region, results: TensorType) -> None:
        region = Region([TensorType((None, FEATURES), self.element)], ["x"])
        build = Builder(self.module, region)
        start = build.constant(np.zeros(results.static_shape), results, "start")
        ones = body.arguments[2:]
        outside = [build.constant(np.ones(1), v.type, v.name) for v in ones]  # type: ignore[arg-type]
        operands = [region.arguments[0], start, *outside]
        scan = Operation(
            "rnn.scan", [results], {"segments": (1, 0, 1, len(ones))}, [body], ["results"]
        )
        region.insert(scan, operands)
        build.end("return", [scan.result])
        self.module.functions["main"] = Function("main", region)

    def load(self, memory: Value, base: int) -> Value:
        return self.build.value("tile.load", memory, base=base, strides=())

    def format(self, low: int = 1) -> FixedType:
        """Any stored format, its binary point often outside it."""
        width = self.random.choice([low, 8, 16, 32, 63, 64, self.random.randint(low, 64)])
        return FixedType(self.random.random() < 0.6, width, self.random.randint(-9, width + 9))

    # -- expressions ------------------------------------------------------------------------

    def grow(self) -> None:
        """One more value, of random operands; too wide ones are not made."""
        with suppress(UserError):
            getattr(self, self.random.choice(self.kinds))()

    def some(self, count: int) -> list[Value]:
        return [self.random.choice(self.numbers) for _ in range(count)]

    def requantize(self) -> None:
        modes = {
            "rounding": self.random.choice(ROUNDINGS), "overflow": self.random.choice(OVERFLOWS)
        }  # fmt: skip
        (source,) = self.some(1)
        self.numbers.append(
            self.build.value("fx.requantize", source, type=self.format(), hint="q", **modes)
        )

    def add(self) -> None:
        terms = self.some(self.random.randint(2, 4))
        self.numbers.append(self.build.value("arith.add", *terms, hint="sum"))

    def sub(self) -> None:
        self.numbers.append(self.build.value("arith.sub", *self.some(2), hint="difference"))

    def mul(self) -> None:
        self.numbers.append(self.build.value("arith.mul", *self.some(2), hint="product"))

    def neg(self) -> None:
        self.numbers.append(self.build.value("arith.neg", *self.some(1), hint="minus"))

    def compare(self) -> None:
        predicate = self.random.choice(PREDICATES)
        left, right = self.some(2)
        if predicate in ("eq", "ne") and self.random.random() < 0.5:
            right = left
        self.truths.append(self.build.value("arith.compare", left, right, predicate=predicate))

    def select(self) -> None:
        if self.truths:
            condition = self.random.choice(self.truths)
            self.numbers.append(self.build.value("arith.select", condition, *self.some(2)))

    def logic(self) -> None:
        if len(self.truths) < 2:
            return
        name = self.random.choice(["and", "or", "not"])
        terms = [self.random.choice(self.truths) for _ in range(1 if name == "not" else 2)]
        self.truths.append(self.build.value(f"arith.{name}", *terms))

    # -- results ----------------------------------------------------------------------------

    def words(self, value: Value) -> list[Value]:
        """The bits of a value, in words of 64."""
        if value.type == I1:
            one, zero = self.power(0), self.build.value("arith.sub", self.power(0), self.power(0))
            value = self.build.value("arith.select", value, one, zero)
        type_ = value.type
        assert isinstance(type_, FixedType)
        starts = [k for k in range(0, type_.width, 64) if abs(k - type_.frac) <= 1024]
        return [self.low_bits(value, type_.frac - k) for k in starts]

    def low_bits(self, value: Value, exponent: int) -> Value:
        scaled = self.build.value("arith.mul", value, self.power(exponent))
        modes = {"rounding": "floor", "overflow": "wrap"}
        return self.build.value("fx.requantize", scaled, type=WORD, **modes)

    def power(self, exponent: int) -> Value:
        """2**exponent, a constant from outside."""
        region = self.build.region
        type_: Type = TensorType((1,), FixedType(False, 1, -exponent))
        found = [v for v in region.arguments[2:] if v.type == type_]
        one = found[0] if found else region.add_argument(type_, f"power_{exponent + 2000}")
        return self.load(one, 0)


def random_run(
    new_run: type[Run], seed: int, operations: int = 16, kinds: Sequence[str] = KINDS
) -> Run:
    """A design, run on 80 sequences of one step."""
    maker = Maker(seed, operations, kinds)
    run = new_run(maker.make())
    numbers = [some_integer(maker.random, maker.element) for _ in range(80 * FEATURES)]
    dtype = object if maker.element.max_int >= 2**63 else np.int64
    return run.add(np.array(numbers, dtype).reshape(80, 1, FEATURES))


def some_integer(random: Random, element: FixedType) -> int:
    """An end of a format, or an integer with any number of zeros below: often a tie."""
    if random.random() < 0.2:
        return random.choice([element.min_int, element.max_int])
    zeros = random.randrange(element.width)
    return random.randint(element.min_int, element.max_int) >> zeros << zeros


def check(workshop: Workshop, runs: list[Run]) -> None:
    found = workshop.compare(runs)
    wrong = [(run.module.name, f) for run, f in zip(runs, found, strict=True) if f["mismatches"]]
    assert not wrong
    assert all(f["sequences"] == 80 for f in found)


@pytest.mark.needs("g++", "hls4ml")
def test_a_few_designs(new_run: type[Run], workshop: Workshop) -> None:
    check(workshop, [random_run(new_run, seed) for seed in range(5)])


@pytest.mark.soak
@pytest.mark.needs("g++", "hls4ml")
@pytest.mark.parametrize("batch", range(25))
def test_two_hundred_designs(new_run: type[Run], workshop: Workshop, batch: int) -> None:
    check(workshop, [random_run(new_run, 1000 + 8 * batch + k, 24) for k in range(8)])
