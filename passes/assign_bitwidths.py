"""Chooses a fixed-point format wherever information may be lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import ClassVar

from lstmir.ir.attached import OF_PARAMETERS
from lstmir.ir.module import Module
from lstmir.ir.operands import constant_of, segment, segment_range
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import is_float
from lstmir.numeric.fixed import MAX_STORED_WIDTH
from lstmir.passes.bounds.analysis import prove
from lstmir.passes.bounds.choice import Choices, image_of, set_choice, set_operand
from lstmir.passes.bounds.declared import declared_inputs, record
from lstmir.passes.formats.asked import SCALES, Asked, read_codes, read_scale
from lstmir.passes.formats.budget import Budget, spend
from lstmir.passes.formats.constants import Constants
from lstmir.passes.ranges import Recorded, format_of_state, signed_format
from lstmir.passes.uses import (
    feeds_matrix,
    is_exact_output,
    is_joined,
    is_multiplied,
    refuse_lengths,
)
from lstmir.pipeline.passes import Context, Promise, cannot, register

# Beyond these a saturating function is flat: its operand may saturate.
_FLAT = {"math.sigmoid": 8.0, "math.tanh": 4.0}
ROUNDINGS = ("nearest", "compensated")


@register
@dataclass(frozen=True)
class AssignBitwidths:
    """Records a `format` for constants, parameters, states and the values of real functions.

    Outside of recurrences also for products, and for what is computed for a matrix or a recurrence
    to read; inside of them for computed parts of a vector (`tensor.concat`) that a matrix reads.
    Whatever lies between those is exact. Integer bits follow from the range of the values: the
    proven one (see `prove-ranges`, whose records are made here too) where it costs no bit more than
    what `calibrate` recorded, widened by `margin`; else that one, and what exceeds it saturates.
    The record `basis` says which. Gates and the states that they make are always proven.
    An input that is nothing but the initial state of a recurrence has the format of that state, so
    that a host may feed it with what came out.

    Weights have `weights` bits: plain integers, but signs (±1) with one bit and ±1, ±3 with two,
    times a power of two. `codes` says more for recurrent matrices, one for all their gates or one
    for each in the order of the rows, and `scale` for what there is a power of two: each row or
    gate. Codes that an encoding has already stay; gates beside them that have none get `weights`
    bits. All gates of a matrix are given ONE element type, in which each one's values fit.

    With a budget (`bits` of a weight on average, indices and exponents included; `total-bits` of
    all that is stored, biases included; or `max-error`, the mean squared change of the outputs on
    the calibration data by rounding the weights), the code of every gate of every matrix is chosen
    by what it is measured to change of the outputs; `rounding` says how `quantize` is to round.
    The module's `allotted` records the bits of the matrices, and that change.

    With `clip=mse`, a sampled range may give up rare outliers: of the formats with fewer integer
    bits, that one is taken whose expected squared error by rounding and by saturation together is
    least on the recorded histogram. `clipped` says how many of the elements seen saturate in the
    format of a result, `operand_clipped` in that of a function's operand.
    """

    name: ClassVar[str] = "assign-bitwidths"
    summary: ClassVar[str] = "choose a format for every value that is rounded"
    promise: ClassVar[Promise] = Promise.MEASURED

    weights: int = field(default=8, metadata={"help": "bits of a weight; 1 is a sign"})
    codes: str = field(
        default="", metadata={"help": "of recurrent matrices, of all or each gate: `integer:4`, …"}
    )
    scale: str = field(default="row", metadata={"help": f"of codes: one of {', '.join(SCALES)}"})
    bias: int = field(default=16, metadata={"help": "bits of a bias"})
    activations: int = field(default=8, metadata={"help": "bits of inputs, gates and h"})
    operands: int = field(default=8, metadata={"help": "bits of the operand of a function"})
    state: int = field(
        default=16, metadata={"help": "bits of a state or product that feeds no matrix"}
    )
    bits: float = field(default=0.0, metadata={"help": "budget: bits of a weight on average"})
    total_bits: int = field(default=0, metadata={"help": "budget: bits of all that is stored"})
    max_error: float = field(
        default=0.0, metadata={"help": "budget: mean squared error of the outputs by the weights"}
    )
    rounding: str = field(
        default="nearest",
        metadata={"help": "how quantize will round, for budgets: nearest or compensated"},
    )
    margin: float = field(default=1.25, metadata={"help": "factor on recorded ranges"})
    clip: str = field(default="range", metadata={"help": "sampled ranges: `range` or least `mse`"})

    def __post_init__(self) -> None:
        """Refuse formats that no constant or memory could have."""
        for name in ("weights", "bias", "activations", "operands", "state"):
            least = 1 if name == "weights" else 2
            if not least <= getattr(self, name) <= MAX_STORED_WIDTH:
                raise ValueError(
                    f"{name} must be {least} to {MAX_STORED_WIDTH} bits, not {getattr(self, name)}"
                )
        if not 0 < self.margin < inf:
            raise ValueError(f"margin must be positive, not {self.margin:g}")
        if self.clip not in ("range", "mse"):
            raise ValueError(f"clip must be range or mse, not '{self.clip}'")
        if self.rounding not in ROUNDINGS:
            raise ValueError(
                f"rounding must be one of {', '.join(ROUNDINGS)}, not '{self.rounding}'"
            )
        complaint = self.budget.complaint()
        if complaint:
            raise ValueError(complaint)
        if self.asked.codes and self.budget.is_limited:
            raise ValueError("codes are given, or chosen for a budget; not both")

    @property
    def asked(self) -> Asked:
        """What weights are to be stored as. Raises ValueError for options that name nothing."""
        return Asked(self.weights, read_codes(self.codes), read_scale(self.scale))

    @property
    def budget(self) -> Budget:
        """What weights may cost."""
        compensated = self.rounding == "compensated"
        return Budget(self.bits, self.total_bits, self.max_error, compensated)

    def run(self, module: Module, context: Context) -> None:
        """Raises `UserError` where a record is missing, or a budget cannot be kept."""
        refuse_lengths(self, module)
        if self.clip == "mse" and OF_PARAMETERS not in module.main.attributes:
            raise cannot(self, "no histograms were recorded: run calibrate{histograms=true} first")
        _Assignment(self, module).run(context)


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
        self.choices = Choices(self.known, proven, options.margin, clips=options.clip == "mse")
        self.constants = Constants(options, self.known, options.asked, options.bias)

    def run(self, context: Context) -> None:
        main = self.module.main
        main.attributes["formats"] = tuple(
            signed_format(self.options.margin * max(-lo, hi), self.options.activations)
            for lo, hi in main.attributes["ranges"]
        )
        self.region(main.region)
        for op in main.region.operations():
            self.arithmetic(op)
        main.attributes["formats"] = tuple(
            format_of_state(value) or format_
            for value, format_ in zip(main.parameters, main.attributes["formats"], strict=True)
        )
        if self.options.budget.is_limited:
            spend(self.options, self.options.budget, self.constants, context)
        self.constants.assign()

    def region(self, region: Region) -> None:
        for op in region.operations():
            if op.name.startswith("math."):
                self.function(op)
            if op.name == "rnn.scan":
                self.states(op)
                self.region(op.regions[0])
                self.joined(op.regions[0])

    def joined(self, body: Region) -> None:
        """Parts of a vector have one format: exact ones would all be as fine as the finest."""
        for op in body.operations():
            if op.name.startswith("arith.") and is_float(op.result.type) and is_joined(op.result):
                set_choice(op, self.choices.of(op.result, self.options.activations))

    def function(self, op: Operation) -> None:
        flat = _FLAT.get(op.name, inf)
        operand = self.choices.of(op.operands[0], self.options.operands, limit=flat)
        set_operand(op, operand)
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

    def is_known(self, initial: Value) -> bool:
        """Whether a state is a constant or an input, and so what it was on the data."""
        if constant_of(initial, self.module.resources) is not None:
            return True
        return self.known.source(initial).op is self.module.main.region.entry

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
        if initial is not None and not self.is_known(initial):
            initial = None
        image, units = image_of(value), self.options.activations
        choice = self.choices.in_unit(value, units, image, initial) if image else None
        set_choice(value.op, choice or self.choices.of(value, bits, initial))
