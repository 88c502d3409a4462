"""What a level-5 function means, as terms of z3: the language's definition, operation by operation.

This is written from docs/language, not from the interpreter or the printer: an operation on numbers
is the operation on integers, computed with so many bits that nothing is lost. That the interpreter
agrees is a test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import z3

from lstmir.interpreter.rtl_design import Design, memory_type, read_design, signal_type
from lstmir.ir.module import Module
from lstmir.ir.operation import Operation, Value
from lstmir.numeric.fixed import FixedType, union_type
from tests.formal.machine import (
    RESET,
    Machine,
    Memory,
    address_bits,
    bit,
    content,
    extended,
    holds,
    low,
    part,
    side_by_side,
    times,
)
from tests.formal.names import Names


def meaning(module: Module, names: Names) -> Machine:
    """The main function of a verified module of level 5, its ports and states called by `names`."""
    return _Meaning(read_design(module.main), names, module.resources).machine()


@dataclass(frozen=True)
class Write:
    """A write to a memory of `words` words, as wires."""

    memory: str
    words: int
    address: z3.BitVecRef
    enable: z3.BitVecRef


def writes(module: Module, names: Names) -> list[Write]:
    """Every write of a design."""
    meaning = _Meaning(read_design(module.main), names, module.resources)
    found = []
    for ram in meaning.design.rams:
        content = meaning.design.updates[ram]
        while content.op.name == "rtl.write":
            before, address, _, enable = content.op.operands
            wires = meaning.terms[address], meaning.terms[enable]
            found.append(Write(names.states[ram], memory_type(ram)[0], *wires))
            content = before
    return found


class _Meaning:
    def __init__(self, design: Design, names: Names, resources: Mapping[str, np.ndarray]) -> None:
        self.design, self.names, self.resources = design, names, resources
        self.terms: dict[Value, z3.BitVecRef] = {}
        self.memories = {
            value: content(names.states[value], address_bits(words), type_.width)
            for value in (*design.rams, *design.roms)
            for words, type_ in [memory_type(value)]
        }
        for name, value in design.inputs.items():
            self.terms[value] = z3.BitVec(names.inputs[name], signal_type(value.type).width)
        for value in design.registers:
            self.terms[value] = z3.BitVec(names.states[value], signal_type(value.type).width)
        for op in design.operations:
            if op.name in RULES:
                self.terms[op.result] = RULES[op.name](self, op)

    def machine(self) -> Machine:
        """Inputs, states, and what becomes of them."""
        states, reset = self.names.states, z3.BitVec(RESET, 1)
        return Machine(
            inputs={RESET: reset}
            | {self.names.inputs[n]: self.terms[v] for n, v in self.design.inputs.items()},
            registers={states[value]: self.terms[value] for value in self.design.registers},
            memories={states[value]: self.memory(value) for value in self.memories},
            outputs={self.names.outputs[n]: self.terms[v] for n, v in self.design.outputs.items()},
            following={states[v]: self.following(v, reset) for v in self.design.registers},
        )

    def memory(self, value: Value) -> Memory:
        """A constant memory starts as its resource says, any other as zeros."""
        words, type_ = memory_type(value)
        initial = [0] * (1 << address_bits(words))
        if value.op.name == "tensor.constant":
            integers = self.resources[value.op.attributes["resource"]].tolist()
            initial[:words] = [int(integer) & (1 << type_.width) - 1 for integer in integers]
        after = self.design.updates.get(value, value)
        found = self.memories[value]
        return Memory(found, words, tuple(initial), lambda address: self.word(after, address))

    def following(self, register: Value, reset: z3.BitVecRef) -> z3.BitVecRef:
        """Reset sets the initial value, where there is one; else it does nothing."""
        initial = register.op.attributes.get("init")
        value = self.terms[self.design.updates[register]]
        if initial is None:
            return value
        return z3.If(holds(reset), z3.BitVecVal(initial, value.size()), value)

    def word(self, memory: Value, address: z3.BitVecRef) -> z3.BitVecRef:
        """The word at an address, with the writes that lead to this content."""
        words, _ = memory_type(memory)
        if memory.op.name != "rtl.write":
            found = self.memories[memory]
            inside = extended(address, found.domain(0).size(), signed=False)
            zero = z3.BitVecVal(0, found.range().size())
            return z3.If(_below(address, words), found(inside), zero)
        before, *operands = memory.op.operands
        target, word, enable = (self.terms[value] for value in operands)
        width = max(target.size(), address.size())
        same = extended(target, width, signed=False) == extended(address, width, signed=False)
        taken = z3.And(holds(enable), same, _below(target, words))
        return z3.If(taken, word, self.word(before, address))


def _below(address: z3.BitVecRef, words: int) -> z3.BoolRef:
    width = max(address.size(), words.bit_length())
    return z3.ULT(extended(address, width, signed=False), z3.BitVecVal(words, width))


@dataclass(frozen=True)
class _Number:
    """A term with the format of its wires."""

    term: z3.BitVecRef
    type: FixedType

    def exact(self, frac: int, width: int) -> z3.BitVecRef:
        """The integer with `frac` fraction bits, which must be no fewer; `width` bits of it."""
        wide = extended(self.term, width, self.type.signed)
        shift = frac - self.type.frac
        return wide << shift if shift else wide


def _number(meaning: _Meaning, value: Value) -> _Number:
    return _Number(meaning.terms[value], signal_type(value.type))


Rule = Callable[[_Meaning, Operation], z3.BitVecRef]


def _added(meaning: _Meaning, op: Operation) -> z3.BitVecRef:
    result = signal_type(op.result_types[0])
    first, *rest = (_number(meaning, v).exact(result.frac, result.width) for v in op.operands)
    for term in rest:
        first = first + term if op.name == "arith.add" else first - term
    return first


def _negated(meaning: _Meaning, op: Operation) -> z3.BitVecRef:
    result = signal_type(op.result_types[0])
    return -_number(meaning, op.operands[0]).exact(result.frac, result.width)


def _product(meaning: _Meaning, op: Operation) -> z3.BitVecRef:
    """Factors as wide as the result."""
    result = signal_type(op.result_types[0])
    factors = [_number(meaning, value) for value in op.operands]
    product = times(*(extended(f.term, result.width, f.type.signed) for f in factors))
    shift = result.frac - sum(factor.type.frac for factor in factors)
    return product << shift if shift else product


def _compared(meaning: _Meaning, op: Operation) -> z3.BitVecRef:
    common = union_type(signal_type(value.type) for value in op.operands)
    width = common.width + 1  # a sign for all
    left, right = (_number(meaning, v).exact(common.frac, width) for v in op.operands)
    relation = {
        "eq": left == right, "ne": left != right, "lt": left < right, "le": left <= right,
        "gt": left > right, "ge": left >= right,
    }  # fmt: skip
    return bit(relation[op.attributes["predicate"]])


def _selected(meaning: _Meaning, op: Operation) -> z3.BitVecRef:
    result = signal_type(op.result_types[0])
    condition, *branches = op.operands
    if_true, if_false = (_number(meaning, v).exact(result.frac, result.width) for v in branches)
    return z3.If(holds(meaning.terms[condition]), if_true, if_false)


def _logic(join: Callable[..., z3.BoolRef]) -> Rule:
    return lambda meaning, op: bit(join(*(holds(meaning.terms[v]) for v in op.operands)))


def _requantized(meaning: _Meaning, op: Operation) -> z3.BitVecRef:
    """Rounding is adding, then a floor; both on integers that have room for it."""
    source, target = _number(meaning, op.operands[0]), signal_type(op.result_types[0])
    shift = source.type.frac - target.frac
    room = max(source.type.width + abs(shift), target.width) + 2
    integer = source.exact(source.type.frac, room)
    if shift < 0:
        rounded = integer << -shift
    else:
        rounded = integer + _bias(integer, shift, op.attributes["rounding"]) >> shift
    if op.attributes["overflow"] == "saturate":
        highest, lowest = (z3.BitVecVal(end, room) for end in (target.max_int, target.min_int))
        rounded = z3.If(rounded > highest, highest, z3.If(rounded < lowest, lowest, rounded))
    return low(rounded, target.width)


def _bias(integer: z3.BitVecRef, shift: int, rounding: str) -> z3.BitVecRef:
    """What a floor by `shift` bits needs in front of it to round otherwise."""
    nothing = z3.BitVecVal(0, integer.size())
    if shift == 0 or rounding == "floor":
        return nothing
    half = 1 << shift - 1
    if rounding == "half_up":
        return nothing + half
    if rounding == "half_even":
        return (integer >> shift & 1) + (half - 1)
    return z3.If(integer < 0, nothing + ((1 << shift) - 1), nothing)


def _literal(meaning: _Meaning, op: Operation) -> z3.BitVecRef:
    return z3.BitVecVal(op.attributes["integer"], signal_type(op.result_types[0]).width)


RULES: dict[str, Rule] = {
    "arith.add": _added,
    "arith.sub": _added,
    "arith.mul": _product,
    "arith.neg": _negated,
    "arith.compare": _compared,
    "arith.select": _selected,
    "arith.and": _logic(z3.And),
    "arith.or": _logic(z3.Or),
    "arith.not": _logic(z3.Not),
    "fx.requantize": _requantized,
    "rtl.bits": lambda m, op: part(
        m.terms[op.operands[0]], op.attributes["low"], op.attributes["width"]
    ),
    "rtl.cast": lambda m, op: m.terms[op.operands[0]],
    "rtl.concat": lambda m, op: side_by_side([m.terms[value] for value in op.operands]),
    "rtl.literal": _literal,
    "rtl.read": lambda m, op: m.word(op.operands[0], m.terms[op.operands[1]]),
}
