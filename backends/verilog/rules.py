"""The rules that say an operation in Verilog, by what they can do.

`ALIASES`: the result is wires that exist, or a constant. `WHOLE`: a right-hand side of its own.
`MODULAR`: the low bits of the result, however many are asked for; None where the rule cannot.
`EXACT`: all bits of the result, no more and no fewer.
"""

from __future__ import annotations

from lstmir.backends.verilog import arithmetic, requantize, wiring
from lstmir.ir.operation import Operation

ALIASES = {
    "arith.compare": arithmetic.alias_compare,
    "fx.requantize": requantize.alias,
    "rtl.bits": wiring.alias_bits,
    "rtl.cast": wiring.alias_cast,
    "rtl.concat": wiring.alias_concat,
    "rtl.literal": lambda logic, op: op.attributes["integer"],
    "rtl.read": wiring.alias_read,
}
WHOLE = {
    "arith.add": arithmetic.whole_sum,
    "arith.sub": arithmetic.whole_sum,
    "arith.mul": arithmetic.whole_product,
}
MODULAR = {
    "arith.add": arithmetic.add,
    "arith.sub": arithmetic.sub,
    "arith.neg": arithmetic.neg,
    "arith.select": arithmetic.select,
    "fx.requantize": requantize.modular,
    "rtl.bits": wiring.bits,
    "rtl.cast": wiring.cast,
}
EXACT = {
    "arith.compare": arithmetic.compare,
    "arith.and": wiring.conjunction,
    "arith.or": wiring.disjunction,
    "arith.not": wiring.negation,
    "fx.requantize": requantize.exact,
    "rtl.concat": wiring.side_by_side,
    "rtl.read": wiring.read,
}


def takes_low_bits(op: Operation) -> bool:
    """Whether an operation does nothing but take the low bits of its operand."""
    if op.name == "fx.requantize":
        return requantize.takes_low_bits(op)
    return op.name == "rtl.cast" or (op.name == "rtl.bits" and not op.attributes["low"])
