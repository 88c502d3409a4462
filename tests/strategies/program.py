"""A module under construction: what recipes for operations draw from and add to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import numpy as np

from lstmir.dialects.shapes import broadcast
from lstmir.ir.builder import Builder
from lstmir.ir.captures import add_capture
from lstmir.ir.diagnostics import Invalid
from lstmir.ir.encodings import BankSparse, split_banks
from lstmir.ir.module import Module
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import (
    F16,
    F32,
    F64,
    I1,
    ElementType,
    FloatType,
    TensorType,
    Type,
    element_of,
    is_static,
    of_shape,
    storage_dtype,
    with_element,
)
from lstmir.numeric.fixed import FixedType

NAMES = ("x", "y", "x", "x_1", "w.0", "0", "7up", "1", "a b", "größe", None, None, None)
STATIC = ((), (1,), (2,), (3,), (2, 3), (3, 2), (2, 2), (4, 2), (2, 1, 3), (2, 2, 2))
DYNAMIC = ((None,), (None, 2), (None, 1, 3), (None, None, 2))
WIDEST_OPERAND = 48
Fits = Callable[[Type], bool]


class Program:
    """One region that grows; the bodies of loops are programs of their own, inside."""

    def __init__(
        self,
        random: Random,
        module: Module,
        region: Region,
        level: int,
        outer: Program | None = None,
    ) -> None:
        self.random = random
        self.module = module
        self.region = region
        self.level = level
        self.outer = outer
        self.depth: int = outer.depth + 1 if outer else 0
        self.build = Builder(module, region)
        self.element: ElementType = outer.element if outer else random.choice((F64, F64, F32, F16))
        self.pool: list[Value] = list(region.arguments)

    def inside(self, region: Region) -> Program:
        """The program of a body."""
        return Program(self.random, self.module, region, self.level, self)

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def name(self) -> str | None:
        return self.random.choice(NAMES)

    # --- types

    def number(self) -> ElementType:
        """An element type for numbers, of the program's level."""
        return self.fixed() if self.level == 3 else self.element

    def fixed(self, widest: int = 20) -> FixedType:
        width = self.random.randint(1, widest)
        return FixedType(self.chance(0.7), width, self.random.randint(-3, width + 2))

    def shape(self) -> tuple[int | None, ...]:
        shapes = (*STATIC, *DYNAMIC) if self.level == 1 and self.depth == 0 else STATIC
        return self.random.choice(shapes)

    def type(self) -> Type:
        return of_shape(self.shape(), self.number())

    # --- values

    def value(self, fits: Fits, make: Callable[[], Type]) -> Value:
        """A value that fits: one that is there, more often than a fresh one."""
        there = [value for value in self.pool if fits(value.type)]
        if there and self.chance(0.85):
            return self.random.choice(there)
        return self.fresh(make())

    def beside(self, others: Sequence[Value], fits: Fits, make: Callable[[], Type]) -> Value:
        """A value that fits and can be broadcast with others."""
        shape = broadcast(tuple(value.type for value in others))

        def both(type_: Type) -> bool:
            return fits(type_) and _broadcasts((*(value.type for value in others), type_))

        return self.value(both, lambda: of_shape(shape, element_of(make())))

    def fresh(self, type_: Type) -> Value:
        """A constant, a parameter of the function, or a capture of a body."""
        if isinstance(type_, TensorType) and is_static(type_.shape) and self.chance(0.4):
            return self.constant(type_, sparse=False)
        if self.outer is None:
            return self.keep(self.region.add_argument(type_, self.name()))
        return self.capture(self.outer.value(lambda other: other == type_, lambda: type_))

    def capture(self, value: Value) -> Value:
        """A value from outside; one that is captured already keeps its argument."""
        assert self.region.owner is not None
        argument = add_capture(self.region.owner, value, self.name())
        return argument if argument in self.pool else self.keep(argument)

    def constant(self, type_: TensorType, *, sparse: bool = True) -> Value:
        """A constant; a matrix is stored sparse now and then."""
        array = self.array(type_.static_shape, type_.element)
        if sparse and len(type_.shape) == 2 and self.chance(0.5):
            size = self.random.randint(1, 4)
            pattern = BankSparse(size, self.random.randint(1, size))
            array = _pruned(array, pattern)
            type_ = TensorType(type_.shape, type_.element, pattern)
        return self.keep(self.build.constant(array, type_, self.random.choice(("w", "b", "k.1"))))

    def array(self, shape: tuple[int, ...], element: ElementType) -> np.ndarray:
        """Elements as the interpreter carries them; the ends of a format are frequent."""
        count = int(np.prod(shape))
        integers = [self.integer(element) for _ in range(count)]
        array = np.array(integers, storage_dtype(element)).reshape(shape)
        return array / 4 if isinstance(element, FloatType) else array

    def integer(self, element: ElementType) -> int:
        if not isinstance(element, FixedType):
            return self.random.randint(0, 1) if element == I1 else self.random.randint(-9, 9)
        if self.chance(0.3):
            return self.random.choice((element.min_int, element.max_int))
        return self.random.randint(element.min_int, element.max_int)

    def keep(self, value: Value) -> Value:
        self.pool.append(value)
        return value

    def add(
        self, name: str, operands: Sequence[Value], type_: Type | None = None, **attributes: Any
    ) -> Operation:
        """Add an operation and keep its results; None infers the type of its result."""
        types = None if type_ is None else [type_]
        if type_ is None and self.chance(0.2):
            types = [self.wider(t) for t in self.build.infer(name, operands, attributes)]
        if self.chance(0.1):
            attributes["range"] = (-1.5, self.random.randint(0, 3) / 2)
        op = self.build.op(name, operands, types, names=[self.name()], **attributes)
        self.pool += op.results
        if self.chance(0.2):  # a twin, for those who look for them
            self.pool += self.build.op(name, operands, op.result_types, **attributes).results
        elif len({value.type for value in operands}) == 1 and self.chance(0.2):  # and no twin
            swapped = list(reversed(operands))
            self.pool += self.build.op(name, swapped, op.result_types, **attributes).results
        return op

    def wider(self, type_: Type) -> Type:
        """A type that holds every value of another."""
        element = element_of(type_)
        if not isinstance(element, FixedType) or element.width > WIDEST_OPERAND:
            return type_
        return with_element(type_, FixedType(True, element.width + 3, element.frac + 1))


def _broadcasts(types: tuple[Type, ...]) -> bool:
    try:
        broadcast(types)
    except Invalid:
        return False
    return True


def _pruned(array: np.ndarray, pattern: BankSparse) -> np.ndarray:
    """All but the first `keep` elements of each bank set to zero."""
    rank = split_banks(np.ones_like(array, int), pattern.size).cumsum(axis=2)
    kept = rank.reshape(len(array), -1)[:, : array.shape[1]] <= pattern.keep
    return np.where(kept, array, np.zeros_like(array))


def is_number(type_: Type) -> bool:
    """Whether arithmetic takes the type, and its exact results stay within bounds."""
    element = element_of(type_)
    if isinstance(element, FixedType):
        return element.width <= WIDEST_OPERAND
    return isinstance(element, FloatType)


def is_truth(type_: Type) -> bool:
    return element_of(type_) == I1
