"""Names for values that have none, after the operation and the signals around it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from lstmir.backends.verilog.expressions import Wires
from lstmir.interpreter.rtl_design import rounded_range, signal_type
from lstmir.ir.definition import definition_of
from lstmir.ir.operation import Operation

Target = tuple[str, bool] | None
"""A signal that a value ends in, and whether it is a register that takes it as it is."""

_WORDS = {
    "arith.and": "both",
    "arith.or": "either",
    "arith.select": "choice",
    "rtl.read": "word",
    "fx.requantize": "rounded",
}
_BETWEEN = {"arith.and": "_and_", "arith.or": "_or_"}
_LONGEST = 32


def hint(op: Operation, operands: Sequence[Wires | int | None], target: Target) -> str:
    """A name such as `lane_is_3` or `z_narrow`; `operands` are what is known of them."""
    return describe(op, [_name_of(operand) for operand in operands], target)


def _name_of(operand: Wires | int | None) -> str | int | None:
    if isinstance(operand, Wires):
        return operand.base if operand.index is None and operand.is_whole else None
    return operand


def role(user: Operation, operand: int, memory: str) -> str:
    """What a value is to the memory that it goes to: `table_read_address`."""
    kind = user.name.removeprefix("rtl.")
    return f"{memory}_{kind}_{definition_of(user.name).operands[operand]}"


def describe(op: Operation, operands: Sequence[str | int | None], target: Target) -> str:
    """The same from names and constants: of the operands if they have any, else of the target."""
    found = _from_operands(op, operands)
    if found is not None:
        return found
    word = _WORDS.get(op.name, definition_of(op.name).results[0])
    if target is None:
        return word
    name, is_next = target
    return f"{name}_next" if is_next else f"{name}_{word}"


def _from_operands(op: Operation, operands: Sequence[str | int | None]) -> str | None:
    first = operands[0] if operands else None
    if op.name in _BETWEEN:
        names = [operand for operand in operands if isinstance(operand, str)]
        if len(names) < len(operands):
            return None
        joined = _joined(names, _BETWEEN[op.name])
        return joined if len(joined) <= _LONGEST else None
    if not isinstance(first, str):
        return None
    if op.name == "fx.requantize":
        return f"{first}_{'wide' if _only_extends(op) else 'narrow'}"
    if op.name == "arith.compare" and op.attributes["predicate"] == "eq":
        other = operands[1]
        if isinstance(other, int):
            return f"{first}_is_{other}".replace("-", "minus_")
    if op.name == "arith.not":
        return f"not_{first}"
    if op.name == "rtl.read":
        return f"{first}_word"
    return f"{first}_bits" if op.name in ("rtl.bits", "rtl.cast") else None


def _joined(names: list[str], between: str) -> str:
    """`start_step_or_head` of `start_step` and `start_head`."""
    words = [name.split("_") for name in names]
    same = sum(
        1 for _ in takewhile(lambda column: len(set(column)) == 1, zip(*words, strict=False))
    )
    ends = ["_".join(rest[same:]) for rest in words]
    return "_".join([*words[0][:same], between.join(ends)]) if all(ends) else between.join(names)


def _only_extends(op: Operation) -> bool:
    source, target = signal_type(op.operands[0].type), signal_type(op.result_types[0])
    return source.frac <= target.frac and target.contains_int(*rounded_range(op))
