"""Proves what values a network can have at all."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import ClassVar

from lstmir.ir.module import Module
from lstmir.ir.types import is_fixed
from lstmir.pipeline.passes import Context, Promise, cannot, register


@register
@dataclass(frozen=True)
class ProveRanges:
    """Records `proven = [lo, hi]` for every float value, or that it is `unbounded`.

    That holds for all inputs in the declared ranges and for any number of steps: interval
    arithmetic on the actual weights, rounded outwards, with affine forms where values have inputs
    in common, and an inductive invariant of each loop.
    Declared is what `calibrate` recorded of the inputs, widened by `margin` and on to the ends of
    the format that holds it, where inputs saturate. Proven of the real numbers that the network
    means; what floats, or formats further down, round is not in it.

    Here the input saturates at 1, and no more than half of a state is kept, so that states stay
    between -2 and 2 for ever:

    ```mlir before
    module @main {
      func @main(%x: tensor<?x2xf32>) -> tensor<2xf32> attributes {ranges = [[-0.75, 0.5]]} {
        %half = tensor.constant @half : tensor<2xf32>
        %h0 = tensor.constant @h0 : tensor<2xf32>
        %ys, %h = rnn.scan (%xt = %x) state (%hp = %h0) capture (%k = %half) {
          %kept = arith.mul %k, %hp : tensor<2xf32>
          %ht = arith.add %xt, %kept : tensor<2xf32>
          rnn.yield state (%ht) emit (%ht) : tensor<2xf32>
        } : (tensor<?x2xf32>, tensor<2xf32>, tensor<2xf32>) -> (tensor<?x2xf32>, tensor<2xf32>)
        %y = math.relu %h : tensor<2xf32>
        return %y : tensor<2xf32>
      }
    }
    {-# resources: { half: "0x0000003f0000803e", h0: "0x0000000000000000" } #-}
    ```
    ```mlir after
    module @main {
      func @main(%x: tensor<?x2xf32>) -> tensor<2xf32> attributes {ranges = [[-0.75, 0.5]]} {
        %half = tensor.constant @half : tensor<2xf32>
        %h0 = tensor.constant @h0 : tensor<2xf32>
        %ys, %h = rnn.scan (%xt = %x) state (%hp = %h0) capture (%k = %half) {
          %kept = arith.mul %k, %hp {proven = [-1.0, 1.0]} : tensor<2xf32>
          %ht = arith.add %xt, %kept {proven = [-2.0, 2.0]} : tensor<2xf32>
          rnn.yield state (%ht) emit (%ht) : tensor<2xf32>
        } : (tensor<?x2xf32>, tensor<2xf32>, tensor<2xf32>) -> (tensor<?x2xf32>, tensor<2xf32>)
        %y = math.relu %h {proven = [0.0, 2.0]} : tensor<2xf32>
        return %y : tensor<2xf32>
      }
    }
    {-# resources: {
      half: "0x0000003f0000803e",
      h0: "0x0000000000000000"
    } #-}
    ```
    """

    name: ClassVar[str] = "prove-ranges"
    summary: ClassVar[str] = "prove intervals of all values, whatever the inputs"
    promise: ClassVar[Promise] = Promise.EXACT

    margin: float = field(default=1.25, metadata={"help": "factor on the inputs' recorded ranges"})

    def __post_init__(self) -> None:
        """Refuse a factor that widens nothing."""
        if not 0 < self.margin < inf:
            raise ValueError(f"margin must be positive, not {self.margin:g}")

    def run(self, module: Module, context: Context) -> None:
        """Raises `UserError` where no ranges of the inputs were recorded, or on fixed point."""
        from lstmir.passes.bounds.analysis import prove
        from lstmir.passes.bounds.declared import declared_inputs, record

        if any(is_fixed(value.type) for value in module.main.parameters):
            raise cannot(self, "the network is in fixed point: run prove-ranges before quantize")
        inputs = declared_inputs(module.main, self.margin)
        if inputs is None:
            raise cannot(self, "the inputs have no recorded ranges: run calibrate first")
        record(module, prove(module, inputs))
