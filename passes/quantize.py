"""From floats to fixed point, in the formats that were assigned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np

from lstmir.dialects.layers import LAYERS
from lstmir.dialects.rnn import scan_results
from lstmir.ir.attached import ATTACHED, OF_PARAMETERS
from lstmir.ir.builder import Builder
from lstmir.ir.diagnostics import UserError
from lstmir.ir.module import Function, Module
from lstmir.ir.operands import constant_of, segment, segments_of
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import TensorType, Type, element_of, is_float, shape_of, with_element
from lstmir.numeric.arrays import quantize_real
from lstmir.numeric.fixed import MAX_STORED_WIDTH, FixedType, union_type
from lstmir.passes.formats.coded import is_coded, signed_width
from lstmir.passes.refining.columns import part_resources
from lstmir.passes.refining.rounded import rounded_again
from lstmir.passes.refining.samples import calibration_samples, with_more
from lstmir.passes.uses import leave_to_host, refuse_lengths
from lstmir.passes.weight_rounding import WeightRounding
from lstmir.pipeline.passes import Context, Promise, cannot, register

_REARRANGE = ("tensor.slice", "tensor.transpose", "tensor.concat", "tensor.gather")
_RESHAPE = ("tensor.reshape", "tensor.broadcast")
_EXACT = ("linalg.matvec", "linalg.argmax")
_FLOATS_ONLY = {
    "arith.div": "a division by a computed value",
    "math.pow": "a power of two variables",
}
_DROPPED = (
    "range", "proven", "format", "operand_format", "basis", "clipped", "operand_clipped", "missed",
    "operand_missed", *ATTACHED,
)  # fmt: skip
_DROPPED_OF_FUNCTIONS = ("formats", "ranges", OF_PARAMETERS)

ROUNDINGS = ("nearest", "compensated")
BIASES = ("keep", "correct")


@register
@dataclass(frozen=True)
class Quantize:
    """Rewrites every function to fixed point.

    Constants are rounded half to even. Where a format was assigned to a result, the exact result
    is requantized (half up, saturating); everything else stays exact.

    With `rounding=compensated` the matrices of a sum are rounded column by column, and the error
    of each column moves the weights of the row that are still to be rounded, so that the sums
    change least on the calibration data, as the Gram matrices tell that `calibrate` recorded.
    Weights that an encoding leaves out stay zero. No row's sums change more, in the sum of
    squares over those data, than with the nearest weights. `bias=correct` adds what the rounding
    of the weights changes of a sum on average to its bias, if it has one of its own.

    The network with rounded weights comes to other states than the records tell of. With `fits`, it
    runs on the calibration data, on noisy ones and on mixtures; then all sums are fitted to what
    those of the float network are at the same step, and rounded again. Of so many fits, and of what
    was there before them, the least divergence of the outputs stays.

    Here both inputs were always 1, and a product of 0.8 would become 0 with the nearest weights.

    ```mlir before
    // options: rounding=compensated
    module @main {
      func @main(%x: tensor<2xf32>) -> tensor<1xf32> attributes {formats = [!fx.s<4,0>]} {
        %w = tensor.constant @w {format = !fx.s<4,0>} : tensor<1x2xf32>
        %y = linalg.matvec %w, %x {gram = {resource = "moments", type = tensor<3x3xf64>}}
           : (tensor<1x2xf32>, tensor<2xf32>) -> tensor<1xf32>
        return %y : tensor<1xf32>
      }
    }
    {-# resources: {
      w: "0xcdcccc3ecdcccc3e",
      moments: "0x000000000000f03f000000000000f03f000000000000f03f000000000000f03f000000000000f03f000000000000f03f000000000000f03f000000000000f03f000000000000f03f"
    } #-}
    ```
    ```mlir after
    module @main {
      func @main(%x: tensor<2x!fx.s<4,0>>) -> tensor<1x!fx.s<4,0>> {
        %w_q = tensor.constant @w_q : tensor<1x2x!fx.s<4,0>>
        %y = linalg.matvec %w_q, %x : (tensor<1x2x!fx.s<4,0>>, tensor<2x!fx.s<4,0>>) -> tensor<1x!fx.s<4,0>>
        return %y : tensor<1x!fx.s<4,0>>
      }
    }
    {-# resources: {
      w_q: "0x0001"
    } #-}
    ```
    """  # noqa: E501

    name: ClassVar[str] = "quantize"
    summary: ClassVar[str] = "rewrite to fixed point in the assigned formats"
    promise: ClassVar[Promise] = Promise.MEASURED

    rounding: str = field(
        default="nearest", metadata={"help": f"of weights: one of {', '.join(ROUNDINGS)}"}
    )
    bias: str = field(default="keep", metadata={"help": f"one of {', '.join(BIASES)}"})
    fits: int = field(
        default=0, metadata={"help": "runs of the rounded network to fit and round it by again"}
    )

    def __post_init__(self) -> None:
        """Refuse what is no choice."""
        if self.fits < 0:
            raise ValueError(f"fits must not be negative, not {self.fits}")
        if self.fits and self.rounding != "compensated":
            raise ValueError("fits is for rounding=compensated")
        for name, choices in (("rounding", ROUNDINGS), ("bias", BIASES)):
            if getattr(self, name) not in choices:
                raise ValueError(
                    f"{name} must be one of {', '.join(choices)}, not '{getattr(self, name)}'"
                )

    def run(self, module: Module, context: Context) -> None:
        """Raises `UserError` where no format was assigned, or an operation has no fixed form."""
        refuse_lengths(self, module)
        quantization = _Quantization(self, module, self.integers(module, context))
        for function in list(module.functions.values()):
            module.functions[function.name] = quantization.function(function)
        module.drop_unused_resources()

    def integers(self, module: Module, context: Context) -> dict[Operation, np.ndarray]:
        """What the constants of sums become, where that is more than the nearest."""
        compensated, correct = self.rounding == "compensated", self.bias == "correct"
        rounding = WeightRounding(self, module, compensated, correct)
        if not self.fits:
            return rounding.integers()
        samples = calibration_samples(module, context)
        if samples is None:
            why = "fits needs the calibration data: give --data FILE.npz, or fits=0"
            raise cannot(self, why)
        part_resources(module)
        return rounded_again(
            rounding,
            with_more(samples, context.seed),
            self.fits,
            lambda turn: context.progress(f"quantize: fit {turn} of {self.fits}"),
        )


class _Quantization:
    def __init__(
        self, options: Quantize, module: Module, rounded: dict[Operation, np.ndarray]
    ) -> None:
        self.options = options
        self.module = module
        self.values: dict[Value, Value] = {}
        self.rounded = rounded

    def function(self, function: Function) -> Function:
        formats = function.attributes.get("formats")
        if formats is None:
            raise cannot(self.options, "there are no formats: run assign-bitwidths first")
        types = [with_element(v.type, f) for v, f in zip(function.parameters, formats, strict=True)]
        region = self.region(function.region, types)
        dropped = _DROPPED_OF_FUNCTIONS
        kept = {k: v for k, v in function.attributes.items() if k not in dropped}
        return Function(function.name, region, kept, function.location)

    def region(self, old: Region, types: Sequence[Type]) -> Region:
        new = Region(types, old.entry.result_names)
        self.values.update(zip(old.arguments, new.arguments, strict=True))
        for op in old.operations():
            build = Builder(self.module, new, location=op.location)
            operands = [self.values[value] for value in op.operands]
            if op is old.end:
                build.end(op.name, operands, **op.attributes)
                continue
            results = self.operation(op, operands, build)
            self.values.update(zip(op.results, results, strict=True))
        return new

    def operation(self, op: Operation, operands: list[Value], build: Builder) -> Sequence[Value]:
        if op.name == "tensor.constant":
            return [self.constant(op, build)]
        if op.name == "rnn.scan":
            return self.scan(op, operands, build)
        if op.name in _FLOATS_ONLY:
            why = f"'{op.name}', {_FLOATS_ONLY[op.name]}, has no fixed-point form"
            raise cannot(self.options, why, op.location, leave_to_host(op))
        if op.name.startswith("math."):
            return [self.real_function(op, operands, build)]
        attributes = {k: v for k, v in op.attributes.items() if k not in _DROPPED}
        if op.name in _RESHAPE:
            type_ = with_element(op.result.type, element_of(operands[0].type))
            return [build.value(op.name, *operands, type=type_, hint=op.result_names[0])]
        if op.name not in (*_REARRANGE, *_EXACT) and not op.name.startswith("arith."):
            if op.name in (*LAYERS, "linalg.linear"):
                why = f"'{op.name}' is a whole network: run expand-cells first"
                raise cannot(self.options, why, op.location)
            why = f"'{op.name}' has no fixed-point form"
            raise cannot(self.options, why, op.location, leave_to_host(op))
        if op.name == "tensor.concat":
            operands = self.alike(op, operands, build)
        exact = build.op(op.name, operands, names=op.result_names, **attributes).result
        format_ = op.attributes.get("format")
        return [exact if format_ is None else requantized(build, exact, format_)]

    def alike(self, op: Operation, operands: list[Value], build: Builder) -> list[Value]:
        """Values that become one, in a format that holds them all."""
        elements = [element_of(value.type) for value in operands]
        formats = [element for element in elements if isinstance(element, FixedType)]
        if not formats:
            return operands
        common = union_type(formats)
        if common.width > MAX_STORED_WIDTH:
            why = f"the parts of '{op.name}' have no format of {MAX_STORED_WIDTH} bits in common"
            raise cannot(self.options, why, op.location)
        return [requantized(build, value, common) for value in operands]

    def constant(self, op: Operation, build: Builder) -> Value:
        type_, name = op.result.type, op.attributes["resource"]
        assert isinstance(type_, TensorType)
        array = self.module.resources[name]
        if not is_float(type_):
            return build.constant(array, type_, name)
        format_ = op.attributes.get("format")
        if format_ is None:
            raise cannot(
                self.options, f"the constant @{name} has no format: run assign-bitwidths first"
            )
        ints = self.rounded.get(op)
        if ints is None:
            ints = quantize_real(array.astype(np.float64), format_)
        if is_coded(type_.encoding):
            # Room that no exponent took: what multiplies these is as wide as they are.
            format_ = replace(format_, width=signed_width(ints))
        return build.constant(ints, replace(type_, element=format_), f"{name}_q")

    def real_function(self, op: Operation, operands: list[Value], build: Builder) -> Value:
        before, after = op.attributes.get("operand_format"), op.attributes.get("format")
        if before is None or after is None:
            raise cannot(
                self.options, f"'{op.name}' has no formats: run assign-bitwidths first", op.location
            )
        operand = requantized(build, operands[0], before)
        type_ = with_element(op.result.type, after)
        return build.value(op.name, operand, type=type_, hint=op.result_names[0])

    def scan(self, op: Operation, operands: list[Value], build: Builder) -> Sequence[Value]:
        end = op.regions[0].end
        inputs, _, states, captures = ([operands[i] for i in part] for part in segments_of(op))
        held = [
            with_element(state.type, self.state_format(value))
            for state, value in zip(states, end.operands, strict=False)
        ]
        states = [
            self.initial(build, old, new, type_)
            for old, new, type_ in zip(segment(op, "state"), states, held, strict=True)
        ]
        steps: list[Type] = [
            with_element(argument.type, element_of(value.type))
            for argument, value in zip(op.regions[0].arguments, inputs, strict=False)
        ]
        body = self.region(op.regions[0], [*steps, *held, *(value.type for value in captures)])
        attributes = {k: v for k, v in op.attributes.items() if k not in _DROPPED}
        new = Operation(op.name, (), attributes, [body], op.result_names, op.location)
        build.region.insert(new, [*inputs, *states, *captures])
        new.result_types = scan_results(new)
        new.result_names = op.result_names
        return new.results

    def state_format(self, value: Value) -> FixedType:
        format_ = value.op.attributes.get("format")
        if not isinstance(format_, FixedType):
            why = "a state has no format: run assign-bitwidths first"
            raise cannot(self.options, why, value.op.location)
        return format_

    def initial(self, build: Builder, old: Value, state: Value, type_: Type) -> Value:
        """The initial state in the format of the state; a constant is rounded once, and stays one."""
        format_ = element_of(type_)
        array = constant_of(old, self.module.resources)
        if array is None or state.type == type_:
            return requantized(build, state, format_)
        assert isinstance(type_, TensorType) and isinstance(format_, FixedType)
        ints = quantize_real(array.astype(np.float64), format_)
        return build.constant(ints, type_, f"{old.op.attributes['resource']}_state")


def requantized(build: Builder, value: Value, element: object) -> Value:
    """The value in another format, or itself where it has that format already."""
    if not isinstance(element, FixedType):
        raise UserError(f"{element} is no fixed-point format")
    if element_of(value.type) == element:
        return value
    type_ = with_element(value.type, element)
    if shape_of(type_) != shape_of(value.type):
        raise ValueError("requantization keeps the shape")
    return build.value(
        "fx.requantize", value, type=type_, hint=f"{value.name}_q" if value.name else None,
        rounding="half_up", overflow="saturate",
    )  # fmt: skip
