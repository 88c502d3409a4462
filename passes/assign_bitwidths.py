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
from lstmir.passes.bounds.analysis import prove
from lstmir.passes.bounds.choice import Choice, Choices, image_of, set_choice
from lstmir.passes.bounds.declared import declared_inputs, record
from lstmir.passes.ranges import UNLIMITED, Recorded, signed_format
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
# Finer than this part of the largest sum (as a power of two), a product would only widen the sum.
_SUM_BITS = 40


@register
@dataclass(frozen=True)
class AssignBitwidths:
    """Records a `format` for constants, parameters, states and the values of real functions.

    Outside of recurrences also for products, and for what is computed for a matrix or a recurrence
    to read. Whatever lies between those is exact. Integer bits follow from the range of the values:
    the proven one (see `prove-ranges`, whose records are made here too) where it costs no bit more
    than what `calibrate` recorded, widened by `margin`; else that one, and what exceeds it
    saturates. The record `basis` says which. Gates and the states that they make are always proven.
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
        inputs = declared_inputs(module.main, options.margin)
        if inputs is None:
            raise self.known.missing(None)
        proven = prove(module, inputs)
        record(module, proven)
        self.choices = Choices(self.known, proven, options.margin)

    def run(self) -> None:
        main = self.module.main
        main.attributes["formats"] = tuple(
            signed_format(self.options.margin * max(-lo, hi), self.options.activations)
            for lo, hi in main.attributes["ranges"]
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
            if op.name.startswith("math."):
                self.function(op)
            if op.name == "rnn.scan":
                self.states(op)
                self.region(op.regions[0])

    def function(self, op: Operation) -> None:
        flat = _FLAT.get(op.name, inf)
        operand = self.choices.of(op.operands[0], self.options.operands, limit=flat)
        op.attributes["operand_format"] = operand.format
        bits, image = self.options.activations, image_of(op.result)
        choice = self.choices.in_unit(op.result, bits, image) if image else None
        set_choice(op, choice or self.choices.of(op.result, bits))

    def arithmetic(self, op: Operation) -> None:
        """Widths add up in products: without a format, a few in a row would be too wide to store."""
        if not op.name.startswith("arith.") or not is_float(op.result.type):
            return
        multiplied = is_multiplied(op.result)
        if multiplied or op.name == "arith.mul":
            bits = self.options.activations if multiplied else self.options.state
            set_choice(op, self.choices.of(op.result, bits))

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
        # Only a constant is known to be what it was on the data.
        if initial is None or constant_of(initial, self.module.resources) is None:
            initial = None
        image, units = image_of(value), self.options.activations
        choice = self.choices.in_unit(value, units, image, initial) if image else None
        set_choice(value.op, choice or self.choices.of(value, bits, initial))

    def constant(self, op: Operation) -> None:
        array = self.module.resources[op.attributes["resource"]]
        largest = float(np.abs(array).max()) if array.size else 0.0
        users = users_of(op.result)
        for user, index in users:
            if user.name == "rnn.scan" and index in (held := segment_range(user, "state")):
                state = user.regions[0].end.operands[index - held.start]
                set_choice(op, Choice(state.op.attributes["format"], state.op.attributes["basis"]))
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
        set_choice(op, Choice(format_, "proven"))

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
