"""Random clocked designs: every operation of level 5, at widths up to 200 bits."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
from hypothesis import strategies as st

from lstmir import dialects
from lstmir.dialects.arith import PREDICATES
from lstmir.dialects.fx import OVERFLOWS, ROUNDINGS
from lstmir.dialects.signals import width_of
from lstmir.interpreter.rtl_design import signal_type
from lstmir.ir.builder import Builder
from lstmir.ir.module import Function, Module
from lstmir.ir.operation import Value
from lstmir.ir.region import Region
from lstmir.ir.types import I1, TensorType, Type
from lstmir.ir.verify import verify
from lstmir.numeric.fixed import FixedType

WIDEST = 200
NAMES = ("x", "y", "x.1", "reg", "new", "sum", "next", "clk", "unused", "total", "7up", "array",
         "array_x", "array_lane_1_x", "lane_1_x", "array_lane_0_7up")  # fmt: skip
UNITS = ("controller", "array", "array.lane_0", "array.lane_1", "array.lane_1.multiplier", "output",
         "array.lane.7up", "a tail", "")  # fmt: skip


def designs(operations: int = 20) -> st.SearchStrategy[Module]:
    """Designs whose every choice hypothesis can shrink."""
    randoms = st.randoms(use_true_random=False)
    return randoms.map(lambda random: random_design(random, "design", operations))


def stimuli(module: Module, cycles: int, random: Random) -> list[dict[str, int]]:
    """Integers for the inputs of some cycles; the ends of their ranges are frequent."""
    return [
        {value.name or "": integer(random, value.type) for value in module.main.parameters}
        for _ in range(cycles)
    ]


def integer(random: Random, type_: Type) -> int:
    """An integer that a signal can be."""
    signal = signal_type(type_)
    ends = (signal.min_int, signal.max_int, 0, max(-1, signal.min_int), min(1, signal.max_int))
    if random.random() < 0.4:
        return random.choice(ends)
    return random.randint(signal.min_int, signal.max_int)


def random_design(random: Random, name: str, operations: int = 40) -> Module:
    """A verified module with one design."""
    dialects.load()
    return _Maker(random, name).make(operations)


class _Maker:
    def __init__(self, random: Random, name: str) -> None:
        self.random = random
        self.region = Region()
        self.module = Module(name, functions={name: Function(name, self.region)})
        self.builder = Builder(self.module, self.region)
        self.truths: list[Value] = []
        self.numbers: list[Value] = []
        self.registers: list[Value] = []
        self.contents: dict[Value, Value] = {}
        self.piped: dict[Value, Value] = {}
        self.readable: list[Value] = []
        self.addresses: list[Value] = []

    def make(self, operations: int) -> Module:
        self.declare()
        for _ in range(operations):
            self.random.choice(_STEPS)(self)
        self.end()
        verify(self.module)
        return self.module

    def declare(self) -> None:
        self.keep(self.region.add_argument(I1, "start"))
        for index in range(self.random.randint(1, 3)):
            self.keep(self.region.add_argument(self.format(64), f"in{index}"))
        for _ in range(self.random.randint(1, 4)):
            type_ = I1 if self.random.random() < 0.3 else self.format(64)
            register = self.value("rtl.reg", type=type_, **self.initial(type_))
            self.registers.append(register)
        for _ in range(self.random.randint(0, 2)):
            memory = TensorType((self.random.randint(1, 20),), self.format(64))
            self.readable.append(ram := self.value("rtl.ram", type=memory))
            self.contents[ram] = ram
        if self.random.random() < 0.6:
            self.readable.append(self.rom())

    def initial(self, type_: Type) -> dict[str, int]:
        return {"init": integer(self.random, type_)} if self.random.random() < 0.6 else {}

    def rom(self) -> Value:
        words = self.random.choice((1, 2, 3, 8, 13, 70, 128))
        element = self.format(64)
        array = np.array([integer(self.random, element) for _ in range(words)], object)
        return self.builder.constant(array, TensorType((words,), element), "table")

    def format(self, widest: int) -> FixedType:
        width = self.random.choice((1, 2, 3, 4, 7, 8, 9, 16, 31, 32, 33, 64, 65, 100, 200))
        width = self.random.randint(1, widest) if width > widest else width
        frac = self.random.choice((0, 0, 0, 1, 4, width // 2, width, -2, width + 3))
        return FixedType(self.random.random() < 0.6, width, frac)

    def value(
        self, name: str, *operands: Value, type: Type | None = None, **attributes: object
    ) -> Value:
        hint = self.random.choice(NAMES) if self.random.random() < 0.3 else None
        if self.random.random() < 0.5:
            attributes["unit"] = self.random.choice(UNITS)
        result = self.builder.value(name, *operands, type=type, hint=hint, **attributes)
        passing = isinstance(result.type, TensorType) or name == "rtl.literal"
        return result if passing else self.keep(result)

    def keep(self, value: Value) -> Value:
        (self.truths if value.type == I1 else self.numbers).append(value)
        return value

    def recent(self, values: list[Value]) -> Value:
        """Late values are more likely, so that expressions get deep."""
        return self.random.choice(values[-8:] if self.random.random() < 0.7 else values)

    def number(self) -> Value:
        if self.random.random() < 0.15:
            type_ = self.format(WIDEST)
            return self.value("rtl.literal", type=type_, integer=integer(self.random, type_))
        return self.recent(self.numbers)

    def truth(self) -> Value:
        return self.recent(self.truths)

    def address(self) -> Value:
        """Often one that was used before, so that reads and writes meet in a word."""
        if self.addresses and self.random.random() < 0.5:
            return self.random.choice(self.addresses)
        source = self.number()
        width = min(self.random.choice((1, 2, 3, 4, 5, 9)), width_of(source.type))
        low = self.random.randint(0, width_of(source.type) - width)
        self.addresses.append(self.value("rtl.bits", source, low=low, width=width))
        return self.addresses[-1]

    def arithmetic(self) -> None:
        name, count = self.random.choice(
            (("add", 2), ("add", 2), ("add", 3), ("sub", 2), ("mul", 2), ("neg", 1))
        )
        self.exact(f"arith.{name}", [self.number() for _ in range(count)])

    def exact(self, name: str, operands: list[Value]) -> None:
        """An operation whose result may be declared wider than it has to be."""
        (narrow,) = self.builder.infer(name, operands, {})
        if isinstance(narrow, FixedType) and narrow.width > WIDEST - 8:
            return
        if isinstance(narrow, FixedType) and self.random.random() < 0.2:
            extra = self.random.randint(0, 3)
            narrow = FixedType(narrow.signed, narrow.width + extra + 1, narrow.frac + extra)
        self.value(name, *operands, type=narrow)

    def select(self) -> None:
        if self.random.random() < 0.2:
            self.exact("arith.select", [self.truth(), self.truth(), self.truth()])
            return
        self.exact("arith.select", [self.truth(), self.number(), self.number()])

    def compare(self) -> None:
        operands = [self.number(), self.number()]
        self.value("arith.compare", *operands, predicate=self.random.choice(PREDICATES))

    def logic(self) -> None:
        name, count = self.random.choice((("and", 2), ("or", 2), ("or", 3), ("not", 1)))
        self.value(f"arith.{name}", *(self.truth() for _ in range(count)))

    def requantize(self) -> None:
        source = self.number()
        near = signal_type(source.type)
        target = self.format(64)
        if self.random.random() < 0.7:
            frac = near.frac - self.random.randint(-3, min(near.width, 12) + 2)
            target = FixedType(target.signed, target.width, frac)
        self.requantized(source, target)

    def requantized(self, source: Value, target: FixedType) -> Value:
        rounding, overflow = self.random.choice(ROUNDINGS), self.random.choice(OVERFLOWS)
        return self.value(
            "fx.requantize", source, type=target, rounding=rounding, overflow=overflow
        )

    def count_up(self) -> None:
        """What a counter does."""
        source = self.number()
        one = self.value("rtl.literal", type=FixedType(False, 1, 0), integer=1)
        if width_of(source.type) < 60:
            self.requantized(self.value("arith.add", source, one), signal_type(source.type))

    def bits(self) -> None:
        source = self.recent(self.numbers + self.truths)
        wires = width_of(source.type)
        width = self.random.randint(1, wires)
        low = self.random.choice((0, wires - width, self.random.randint(0, wires - width)))
        self.value("rtl.bits", source, low=low, width=width)

    def cast(self) -> None:
        source = self.recent(self.numbers + self.truths)
        width = width_of(source.type)
        target: Type = FixedType(self.random.random() < 0.5, width, self.random.randint(-2, 8))
        self.value(
            "rtl.cast", source, type=I1 if width == 1 and self.random.random() < 0.5 else target
        )

    def concat(self) -> None:
        parts = [self.recent(self.numbers + self.truths) for _ in range(self.random.randint(1, 3))]
        if sum(width_of(part.type) for part in parts) <= WIDEST:
            self.value("rtl.concat", *parts)

    def read(self) -> None:
        if self.readable:
            self.value("rtl.read", self.random.choice(self.readable), self.address())

    def write(self) -> None:
        if not self.contents:
            return
        ram = self.random.choice(list(self.contents))
        content = self.contents[ram]
        assert isinstance(ram.type, TensorType)
        word = self.requantized(self.number(), signal_type(ram.type.element))
        written = self.value("rtl.write", content, self.address(), word, self.truth())
        self.contents[ram] = written
        self.readable.append(written)

    def pipeline(self) -> None:
        """A register that takes what arithmetic gives, at its full width."""
        idle = [value for value in self.numbers if not self.region.uses(value)]
        if idle:
            value = self.random.choice(idle)
            initial: dict[str, Any] = self.initial(value.type)
            register = self.builder.value("rtl.reg", type=value.type, **initial)
            start = integer(self.random, value.type)
            constant = self.builder.value("rtl.literal", type=value.type, integer=start)
            other = self.random.choice([register, constant, None])
            if other is not None:
                value = self.builder.value("arith.select", self.truth(), value, other)
            self.piped[self.keep(register)] = value

    def end(self) -> None:
        updates = [pair for reg in self.registers for pair in (reg, self.following(reg))]
        updates += [
            value
            for states in (self.contents, self.piped)
            for pair in states.items()
            for value in pair
        ]
        idle = [value for value in self.numbers + self.truths if not self.region.uses(value)]
        outputs = idle[:12] + self.random.sample(self.numbers, min(2, len(self.numbers)))
        self.builder.end("rtl.next", [*outputs, *updates], segments=(len(outputs), len(updates)))
        self.module.main.attributes["outputs"] = tuple(f"out{i}" for i in range(len(outputs)))

    def following(self, register: Value) -> Value:
        """The next value of a register: often kept, or decided in several steps."""
        value = self.candidate(register.type)
        for _ in range(self.random.randint(0, 3)):
            other = register if self.random.random() < 0.6 else self.candidate(register.type)
            pair = [value, other] if self.random.random() < 0.5 else [other, value]
            value = self.builder.value("arith.select", self.truth(), *pair)
        return value

    def candidate(self, type_: Type) -> Value:
        same = [value for value in self.numbers + self.truths if value.type == type_]
        moving = [value for value in same if value.op.name != "rtl.reg"]
        if type_ == I1 or (moving and self.random.random() < 0.3):
            return self.recent(moving)
        return self.requantized(self.number(), signal_type(type_))


_STEPS = (
    _Maker.arithmetic, _Maker.arithmetic, _Maker.arithmetic, _Maker.select, _Maker.select,
    _Maker.compare, _Maker.logic, _Maker.requantize, _Maker.requantize, _Maker.requantize,
    _Maker.count_up, _Maker.pipeline, _Maker.pipeline, _Maker.bits, _Maker.cast, _Maker.concat,
    _Maker.read, _Maker.read, _Maker.write,
)  # fmt: skip
