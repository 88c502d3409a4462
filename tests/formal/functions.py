"""Real functions in exact arithmetic, and the operations that took their place as a design."""

from __future__ import annotations

from fractions import Fraction

from lstmir.ir.builder import Builder
from lstmir.ir.module import Function, Module
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import element_of
from lstmir.ir.verify import verify
from lstmir.numeric import enclosures
from lstmir.numeric.fixed import FixedType
from lstmir.numeric.functions import FUNCTIONS, RoundedFunction


def exact_table(name: str, source: FixedType, target: FixedType) -> list[int]:
    """The function at every bit pattern of the source: rounded half to even, then saturated.

    Where there is no value, that of zero.
    """
    patterns = range(1 << source.width)
    integers = [bits - (bits > source.max_int) * (1 << source.width) for bits in patterns]
    return [_saturated(_rounded(name, i, source, target.frac), target) for i in integers]


def _saturated(integer: int | None, target: FixedType) -> int:
    if integer is None:
        return target.min_int
    return max(target.min_int, min(target.max_int, integer))


def _rounded(name: str, integer: int, source: FixedType, frac: int) -> int | None:
    """The nearest integer; None for minus infinity."""
    x, function = integer * Fraction(2) ** -source.frac, FUNCTIONS[name]
    if name in ("log", "sqrt"):
        x = max(x, Fraction(0))
    if name == "log" and x == 0:
        return None
    if isinstance(function, RoundedFunction):
        return enclosures.nearest(function.enclose, x, frac)
    value = abs(x) if name == "abs" else max(x, Fraction(0))
    return round(value * Fraction(2) ** frac)


def as_design(module: Module) -> Module:
    """A scalar function of level 3 as combinational logic, tables read as the machine reads them."""
    (source,) = module.main.parameters
    design = Module("part", functions={"part": Function("part", Region([source.type], ["x"]))})
    design.resources = module.resources
    region = design.main.region
    build, values = Builder(design, region), {source: region.arguments[0]}
    for op in module.main.region.operations():
        if op.name == "return":
            build.end("rtl.next", [values[v] for v in op.operands], segments=(len(op.operands), 0))
        else:
            values[op.result] = _copied(build, op, [values[value] for value in op.operands])
    design.main.attributes["outputs"] = ("y",)
    verify(design)
    return design


def _copied(build: Builder, op: Operation, operands: list[Value]) -> Value:
    if op.name == "tensor.constant" and isinstance(op.result.type, FixedType):
        integer = int(build.module.resources[op.attributes["resource"]])
        return build.value("rtl.literal", type=op.result.type, integer=integer)
    if op.name == "fx.lookup":
        table, index = operands
        type_ = element_of(index.type)
        assert isinstance(type_, FixedType)
        address = build.value("rtl.bits", index, low=0, width=type_.width)
        return build.value("rtl.read", table, address, hint=op.result.name)
    kept = {name: value for name, value in op.attributes.items() if name != "bound"}
    return build.value(op.name, *operands, type=op.result.type, hint=op.result.name, **kept)
