"""From real functions to tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from lstmir.ir.builder import Builder
from lstmir.ir.captures import add_capture
from lstmir.ir.module import Module
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import TensorType, element_of, is_float
from lstmir.numeric.fixed import FixedType
from lstmir.numeric.functions import table
from lstmir.pipeline.passes import Context, Promise, cannot, register

MAX_TABLE_BITS = 16


@register
@dataclass(frozen=True)
class ApproximateActivations:
    """Replaces each `math.*` operation by a look-up in a table of all its results.

    The table has the correctly rounded result of every operand of the format, so the bound on the
    difference is zero. Functions with the same formats share one table.
    """

    name: ClassVar[str] = "approximate-activations"
    summary: ClassVar[str] = "real functions become tables"
    promise: ClassVar[Promise] = Promise.BOUNDED

    def run(self, module: Module, context: Context) -> None:
        """Raises `UserError` for an operand of more than 16 bits, or for floats."""
        for op in list(module.walk()):
            if op.name.startswith("math."):
                self.replace(module, op)

    def replace(self, module: Module, op: Operation) -> None:
        source, target = element_of(op.operands[0].type), element_of(op.result.type)
        if is_float(op.result.type):
            raise cannot(self, f"'{op.name}' is still in floats: run quantize first", op.location)
        assert isinstance(source, FixedType) and isinstance(target, FixedType)
        if source.width > MAX_TABLE_BITS:
            why = (
                f"'{op.name}' of {source} has no table: its operand may have {MAX_TABLE_BITS} bits"
            )
            raise cannot(self, why, op.location, "lower the option 'operands' of assign-bitwidths")
        function = op.name.removeprefix("math.")
        entries = _table_in(module, op.parent, function, source, target)
        build = Builder(module, op.parent, before=op, location=op.location)
        found = build.value("fx.lookup", entries, op.operands[0], hint=op.result_names[0])
        op.parent.replace(op, [found])


def _table_in(
    module: Module, region: Region, function: str, source: FixedType, target: FixedType
) -> Value:
    """The table as a value of a region: a constant outside, captured on the way in."""
    name = f"{function}_{_label(source)}_{_label(target)}"
    if region.owner is not None:
        outer = _table_in(module, region.owner.parent, function, source, target)
        return add_capture(region.owner, outer, name)
    for op in region.operations():
        if op.name == "tensor.constant" and op.attributes["resource"] == name:
            return op.result
    type_ = TensorType((1 << source.width,), target)
    first = region.operations()[0]
    return Builder(module, region, before=first).constant(
        table(function, source, target), type_, name
    )


def _label(type_: FixedType) -> str:
    frac = f"m{-type_.frac}" if type_.frac < 0 else str(type_.frac)
    return f"{'s' if type_.signed else 'u'}{type_.width}_{frac}"
