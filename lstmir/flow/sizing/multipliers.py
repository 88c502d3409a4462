"""Which multiplications become DSP blocks, and how many: by the rules of the synthesis, no fit."""

from __future__ import annotations

from lstmir.flow.sizing.rules import Rules
from lstmir.interpreter.rtl_design import signal_type
from lstmir.ir.operation import Operation


def dsp_blocks(op: Operation, rules: Rules) -> int:
    """Blocks for one multiplication; 0 if it is made of LUTs."""
    types = [signal_type(value.type) for value in op.operands]
    product = signal_type(op.result.type).width
    # A signed factor makes the other one signed too, and two unsigned ones where blocks know no others.
    signed = any(type_.signed for type_ in types) or rules.signed_only
    widths = sorted((t.width + (signed and not t.signed) for t in types), reverse=True)
    if min(type_.width for type_ in types) < 2 or product < rules.least_product:
        return 0
    return _parts(widths[0], rules.widest[0], rules) * _parts(widths[1], rules.widest[1], rules)


def _parts(width: int, widest: int, rules: Rules) -> int:
    if width <= widest:
        return 1
    step = rules.part - rules.signed_only
    return 1 + -(-(width - widest) // step)
