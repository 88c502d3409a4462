"""Multipliers and memories of constants as units of their own: what a part may have blocks for.

Blocks have registers inside. A unit holds nothing but what fits into one: the operation, registers
without reset or enable, and no second reader of what lies between them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lstmir.ir.operation import Value
from lstmir.numeric.fixed import FixedType
from lstmir.passes.machine.logic import Logic


def multiplier(
    logic: Logic, unit: str, operands: Sequence[tuple[str, Value]], type_: FixedType,
    input_stages: int, name: str, in_logic: bool = False,
) -> Value:  # fmt: skip
    """The product of two signals, each with its name in the unit; 1 + `input_stages` cycles later.

    One that is `in_logic` is a sum to the tools, which find no multiplication to take a block for.
    """
    around = logic.unit
    about = "Adds what each bit multiplies" if in_logic else "Multiplies"
    logic.enter(unit, f"{about}, between registers.")
    inputs = []
    for label, operand in operands:
        value = logic.port(operand, label)
        for _ in range(input_stages):
            value = logic.delayed(value, f"{label}_q")
        inputs.append(value)
    made = shifted_sum(logic, *inputs) if in_logic else logic.op("arith.mul", *inputs, type=type_)
    product = logic.delayed(logic.wrapped(made, type_) if in_logic else made, name)
    logic.enter(around)
    return product


def shifted_sum(logic: Logic, left: Value, right: Value) -> Value:
    """The product of two integers in a tree of adders: one of them, shifted, for each bit of the other.

    What the sign of the other stands for is subtracted.
    """
    by_width = sorted((left, right), key=lambda value: _integer(value).width)
    bits, other = _integer(by_width[0]), _integer(by_width[1])
    terms = []
    for bit in range(bits.width):
        wide = FixedType(other.signed, other.width + bit, 0)
        scaled = logic.as_type(by_width[1], FixedType(other.signed, other.width, -bit))
        is_set = logic.equals(logic.bits(by_width[0], bit, 1), 1)
        terms.append(logic.select(is_set, logic.widened(scaled, wide), logic.literal(0, wide)))
    minus = bits.signed
    while len(terms) > 1:
        pairs = [terms[i : i + 2] for i in range(0, len(terms), 2)]
        names = ["arith.add"] * len(pairs)
        if minus and len(pairs[-1]) == 2:
            names[-1], minus = "arith.sub", False
        terms = [logic.op(name, *pair) if len(pair) == 2 else pair[0]
                 for name, pair in zip(names, pairs, strict=True)]  # fmt: skip
    return logic.op("arith.neg", terms[0]) if minus else terms[0]


def _integer(value: Value) -> FixedType:
    assert isinstance(value.type, FixedType)
    return value.type


def memory(
    logic: Logic, unit: str, words: np.ndarray, element: FixedType, address: Value, cycles: int,
    name: str,
) -> Value:  # fmt: skip
    """The word at an address, one or more cycles later: read, and then passed on."""
    around = logic.unit
    logic.enter(unit, "A memory of constants, with registers behind it.")
    word = logic.read(logic.rom(words, element, "words"), logic.port(address, "address"))
    for _ in range(cycles - 1):
        word = logic.delayed(word, f"{name}_early")
    word = logic.delayed(word, name)
    logic.enter(around)
    return word
