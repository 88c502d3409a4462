"""How operations on scalars are printed: as C++ expressions, whose results have the IR's types."""

from __future__ import annotations

from lstmir.backends.hls_cpp.formats import OVERFLOW, QUANTIZATION
from lstmir.backends.hls_cpp.program import Program, rule
from lstmir.ir.operation import Operation, Value
from lstmir.ir.types import Type, element_of
from lstmir.numeric.fixed import FixedType, union_type
from lstmir.numeric.modes import Overflow, Rounding

_RELATIONS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_JOINED = {
    "arith.add": " + ",
    "arith.sub": " - ",
    "arith.mul": " * ",
    "arith.and": " && ",
    "arith.or": " || ",
}


@rule(*_JOINED)
def joined(program: Program, op: Operation) -> None:
    """The types of ap_fixed's own results are at least as wide as the IR's, so nothing is lost."""
    program.define(op, _JOINED[op.name].join(map(program.name, op.operands)))


@rule("arith.neg")
def neg(program: Program, op: Operation) -> None:
    """Also of an unsigned number: ap_fixed makes it signed first."""
    program.define(op, f"-{program.name(op.operands[0])}")


@rule("arith.not")
def not_(program: Program, op: Operation) -> None:
    """Of a truth value."""
    program.define(op, f"!{program.name(op.operands[0])}")


@rule("arith.compare")
def compare(program: Program, op: Operation) -> None:
    """In a format that holds both: where signs differ, ap_fixed compares as C does, bit by bit."""
    common = union_type(_format(value.type) for value in op.operands)
    left, right = (_as_type(program, value, common) for value in op.operands)
    program.define(op, f"{left} {_RELATIONS[op.attributes['predicate']]} {right}")


@rule("arith.select")
def select(program: Program, op: Operation) -> None:
    """Both branches have the result's type, as C++ demands."""
    condition, *branches = op.operands
    left, right = (_as_type(program, value, op.result.type) for value in branches)
    program.define(op, f"{program.name(condition)} ? {left} : {right}")


@rule("fx.requantize")
def requantize(program: Program, op: Operation) -> None:
    """A conversion to the type whose modes say what is lost."""
    source, target = _format(op.operands[0].type), _format(op.result.type)
    rounding = Rounding(op.attributes["rounding"])
    modes = QUANTIZATION[rounding], OVERFLOW[Overflow(op.attributes["overflow"])]
    number = program.name(op.operands[0])
    dropped = source.frac - target.frac
    if dropped > source.width:
        # The headers look at the highest bit that is dropped, and assert that there is one.
        number = f"{program.type.spelled(source.signed, dropped, source.frac)}({number})"
    type_ = program.type.spelled(target.signed, target.width, target.frac, *modes)
    program.define(op, f"{type_}({number})")


def _as_type(program: Program, value: Value, type_: Type) -> str:
    name = program.name(value)
    return name if value.type == type_ else f"{program.type(type_)}({name})"


def _format(type_: Type) -> FixedType:
    element = element_of(type_)
    assert isinstance(element, FixedType)
    return element
