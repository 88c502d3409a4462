"""What the analysis begins with, the declared ranges of the inputs, and the record of what it finds."""

from __future__ import annotations

from collections.abc import Mapping
from math import isinf

from lstmir.ir.module import Function, Module
from lstmir.ir.operation import Value
from lstmir.ir.types import is_float
from lstmir.numeric.boxes import Box, filled
from lstmir.passes.bounds.rules import sizes
from lstmir.passes.ranges import signed_format
from lstmir.passes.records import has_room

UNBOUNDED = "unbounded"


def declared_inputs(main: Function, margin: float) -> list[Box] | None:
    """The ranges of the inputs: recorded, widened, and on to the ends of the format that has them.

    An input saturates there and not before, so this is all that can come in, whatever the width
    of the format. None where no ranges were recorded.
    """
    ranges = main.attributes.get("ranges")
    if ranges is None:
        return None
    ends = [_end_of_format(margin * max(-lo, hi)) for lo, hi in ranges]
    parameters = zip(main.parameters, ends, strict=True)
    return [filled(sizes(value), -end, end) for value, end in parameters]


def _end_of_format(largest: float) -> float:
    return -signed_format(largest, 8).min_value


def record(module: Module, found: Mapping[Value, Box]) -> None:
    """Write `proven = [lo, hi]`, or that it is unbounded, beside where `calibrate` writes `range`."""
    for op in module.walk():
        if has_room(op) and is_float(op.result.type):
            lo, hi = found[op.result].ends
            op.attributes["proven"] = UNBOUNDED if isinf(hi - lo) else (lo, hi)
