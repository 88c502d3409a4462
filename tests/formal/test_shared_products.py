"""One multiplication is two, in the blocks of every target: for all factors, elements and sums.

Solvers are slow at multipliers. So the proof has two parts. First, what the printed design multiplies are
`high * 2**k + low` and x. A product is distributive over that sum, whatever its width: it is
`a * 2**k + b`, where a and b are the two products. Then, for any a and b in their ranges, the wires
behind it are b, and a added to the base. Narrow ones are multiplied out as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import z3

from lstmir.ir.operation import Value
from lstmir.numeric.fixed import FixedType
from lstmir.passes.machine import terms
from lstmir.passes.machine.logic import Logic
from lstmir.passes.machine.pairs import Block, Range, Shared
from lstmir.targets import PARTS
from tests.backends.verilog.blocks import shared_multiplier
from tests.formal.induction import impossible
from tests.formal.machine import Machine, extended, multiplied, nodes
from tests.formal.pairs import pair

pytestmark = pytest.mark.needs("pyosys")

S6, S8, U7, U8 = (FixedType(*type_, 0) for type_ in ((True, 6), (True, 8), (False, 7), (False, 8)))
BASE = FixedType(True, 20, 0)
CASES = [
    ("ice40", (-7, 7), (-7, 7), S8),
    ("ice40", (-8, 7), (-8, 7), FixedType(True, 7, 0)),
    ("ice40", (0, 7), (-7, 7), U8),
    ("ecp5", (-8, 7), (-8, 7), S8),
    ("ecp5", (-15, 15), (-15, 15), S8),
    ("ecp5", (-7, 7), (-31, 15), U7),
    ("gowin", (-2, 1), (-255, 255), FixedType(True, 6, 0)),
    ("xc7", (-127, 127), (-127, 127), S8),
    ("xc7", (-128, 127), (-128, 127), S8),
    ("xc7", (-128, 127), (-128, 127), FixedType(False, 7, 0)),
    ("xc7", (-31, 31), (-100, 90), FixedType(True, 10, 0)),
    ("xc7", (0, 255), (0, 63), U8),
    ("xc7", (-9, -1), (3, 8), FixedType(True, 16, 0)),
]
BLOCKS = {part.family: Block(part.dsp_widths) for part in PARTS.values()}


@dataclass(frozen=True)
class Proof:
    """A design with a shared multiplication, and its factors as integers with room for everything."""

    types: Shared
    machine: Machine

    @property
    def width(self) -> int:
        return self.types.product.width + BASE.width

    def number(self, name: str, type_: FixedType) -> z3.BitVecRef:
        """The integer of a port."""
        found = {**self.machine.inputs, **self.machine.outputs}[name]
        return extended(found, self.width, type_.signed)

    @property
    def factors(self) -> tuple[z3.BitVecRef, z3.BitVecRef, z3.BitVecRef]:
        """Of what is stored: the lower factor, the higher one, and the element."""
        low = self.number("x0", self.types.low_stored)
        high = self.number("x1", self.types.high_stored)
        return low, high + z3.If(low < 0, one(self), one(self) * 0), self.element

    @property
    def element(self) -> z3.BitVecRef:
        return self.number("x2", self.types.operand)

    def assumed(self) -> list[z3.BoolRef]:
        """Factors are in their ranges."""
        low, high, _ = self.factors
        return [within(low, self.types.low), within(high, self.types.high)]

    def product(self) -> z3.ExprRef:
        """The one multiplication."""
        (found,) = {
            node.get_id(): node
            for node in nodes(self.machine.outputs.values())
            if node.decl().name().startswith("times_")
        }.values()
        return found

    def factors_are_right(self) -> bool:
        """Whether the word and the element are multiplied, with so many bits that nothing is lost."""
        low, high, x = self.factors
        word, product = (high << self.types.split) + low, self.product()
        size = product.size()
        (a, b), wanted = product.children(), [extended(n, size, signed=True) for n in (word, x)]
        orders = [(a, b), (b, a)]
        return size >= self.types.product.width and any(
            impossible(*self.assumed(), z3.Or([f != w for f, w in zip(order, wanted, strict=True)]))
            for order in orders
        )

    def wires_are_right(self) -> bool:
        """Whether the outputs are both products, whatever these are: one alone, one with the base."""
        a, b = (z3.BitVec(name, self.width) for name in "ab")
        product, both = self.product(), (a << self.types.split) + b
        known = product, extended(both, product.size(), signed=True)
        low, sum_ = (z3.substitute(self.number(*each), known) for each in self.results())
        assumed = [
            within(a, self.types.high_range),
            within(b, self.types.low_range),
            within(both, of_type(self.types.product)),
        ]
        return impossible(*assumed, z3.Or(low != b, sum_ != self.number("x3", BASE) + a))

    def is_right_multiplied_out(self) -> bool:
        """The same without the detour."""
        low, high, x = self.factors
        outputs = [multiplied(self.number(name, type_)) for name, type_ in self.results()]
        base = self.number("x3", BASE)
        wrong = z3.Or(outputs[0] != low * x, outputs[1] != base + high * x)
        return impossible(*self.assumed(), wrong)

    def results(self) -> list[tuple[str, FixedType]]:
        """The outputs, in types that are at least as wide."""
        signed = self.types.low_product.signed
        return [("y0", FixedType(signed, 1, 0)), ("y1", FixedType(True, 1, 0))]


def one(proof: Proof) -> z3.BitVecRef:
    return z3.BitVecVal(1, proof.width)


def within(number: z3.BitVecRef, range_: Range) -> z3.BoolRef:
    return z3.And(number >= range_[0], number <= range_[1])


def of_type(type_: FixedType) -> Range:
    return type_.min_int, type_.max_int


def proofs(types: Shared, folder: Path) -> list[Proof]:
    """Of the definition, and of what is printed."""
    both = pair(shared_multiplier(types, BASE), folder)
    return [Proof(types, both.defined), Proof(types, both.printed)]


@pytest.mark.parametrize(("family", "low", "high", "operand"), CASES, ids=str)
def test_one_multiplication_is_two(
    family: str, low: Range, high: Range, operand: FixedType, tmp_path: Path
) -> None:
    types = Shared(low, high, operand)
    assert BLOCKS[family].fits(types.word, operand)
    for proof in proofs(types, tmp_path):
        assert proof.factors_are_right()
        assert proof.wires_are_right()


@pytest.mark.parametrize(("low", "high", "operand"), [((-3, 3), (-4, 3), S6)], ids=str)
def test_multiplied_out(low: Range, high: Range, operand: FixedType, tmp_path: Path) -> None:
    for proof in proofs(Shared(low, high, operand), tmp_path):
        assert proof.is_right_multiplied_out()


def test_the_proof_sees_a_forgotten_borrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terms, "with_carry", lambda logic, a, b, carry: logic.op("arith.add", a, b))
    for proof in proofs(Shared((-7, 7), (-7, 7), S8), tmp_path):
        assert proof.factors_are_right()
        assert not proof.wires_are_right()


def test_the_proof_sees_a_sign_that_is_not_extended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = terms.factor

    def damaged(logic: Logic, types: Shared, low: Value, high: Value) -> Value:
        return right(logic, types, logic.bits(low, 0, types.low_stored.width), high)

    monkeypatch.setattr("tests.backends.verilog.blocks.factor", damaged)
    for proof in proofs(Shared((-7, 7), (-7, 7), S8), tmp_path):
        assert not proof.factors_are_right()
