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
    input_stages: int, name: str,
) -> Value:  # fmt: skip
    """The product of two signals, each with its name in the unit; 1 + `input_stages` cycles later."""
    around = logic.unit
    logic.enter(unit, "Multiplies, between registers.")
    inputs = []
    for label, operand in operands:
        value = logic.port(operand, label)
        for _ in range(input_stages):
            value = logic.delayed(value, f"{label}_q")
        inputs.append(value)
    product = logic.delayed(logic.op("arith.mul", *inputs, type=type_), name)
    logic.enter(around)
    return product


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
