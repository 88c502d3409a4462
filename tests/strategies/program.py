"""A module under construction: what recipes for operations draw from and add to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import Any, TypeVar

import numpy as np

from lstmir.ir.builder import Builder
from lstmir.ir.captures import add_capture
from lstmir.ir.context import OpContext
from lstmir.ir.definition import DEFINITIONS, OpDefinition
from lstmir.ir.module import Module
from lstmir.ir.operation import Attributes, Operation, Value
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
from tests.strategies.encodings import encoded
from tests.strategies.kinds import Kind, kind_of
from tests.strategies.rules import accepts

NAMES = ("x", "y", "x", "x_1", "w.0", "0", "7up", "1", "a b", "größe", None, None, None)
STATIC = ((), (1,), (2,), (3,), (2, 3), (3, 2), (2, 2), (4, 2), (2, 1, 3), (2, 2, 2))
DYNAMIC = ((None,), (None, 2), (None, 1, 3), (None, None, 2))
WIDEST_OPERAND = 48
Fits = Callable[[Type], bool]
T = TypeVar("T")


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
        self.pool: list[Value] = []
        self.by_kind: dict[Kind, list[Value]] = {}
        for value in region.arguments:
            self.keep(value)

    def inside(self, region: Region) -> Program:
        """The program of a body."""
        return Program(self.random, self.module, region, self.level, self)

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def one_of(self, items: Sequence[T]) -> T:
        """Any of some items; the only one takes no draw, of which hypothesis has not many."""
        return items[0] if len(items) == 1 else self.random.choice(items)

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

    def of_kinds(self, kinds: Iterable[Kind]) -> list[Value]:
        """All values of some kinds."""
        return [value for kind in kinds for value in self.by_kind.get(kind, ())]

    def find(self, kinds: Iterable[Kind]) -> Value | None:
        """A value of some kinds, more often than none."""
        there = self.of_kinds(kinds)
        return self.one_of(there) if there and self.chance(0.92) else None

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
            array, encoding = encoded(array, type_.element, self.random)
            type_ = TensorType(type_.shape, type_.element, encoding)
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
        """Enter a value into the pool."""
        self.pool.append(value)
        self.by_kind.setdefault(kind_of(value.type), []).append(value)
        return value

    def add(
        self,
        name: str,
        operands: Sequence[Value],
        types: Sequence[Type] | None = None,
        **attributes: Any,
    ) -> Operation:
        """Add an operation and keep its results; None infers their types."""
        if types is None:
            types = self.build.infer(name, operands, attributes)
            types = self.widened(DEFINITIONS[name], self.context(operands, attributes), types)
        if self.chance(0.1):
            attributes["range"] = (-1.5, self.random.randint(0, 3) / 2)
        op = self.build.op(name, operands, types, names=[self.name()], **attributes)
        self.keep_results(op)
        kin = self.random.random()
        if kin < 0.2:  # a twin, for those who look for them
            self.keep_results(self.build.op(name, operands, types, **attributes))
        elif kin < 0.4 and len({value.type for value in operands}) == 1:  # and no twin
            swapped = operands[::-1]
            if accepts(DEFINITIONS[name], self.context(swapped, attributes), types):
                self.keep_results(self.build.op(name, swapped, types, **attributes))
        return op

    def context(self, operands: Sequence[Value], attributes: Attributes) -> OpContext:
        """What the rules of an operation on some operands may look at."""
        return OpContext(operands, attributes, self.module.resources)

    def widened(
        self, definition: OpDefinition, context: OpContext, types: Sequence[Type]
    ) -> Sequence[Type]:
        """Now and then types that hold more than the inferred ones, where they are legal too."""
        if not self.chance(0.2):
            return types
        wide = [self.wider(type_) for type_ in types]
        return wide if accepts(definition, context, wide) else types

    def keep_results(self, op: Operation) -> None:
        """Enter what an operation gives."""
        for value in op.results:
            self.keep(value)

    def wider(self, type_: Type) -> Type:
        """A type that holds every value of another."""
        element = element_of(type_)
        if not isinstance(element, FixedType) or element.width > WIDEST_OPERAND:
            return type_
        return with_element(type_, FixedType(True, element.width + 3, element.frac + 1))
