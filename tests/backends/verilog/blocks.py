"""Designs that are one multiplier or one memory, as the machine has them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np

from lstmir import dialects
from lstmir.ir.builder import Builder
from lstmir.ir.module import Function, Module
from lstmir.ir.operation import Value
from lstmir.ir.region import Region
from lstmir.numeric.fixed import FixedType, product_type
from lstmir.passes.machine import blocks
from lstmir.passes.machine.logic import Logic, natural
from lstmir.passes.machine.pairs import Shared
from lstmir.passes.machine.terms import Products, added, factor, whole
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module

MODELS = Path(__file__).with_name("ecp5_models.v")
Make = Callable[[Logic, list[Value]], list[Value]]


def design(types: list[FixedType], make: Make) -> Module:
    """A design called `part` with inputs x0, x1 and so on, and outputs y0, y1."""
    dialects.load()
    module = Module("part")
    names = [f"x{number}" for number in range(len(types))]
    region = Region(types, names)
    logic = Logic(Builder(module, region))
    outputs = make(logic, list(region.arguments))
    pairs = [value for pair in logic.updates for value in pair]
    logic.build.end("rtl.next", [*outputs, *pairs], segments=(len(outputs), len(pairs)))
    about = {"outputs": tuple(f"y{number}" for number in range(len(outputs)))}
    module.functions["part"] = Function("part", region, about)
    return parse_module(print_module(module))


def multiplier(left: FixedType, right: FixedType, stages: int, *, in_logic: bool = False) -> Module:
    """A multiplier, in a unit of the same name."""

    def make(logic: Logic, inputs: list[Value]) -> list[Value]:
        factors = list(zip(("a", "b"), inputs, strict=True))
        type_ = product_type(left, right)
        return [blocks.multiplier(logic, "multiplier", factors, type_, stages, "product", in_logic)]

    return design([left, right], make)


def memories(words: int, type_: FixedType, cycles: int, count: int = 1) -> Module:
    """Memories of random words, units `memory_0` and so on, with one address.

    In long ones most words are zero: solvers would take long.
    """
    every = 1 if words <= 256 else 37
    random, dtype = Random(words), np.int64 if type_.signed else np.uint64
    contents = [
        np.array(
            [
                random.randint(type_.min_int, type_.max_int) if n % every == 0 else 0
                for n in range(words)
            ],
            dtype,
        )
        for _ in range(count)
    ]

    def make(logic: Logic, inputs: list[Value]) -> list[Value]:
        (address,) = inputs
        return [
            blocks.memory(logic, f"memory_{n}", content, type_, address, cycles, "word")
            for n, content in enumerate(contents)
        ]

    return design([natural(words)], make)


def shared_multiplier(types: Shared, base: FixedType) -> Module:
    """Two products of one multiplication: the lower one, and the sum of a base and the higher one.

    Its inputs are what is stored of both factors, what they multiply, and the base.
    """

    def make(logic: Logic, inputs: list[Value]) -> list[Value]:
        low, high, operand, sum_ = inputs
        word = factor(logic, types, low, high)
        products = Products(logic, types, logic.op("arith.mul", word, operand))
        return [
            products.low_term("low").value,
            added(logic, whole(sum_), products.high_term("high")).value,
        ]

    return design([types.low_stored, types.high_stored, types.operand, base], make)
