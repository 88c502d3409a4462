"""Which multiplications become DSP blocks, and how many: by the rules of the synthesis, no fit."""

from __future__ import annotations

from lstmir.flow.sizing.rules import Rules
from lstmir.interpreter.rtl_design import signal_type
from lstmir.ir.operation import Operation

_NARROWEST = 2


def dsp_blocks(op: Operation, rules: Rules) -> int:
    """Blocks for one multiplication; 0 if it is made of LUTs."""
    types = [signal_type(value.type) for value in op.operands]
    # A signed factor makes the other one signed too, and two unsigned ones where blocks know no others.
    signed = any(type_.signed for type_ in types) or rules.signed_only
    second, first = sorted(t.width + (signed and not t.signed) for t in types)
    if not _pays(first, second, rules):
        return 0
    parts = _parts(first, rules.widest[0], rules), _parts(second, rules.widest[1], rules)
    return sum(_pays(a, b, rules) for a in parts[0] for b in parts[1])


def _pays(a: int, b: int, rules: Rules) -> bool:
    """Whether factors of these widths are given a block."""
    return min(a, b) >= _NARROWEST and a + b >= rules.least_product


def _parts(width: int, widest: int, rules: Rules) -> list[int]:
    """The widths of what a factor is cut into."""
    step = rules.part - rules.signed_only
    cuts = max(0, -(-(width - widest) // step))
    return [rules.part] * cuts + [width - cuts * step]
