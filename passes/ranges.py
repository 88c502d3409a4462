"""The ranges and formats that were recorded of values, also where they only pass through."""

from __future__ import annotations

from math import ceil, log2
from typing import TYPE_CHECKING

from lstmir.ir.module import Module
from lstmir.ir.operands import captured_value, constant_of, segment_range
from lstmir.ir.operation import Operation, Value
from lstmir.numeric.fixed import FixedType
from lstmir.passes.uses import next_states
from lstmir.pipeline.passes import Pass, cannot

if TYPE_CHECKING:
    import numpy as np

UNLIMITED = 2**16
"""More fraction bits than any format has: those of a value without one."""


class Recorded:
    """What is known of the values of a module; `pass_` is whoever asks."""

    def __init__(self, pass_: Pass, module: Module) -> None:
        self.pass_, self.module = pass_, module

    def frac_of(self, value: Value) -> int:
        """The fraction bits that a matrix or a vector will have."""
        source = self.source(value)
        main = self.module.main
        if source.op is main.region.entry:
            return int(main.attributes["formats"][source.index].frac)
        format_ = source.op.attributes.get("format")
        return format_.frac if isinstance(format_, FixedType) else UNLIMITED

    def source(self, value: Value) -> Value:
        """The value whose format another will have: seen through regions and rearrangements."""
        op = value.op
        outer = captured_value(value)
        if outer is not None:
            return self.source(outer)
        owner = op.parent.owner
        if op is op.parent.entry and owner is not None:
            inputs = len(segment_range(owner, ""))
            if value.index < inputs:
                return self.source(owner.operands[value.index])
            return self.source(owner.regions[0].end.operands[value.index - inputs])
        if op.name == "rnn.scan":
            end = op.regions[0].end
            states, emits = end.attributes["segments"]
            index = states + value.index if value.index < emits else value.index - emits
            return self.source(end.operands[index])
        if op.name.startswith("tensor.") and op.name != "tensor.constant":
            return self.source(op.operands[0])
        return value

    def range_of(self, value: Value) -> tuple[float, float]:
        """The smallest and the largest element. Raises `UserError` where nothing was recorded."""
        outer = captured_value(value)
        if outer is not None:
            return self.range_of(outer)
        array = constant_of(value, self.module.resources)
        if array is not None:
            return float(array.min()), float(array.max())
        main = self.module.main
        found = value.op.attributes.get("range")
        if value.op is main.region.entry:
            found = main.attributes["ranges"][value.index]
        if found is not None:
            return found[0], found[1]
        source = self.source(value)
        if source == value:
            raise self.missing(value.op)
        return self.range_of(source)

    def histogram_of(self, value: Value) -> np.ndarray | None:
        """The elements of a computed value by magnitude; None where they were not counted."""
        record = value.op.attributes.get("histogram")
        if record is not None:
            return self.module.resources[record["resource"]]
        source = self.source(value)
        return None if source == value else self.histogram_of(source)

    def missing(self, op: Operation | None) -> Exception:
        """The error that says what to run."""
        place = op.location if op is not None else None
        return cannot(self.pass_, "a value has no recorded range: run calibrate first", place)


def format_of_state(value: Value) -> FixedType | None:
    """The format of the states that a value is the start of, if it is nothing else."""
    formats = {state.op.attributes.get("format") for state in next_states(value) or []}
    found = formats.pop() if len(formats) == 1 else None
    return found if isinstance(found, FixedType) else None


def signed_format(largest: float, bits: int) -> FixedType:
    """The signed format of `bits` bits with the smallest unit that covers -largest to largest.

    The positive end itself may saturate by one unit.
    """
    return FixedType(True, bits, bits - 1 - integer_bits(largest))


def integer_bits(largest: float) -> int:
    """The integer bits, without sign, of what lies between -largest and largest; 0 of nothing.

    The positive end itself may be one unit too much.
    """
    return ceil(log2(largest) - 1e-12) if largest > 0 else 0
