"""A vocabulary for synchronous logic on top of the IR's builder."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from lstmir.ir.builder import Builder
from lstmir.ir.operation import Value
from lstmir.ir.types import I1, TensorType, Type
from lstmir.numeric.fixed import FixedType, union_type

WORD_BITS = 64
"""The widest word of a memory."""

_STATE = ("rtl.reg", "rtl.ram")


def plain(name: str | None, otherwise: str) -> str:
    """A name of the program without the number that tells it from others of the same name.

    Numbers depend on what else is in the text: the machine is the same whether it was read or not.
    """
    return re.sub(r"(_\d+)+$", "", name or "") or otherwise


def unique(name: str, taken: set[str]) -> str:
    """A name that nothing has yet, and that is taken from here on: layers call what they hold alike."""
    count, found = 1, name
    while found in taken:
        count, found = count + 1, f"{name}_{count + 1}"
    taken.add(found)
    return found


def natural(count: int) -> FixedType:
    """The narrowest type of the natural numbers below `count`."""
    return FixedType(False, max(1, (count - 1).bit_length()), 0)


@dataclass
class Logic:
    """Makes signals. `unit` names the part of the machine that they belong to."""

    build: Builder
    unit: str = ""
    units: dict[str, str] = field(default_factory=dict)
    updates: list[tuple[Value, Value]] = field(default_factory=list)
    _literals: dict[tuple[Type, int], Value] = field(default_factory=dict)
    _made: dict[tuple[object, ...], Value] = field(default_factory=dict)
    _names: dict[Value, str] = field(default_factory=dict)

    def enter(self, unit: str, what: str = "") -> None:
        """What is made from here on belongs to a unit; `what` says what it is, for its readers."""
        self.unit = unit
        if what:
            self.units.setdefault(unit, what)

    def op(self, name: str, *operands: Value, type: Type | None = None, hint: str | None = None,
           **attributes: object) -> Value:  # fmt: skip
        """One operation with one result, marked with the unit.

        What a unit needs twice is made once, unless it is state.
        """
        key = (name, operands, type, tuple(attributes.items()), self.unit)
        if key in self._made:
            return self._made[key]
        made = self.build.value(name, *operands, type=type, hint=self.named(hint), **attributes)
        if hint:
            self._names[made] = hint
        if self.unit:
            made.op.attributes["unit"] = self.unit
        if name not in _STATE:
            self._made[key] = made
        return made

    def named(self, hint: str | None) -> str | None:
        """A name as it is called from outside the unit."""
        return f"{self.unit.replace('.', '_')}_{hint}" if hint and self.unit else hint

    def local(self, value: Value) -> str | None:
        """What a value is called in its unit."""
        return self._names.get(value, value.name)

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
        type_ = TensorType(words.shape, element)
        made = self.build.constant(np.asarray(words), type_, self.named(name) or name)
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
        state = self.reg(value.type, name or (self.local(value) or "delayed"), 0 if reset else None)
        self.drive(state, value)
        return state

    def later(self, value: Value, cycles: int, *, reset: bool = False) -> Value:
        """The value some cycles later."""
        base = self.local(value) or "delayed"
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
        if if_true is if_false:
            return if_true
        return self.op("arith.select", condition, if_true, if_false, type=if_true.type, hint=hint)

    def all(self, *terms: Value, hint: str | None = None) -> Value:
        """Whether all are true."""
        return self._joined("arith.and", terms, True, hint)

    def any(self, *terms: Value, hint: str | None = None) -> Value:
        """Whether any is true."""
        return self._joined("arith.or", terms, False, hint)

    def _joined(self, name: str, terms: Sequence[Value], neutral: bool, hint: str | None) -> Value:
        """Terms joined, without those that change nothing; one that decides is the answer."""
        if self.truth(not neutral) in terms:
            return self.truth(not neutral)
        rest = [term for term in terms if term is not self.truth(neutral)]
        if not rest:
            return self.truth(neutral)
        return rest[0] if len(rest) == 1 else self.op(name, *rest, hint=hint)

    def no(self, term: Value, hint: str | None = None) -> Value:
        """Whether it is false."""
        return self.op("arith.not", term, hint=hint)

    def equals(self, value: Value, integer: int, hint: str | None = None) -> Value:
        """Whether a number has a constant value."""
        if value.op.name == "rtl.literal":
            return self.truth(value.op.attributes["integer"] == integer)
        return self.op(
            "arith.compare", value, self.literal(integer, value.type), predicate="eq", hint=hint
        )

    def same(self, left: Value, right: Value, hint: str | None = None) -> Value:
        """Whether two numbers are equal."""
        return self.op("arith.compare", left, right, predicate="eq", hint=hint)

    def minus_one(self, value: Value) -> Value:
        """The natural number before, of the same type; the largest before zero."""
        assert isinstance(value.type, FixedType)
        ones = self.literal(value.type.max_int, value.type)
        return self.wrapped(self.op("arith.add", value, ones), value.type)

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

    def port(self, value: Value, name: str) -> Value:
        """A value of another unit, under the name that it has in this one."""
        return self.op("rtl.cast", value, type=value.type, hint=name)

    def bits(self, value: Value, low: int, width: int) -> Value:
        """Neighbouring wires."""
        assert isinstance(value.type, FixedType)
        if (low, width) == (0, value.type.width):
            return self.as_type(value, FixedType(False, width, 0))
        return self.op("rtl.bits", value, low=low, width=width)

    def pick(self, values: Sequence[Value], index: Value, hint: str | None = None) -> Value:
        """The value at an index: a tree of two-way selections, one level a bit."""
        if len(values) == 1:
            return values[0]
        assert isinstance(index.type, FixedType)
        level = list(values)
        levels = (len(values) - 1).bit_length()
        for bit in range(levels):
            high = self.equals(self.bits(index, bit, 1), 1)
            name = hint if bit == levels - 1 else None
            level = [
                pair[0] if len(set(pair)) == 1 else self.select(high, pair[1], pair[0], name)
                for pair in (level[i : i + 2] for i in range(0, len(level), 2))
            ]
        return level[0]

    def read(self, memory: Value, address: Value, hint: str | None = None) -> Value:
        """The word at an address, in the same cycle."""
        return self.op("rtl.read", memory, address, hint=hint)

    # -- counters ---------------------------------------------------------------------------

    def counter(self, count: int, enable: Value, name: str) -> tuple[Value, Value]:
        """Counts 0 to count - 1 over and over; also whether it stands at the last."""
        if count == 1:
            return self.literal(0, natural(1)), self.truth(True)
        state = self.reg(natural(count), name, 0)
        last = self.equals(state, count - 1, hint=f"{name}_last")
        following = self.select(last, self.literal(0, state.type), self.plus_one(state))
        self.drive(state, self.select(enable, following, state))
        return state, last


def union_of(types: Sequence[FixedType]) -> FixedType:
    """The narrowest integers that hold those of every type, whatever they stand for."""
    return union_type([FixedType(type_.signed, type_.width, 0) for type_ in types])
