"""Names for values that have none, after the operation and the signal that it looks at."""

from __future__ import annotations

from collections.abc import Sequence

from lstmir.backends.verilog.expressions import Wires
from lstmir.interpreter.rtl_design import rounded_range, signal_type
from lstmir.ir.definition import definition_of
from lstmir.ir.operation import Operation

_WORDS = {"arith.and": "both", "arith.or": "either", "arith.select": "choice", "rtl.read": "word"}


def hint(op: Operation, operands: Sequence[Wires | int | None]) -> str:
    """A name such as `lane_is_3`, `z_narrow` or `sum`; `operands` are what is known of them."""
    word = _WORDS.get(op.name, definition_of(op.name).results[0])
    first = operands[0] if operands else None
    if not isinstance(first, Wires) or first.index is not None or not first.is_whole:
        return word
    if op.name == "fx.requantize":
        return f"{first.base}_{'wide' if _only_extends(op) else 'narrow'}"
    if op.name == "arith.compare" and op.attributes["predicate"] == "eq":
        other = operands[1]
        if isinstance(other, int):
            return f"{first.base}_is_{other}".replace("-", "minus_")
    return f"{first.base}_bits" if op.name in ("rtl.bits", "rtl.cast") else word


def _only_extends(op: Operation) -> bool:
    source, target = signal_type(op.operands[0].type), signal_type(op.result_types[0])
    return source.frac <= target.frac and target.contains_int(*rounded_range(op))
