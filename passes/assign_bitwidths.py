"""Chooses a fixed-point format wherever information may be lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil, inf, log2
from typing import ClassVar

import numpy as np

from lstmir.ir.module import Module
from lstmir.ir.operands import constant_of, segment, segment_range
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import is_float, shape_of
from lstmir.numeric.fixed import MAX_STORED_WIDTH, FixedType
from lstmir.passes.ranges import UNLIMITED, Recorded
from lstmir.passes.uses import (
    feeds_matrix,
    is_exact_output,
    is_multiplied,
    refuse_lengths,
    users_of,
)
from lstmir.pipeline.passes import Context, Promise, cannot, register

# Beyond these a saturating function is flat: its operand may saturate.
_FLAT = {"math.sigmoid": 8.0, "math.tanh": 4.0}
# Ranges that hold for every operand.
_IMAGES = {"math.sigmoid": (0.0, 1.0), "math.tanh": (-1.0, 1.0)}
# Finer than this part of the largest sum (as a power of two), a product would only widen the sum.
_SUM_BITS = 40


@register
@dataclass(frozen=True)
class AssignBitwidths:
    """Records a `format` for constants, parameters, states and the values of real functions.

    Outside of recurrences also for products, and for what is computed for a matrix or a recurrence
    to read. Whatever lies between those is exact. Integer bits follow from the range of the values:
    proven for functions whose image is known, else recorded by `calibrate` and widened by
    `margin` (the record `basis` says which); what exceeds them saturates.
    """

    name: ClassVar[str] = "assign-bitwidths"
    summary: ClassVar[str] = "choose a format for every value that is rounded"
    promise: ClassVar[Promise] = Promise.MEASURED

    weights: int = field(default=8, metadata={"help": "bits of a weight"})
    bias: int = field(default=16, metadata={"help": "bits of a bias"})
    activations: int = field(default=8, metadata={"help": "bits of inputs, gates and h"})
    operands: int = field(default=8, metadata={"help": "bits of the operand of a function"})
    state: int = field(
        default=16, metadata={"help": "bits of a state or product that feeds no matrix"}
    )
    margin: float = field(default=1.25, metadata={"help": "factor on recorded ranges"})

    def __post_init__(self) -> None:
        """Refuse formats that no constant or memory could have."""
        for name in ("weights", "bias", "activations", "operands", "state"):
            if not 2 <= getattr(self, name) <= MAX_STORED_WIDTH:
                raise ValueError(
                    f"{name} must be 2 to {MAX_STORED_WIDTH} bits, not {getattr(self, name)}"
                )
        if not 0 < self.margin < inf:
            raise ValueError(f"margin must be positive, not {self.margin:g}")

    def run(self, module: Module, context: Context) -> None:
        """Raises `UserError` where a range was not recorded."""
        refuse_lengths(self, module)
        _Assignment(self, module).run()


class _Assignment:
    def __init__(self, options: AssignBitwidths, module: Module) -> None:
        self.options = options
        self.module = module
        self.known = Recorded(options, module)

    def run(self) -> None:
        main = self.module.main
        ranges = main.attributes.get("ranges")
        if ranges is None:
            raise self.known.missing(None)
        main.attributes["formats"] = tuple(
            self.sampled(range_, self.options.activations) for range_ in ranges
        )
        self.region(main.region)
        for op in main.region.operations():
            self.arithmetic(op)
        constants = [
            op for op in self.module.walk()
            if op.name == "tensor.constant" and is_float(op.result.type)
        ]  # fmt: skip
        # Matrices first: the fraction bits of a bias follow from those of the products.
        for op in sorted(constants, key=lambda op: len(shape_of(op.result.type)) != 2):
            self.constant(op)

    def region(self, region: Region) -> None:
        for op in region.operations():
            if op.name in _IMAGES or op.name.startswith("math."):
                self.function(op)
            if op.name == "rnn.scan":
                self.states(op)
                self.region(op.regions[0])

    def function(self, op: Operation) -> None:
        lo, hi = self.known.range_of(op.operands[0])
        flat = _FLAT.get(op.name, float("inf"))
        operand = self.sampled((max(lo, -flat), min(hi, flat)), self.options.operands, flat)
        op.attributes["operand_format"] = operand
        image = _IMAGES.get(op.name)
        lo, hi = image or self.known.range_of(op.result)
        self.set(op, self.unit(lo, hi) if image else self.sampled((lo, hi), self.options.activations),
                 "proven" if image else "sampled")  # fmt: skip

    def arithmetic(self, op: Operation) -> None:
        """Widths add up in products: without a format, a few in a row would be too wide to store."""
        if not op.name.startswith("arith.") or not is_float(op.result.type):
            return
        multiplied = is_multiplied(op.result)
        if multiplied or op.name == "arith.mul":
            bits = self.options.activations if multiplied else self.options.state
            self.set(op, self.sampled(self.known.range_of(op.result), bits), "sampled")

    def unit(self, lo: float, hi: float) -> FixedType:
        """A format for [0, 1] or [-1, 1]; 1 itself saturates by one unit."""
        bits = self.options.activations
        return FixedType(lo < 0, bits, bits - (lo < 0))

    def states(self, scan: Operation) -> None:
        end = scan.regions[0].end
        count = end.attributes["segments"][0]
        for index, value in enumerate(end.operands):
            held = index < count
            argument = self.state_argument(scan, index) if held else None
            if value.op.name == "tensor.constant" or "format" in value.op.attributes:
                continue
            if argument is None and is_exact_output(value):
                continue
            self.state(value, argument, segment(scan, "state")[index] if held else None)

    def state_argument(self, scan: Operation, index: int) -> Value:
        inputs = len(segment_range(scan, ""))
        return scan.regions[0].arguments[inputs + index]

    def state(self, value: Value, argument: Value | None, initial: Value | None) -> None:
        if value.op is value.op.parent.entry:
            raise cannot(
                self.options, "a state that is passed on unchanged has no format", value.op.location
            )
        bits = (
            self.options.activations
            if argument is None or feeds_matrix(argument)
            else self.options.state
        )
        bound = product_bound(value)
        lo, hi = bound or self.known.range_of(value)
        if initial is not None and constant_of(initial, self.module.resources) is not None:
            first = self.known.range_of(initial)
            lo, hi = min(lo, first[0]), max(hi, first[1])
        format_ = self.unit(lo, hi) if (lo, hi) == bound else self.sampled((lo, hi), bits)
        self.set(value.op, format_, "proven" if bound else "sampled")

    def constant(self, op: Operation) -> None:
        array = self.module.resources[op.attributes["resource"]]
        largest = float(np.abs(array).max()) if array.size else 0.0
        users = users_of(op.result)
        for user, index in users:
            if user.name == "rnn.scan" and index in (held := segment_range(user, "state")):
                state = user.regions[0].end.operands[index - held.start]
                self.set(op, state.op.attributes["format"], state.op.attributes["basis"])
                return
        products = [user for user, _ in users if user.name == "linalg.matvec"]
        bits = self.options.weights if products else self.options.bias
        format_ = signed_format(largest / (1 - 2.0 ** (1 - bits)), bits)
        limits = [self.useful_frac(op) for op in products] or [
            self.product_frac(op) for op, _ in users
        ]
        limit = max(limits, default=UNLIMITED)
        if limit < format_.frac:
            # Finer than the products that it is added to, a bias would only widen the sum.
            format_ = FixedType(True, max(2, bits - (format_.frac - limit)), limit)
        self.set(op, format_, "proven")

    def useful_frac(self, product: Operation) -> int:
        """The fraction bits beyond which the elements of a matrix would only widen the sum."""
        sums = [user for user, _ in product.parent.uses(product.result) if user.name == "arith.add"]
        largest = max(map(abs, self.known.range_of((sums or [product])[0].result)))
        vector = self.known.frac_of(product.operands[1])
        if largest == 0 or vector == UNLIMITED:
            return UNLIMITED
        return _SUM_BITS - ceil(log2(largest)) - vector

    def product_frac(self, user: Operation) -> int:
        """The fraction bits of the finest product that an addition takes."""
        products = [v.op for v in user.operands if v.op.name == "linalg.matvec"]
        return max(
            (sum(map(self.known.frac_of, op.operands)) for op in products), default=UNLIMITED
        )

    def sampled(
        self, range_: tuple[float, float], bits: int, limit: float = float("inf")
    ) -> FixedType:
        lo, hi = (min(max(x * self.options.margin, -limit), limit) for x in range_)
        return signed_format(max(-lo, hi), bits)

    def set(self, op: Operation, format_: FixedType, basis: str) -> None:
        op.attributes["format"] = format_
        op.attributes["basis"] = basis


def signed_format(largest: float, bits: int) -> FixedType:
    """The signed format of `bits` bits with the smallest unit that covers -largest to largest.

    The positive end itself may saturate by one unit.
    """
    integer = ceil(log2(largest) - 1e-12) if largest > 0 else 0
    return FixedType(True, bits, bits - 1 - integer)


def product_bound(value: Value) -> tuple[float, float] | None:
    """The proven range of a product of functions with known images."""
    if value.op.name != "arith.mul":
        return None
    images = [_IMAGES.get(operand.op.name) for operand in value.op.operands]
    if None in images:
        return None
    corners = [a * b for a in images[0] or () for b in images[1] or ()]
    return min(corners), max(corners)
