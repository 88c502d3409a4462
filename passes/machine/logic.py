"""A vocabulary for synchronous logic on top of the IR's builder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from lstmir.ir.builder import Builder
from lstmir.ir.operation import Operation, Value
from lstmir.ir.types import I1, TensorType, Type
from lstmir.numeric.fixed import FixedType, union_type

WORD_BITS = 64
"""The widest word of a memory."""

_STATE = ("rtl.reg", "rtl.ram")


def natural(count: int) -> FixedType:
    """The narrowest type of the natural numbers below `count`."""
    return FixedType(False, max(1, (count - 1).bit_length()), 0)


@dataclass
class Logic:
    """Makes signals. `unit` names the part of the machine that they belong to."""

    build: Builder
    unit: str = ""
    updates: list[tuple[Value, Value]] = field(default_factory=list)
    _literals: dict[tuple[Type, int], Value] = field(default_factory=dict)
    _made: dict[tuple[object, ...], Value] = field(default_factory=dict)

    def op(self, name: str, *operands: Value, type: Type | None = None, hint: str | None = None,
           **attributes: object) -> Value:  # fmt: skip
        """One operation with one result, marked with the unit.

        What a unit needs twice is made once, unless it is state.
        """
        key = (name, operands, type, tuple(attributes.items()), self.unit)
        if key in self._made:
            return self._made[key]
        made = self.build.value(name, *operands, type=type, hint=hint, **attributes)
        if self.unit:
            made.op.attributes["unit"] = self.unit
        if name not in _STATE:
            self._made[key] = made
        return made

    # -- constants --------------------------------------------------------------------------

    def literal(self, integer: int, type: Type) -> Value:
        """A constant signal."""
        key = (type, integer)
        if key not in self._literals:
            self._literals[key] = self.build.value("rtl.literal", type=type, integer=integer)
        return self._literals[key]

    def truth(self, value: bool) -> Value:
        """A constant truth value."""
        return self.literal(int(value), I1)

    def rom(self, words: np.ndarray, element: FixedType, name: str) -> Value:
        """A memory of constant words."""
        made = self.build.constant(np.asarray(words), TensorType(words.shape, element), name)
        if self.unit:
            made.op.attributes["unit"] = self.unit
        return made

    # -- state ------------------------------------------------------------------------------

    def reg(self, type: Type, name: str, init: int | None = None) -> Value:
        """A register that `drive` will give its next value."""
        attributes = {} if init is None else {"init": init}
        return self.op("rtl.reg", type=type, hint=name, **attributes)

    def ram(self, depth: int, element: FixedType, name: str) -> Value:
        """A small memory that is read in the same cycle."""
        type_ = TensorType((depth,), element)
        return self.op("rtl.ram", type=type_, hint=name, style="distributed")

    def drive(self, state: Value, value: Value) -> None:
        """The next value of a register or memory."""
        self.updates.append((state, value))

    def delayed(self, value: Value, name: str | None = None, *, reset: bool = False) -> Value:
        """The value one cycle later."""
        state = self.reg(value.type, name or (value.name or "delayed"), 0 if reset else None)
        self.drive(state, value)
        return state

    def later(self, value: Value, cycles: int, *, reset: bool = False) -> Value:
        """The value some cycles later."""
        base = value.name or "delayed"
        for cycle in range(1, cycles + 1):
            value = self.delayed(value, f"{base}_{cycle}", reset=reset)
        return value

    def held(self, value: Value, enable: Value, name: str, init: int | None = None) -> Value:
        """A register that takes the value when enabled."""
        state = self.reg(value.type, name, init)
        self.drive(state, self.select(enable, value, state))
        return state

    # -- combinational ----------------------------------------------------------------------

    def select(
        self, condition: Value, if_true: Value, if_false: Value, hint: str | None = None
    ) -> Value:
        """One of two values; they are of one type."""
        return self.op("arith.select", condition, if_true, if_false, type=if_true.type, hint=hint)

    def all(self, *terms: Value, hint: str | None = None) -> Value:
        """Whether all are true."""
        return terms[0] if len(terms) == 1 else self.op("arith.and", *terms, hint=hint)

    def any(self, *terms: Value, hint: str | None = None) -> Value:
        """Whether any is true."""
        return terms[0] if len(terms) == 1 else self.op("arith.or", *terms, hint=hint)

    def no(self, term: Value, hint: str | None = None) -> Value:
        """Whether it is false."""
        return self.op("arith.not", term, hint=hint)

    def equals(self, value: Value, integer: int, hint: str | None = None) -> Value:
        """Whether a number has a constant value."""
        return self.op(
            "arith.compare", value, self.literal(integer, value.type), predicate="eq", hint=hint
        )

    def plus_one(self, value: Value) -> Value:
        """The next natural number of the same type, zero after the last."""
        total = self.op("arith.add", value, self.literal(1, natural(2)))
        return self.wrapped(total, value.type)

    def wrapped(self, value: Value, type: Type) -> Value:
        """The low bits."""
        return self.op("fx.requantize", value, type=type, rounding="floor", overflow="wrap")

    def widened(self, value: Value, type: FixedType) -> Value:
        """The same value in a type that holds it."""
        if value.type == type:
            return value
        return self.op("fx.requantize", value, type=type, rounding="floor", overflow="wrap")

    def raw(self, value: Value) -> Value:
        """The integer behind a fixed-point value."""
        assert isinstance(value.type, FixedType)
        return self.as_type(value, FixedType(value.type.signed, value.type.width, 0))

    def as_type(self, value: Value, type: Type) -> Value:
        """The same wires as another type."""
        return value if value.type == type else self.op("rtl.cast", value, type=type)

    def bits(self, value: Value, low: int, width: int) -> Value:
        """Neighbouring wires."""
        assert isinstance(value.type, FixedType)
        if (low, width) == (0, value.type.width):
            return self.as_type(value, FixedType(False, width, 0))
        return self.op("rtl.bits", value, low=low, width=width)

    def pick(self, values: Sequence[Value], index: Value) -> Value:
        """The value at an index: a tree of two-way selections, one level a bit."""
        if len(values) == 1:
            return values[0]
        assert isinstance(index.type, FixedType)
        level = list(values)
        for bit in range((len(values) - 1).bit_length()):
            high = self.equals(self.bits(index, bit, 1), 1)
            level = [
                pair[0] if len(set(pair)) == 1 else self.select(high, pair[1], pair[0])
                for pair in (level[i : i + 2] for i in range(0, len(level), 2))
            ]
        return level[0]

    def read(self, memory: Value, address: Value, hint: str | None = None) -> Value:
        """The word at an address, in the same cycle."""
        return self.op("rtl.read", memory, address, hint=hint)

    # -- counters ---------------------------------------------------------------------------

    def counter(self, count: int, enable: Value, name: str) -> tuple[Value, Value]:
        """Counts 0 to count - 1 over and over; also whether it stands at the last."""
        state = self.reg(natural(count), name, 0)
        last = self.equals(state, count - 1, hint=f"{name}_last")
        following = self.select(last, self.literal(0, state.type), self.plus_one(state))
        self.drive(state, self.select(enable, following, state))
        return state, last


def terminator(logic: Logic, outputs: Sequence[Value]) -> Operation:
    """End the clocked function."""
    pairs = [value for pair in logic.updates for value in pair]
    sizes = (len(outputs), len(pairs))
    return logic.build.end("rtl.next", [*outputs, *pairs], segments=sizes)


def union_of(types: Sequence[FixedType]) -> FixedType:
    """The narrowest integers that hold those of every type, whatever they stand for."""
    return union_type([FixedType(type_.signed, type_.width, 0) for type_ in types])
