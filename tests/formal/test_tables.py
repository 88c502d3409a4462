"""Printed tables, and what computes with them, are real functions within the bound that the IR states.

For every operand at once: addresses and logic are terms, words are those of the printed images, and
the function's own values come from exact arithmetic.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import z3

from lstmir.ir.module import Module
from lstmir.ir.operands import constant_of
from lstmir.ir.operation import Operation
from lstmir.ir.types import element_of
from lstmir.numeric.fixed import FixedType
from lstmir.numeric.functions import FUNCTIONS
from lstmir.syntax.parser import parse_module
from tests.formal.functions import as_design, exact_table
from tests.formal.induction import impossible
from tests.formal.machine import Machine, multiplied
from tests.formal.pairs import pair
from tests.formal.running import looked_up
from tests.formal.test_designs import vowels, vowels_text
from tests.passes.test_approximate_activations import bound_of, function_of, replaced

pytestmark = pytest.mark.needs("pyosys")

FORMATS = (FixedType(True, 8, 4), FixedType(True, 9, 7))
OPTIONS = [(0, False), (0, True), (1, False), (3, True)]
"""How many last places a function may be wrong by, and whether half of it is computed."""


def farther_than(bound: int, machine: Machine, table: list[int], target: FixedType) -> z3.BoolRef:
    """Whether the output y differs from the table at the input x by more than the bound."""
    x, y = machine.inputs["x"], machine.outputs["y"]
    contents = [(m.content, looked_up(m, list(m.initial))) for m in machine.memories.values()]
    y = z3.substitute_funs(multiplied(y), *contents) if contents else multiplied(y)
    wide = target.width + 2
    extend = z3.SignExt if target.signed else z3.ZeroExt
    difference, wanted = extend(2, y), z3.BitVecVal(table[0], wide)
    for index, value in enumerate(table):
        wanted = z3.If(x == index, z3.BitVecVal(value, wide), wanted)
    difference = difference - wanted
    return z3.Or(difference > bound, difference < -bound)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize(("error", "fold"), OPTIONS)
def test_functions(name: str, error: int, fold: bool, tmp_path: Path) -> None:
    source, target = FORMATS
    module = replaced(function_of(name, source, target), error, fold)
    bound, design = bound_of(module), as_design(module)
    assert bound <= error
    both = pair(design, tmp_path)
    assert both.failures() == []
    claim = farther_than(bound, both.printed, exact_table(name, source, target), target)
    assert impossible(claim)
    if bound:  # the bound is met: a smaller one does not hold
        tight = farther_than(bound - 1, both.printed, exact_table(name, source, target), target)
        assert not impossible(tight)


def test_a_wrong_word_is_found(tmp_path: Path) -> None:
    source, target = FORMATS

    def damage(files: dict[str, str]) -> dict[str, str]:
        (image,) = (name for name in files if name.endswith(".mem"))
        words = files[image].splitlines()
        words[200] = f"{int(words[200], 16) ^ 1:03x}"
        return {**files, image: "\n".join(words)}

    module = replaced(function_of("tanh", source, target))
    both = pair(as_design(module), tmp_path, damage)
    assert not impossible(
        farther_than(0, both.printed, exact_table("tanh", source, target), target)
    )
    with pytest.raises(AssertionError, match="starts with other words"):
        both.failures()


def test_tables_of_a_real_network() -> None:
    """Each table is an exact one, and the machine has it."""
    level_3 = parse_module(vowels_text())
    lookups = [op for op in level_3.walk() if op.name == "fx.lookup"]
    exact = {_words(op, level_3): exact_table(*_claim(op)) for op in lookups}
    assert len(lookups) == 5 and all(list(words) == table for words, table in exact.items())
    level_5 = vowels()
    roms = [op for op in level_5.walk() if op.name == "tensor.constant"]
    held = {tuple(level_5.resources[rom.attributes["resource"]].tolist()) for rom in roms}
    assert set(exact) <= held


def _claim(op: Operation) -> tuple[str, FixedType, FixedType]:
    """What a look-up says of itself: its table's name begins with the function's."""
    source, target = (element_of(value.type) for value in (op.operands[1], op.result))
    name = str(op.operands[0].name).split("_")[0]
    assert isinstance(source, FixedType) and isinstance(target, FixedType)
    return name, source, target


def _words(op: Operation, module: Module) -> tuple[int, ...]:
    words = constant_of(op.operands[0], module.resources)
    assert words is not None
    return tuple(words.tolist())
