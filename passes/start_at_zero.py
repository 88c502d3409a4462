"""Lets sequences begin with states of zero, where a model leaves that to whoever calls it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lstmir.ir.builder import Builder
from lstmir.ir.interface import is_sampled, ports, set_ports
from lstmir.ir.module import Module
from lstmir.ir.operation import Value
from lstmir.ir.types import TensorType, is_static, shape_of
from lstmir.passes.initial_states import state_parameters
from lstmir.pipeline.passes import Context, Promise, cannot, register


@register
@dataclass(frozen=True)
class StartAtZero:
    """Inputs that are initial states of recurrences, and nothing else, become zeros.

    Then the function is that of whole sequences, each of which starts anew; other inputs stay.

    ```mlir before
    func @main(%xs: tensor<?x4x!fx.s<8,7>>, %h: tensor<4x!fx.s<8,7>>) -> tensor<4x!fx.s<8,7>> {
      %hn = rnn.scan (%x = %xs) state (%hp = %h) {
        %sum = arith.add %x, %hp : (tensor<4x!fx.s<8,7>>, tensor<4x!fx.s<8,7>>) -> tensor<4x!fx.s<9,7>>
        %ht = fx.requantize %sum {rounding = "floor", overflow = "saturate"} : (tensor<4x!fx.s<9,7>>) -> tensor<4x!fx.s<8,7>>
        rnn.yield state (%ht) : tensor<4x!fx.s<8,7>>
      } {direction = "forward"} : (tensor<?x4x!fx.s<8,7>>, tensor<4x!fx.s<8,7>>) -> tensor<4x!fx.s<8,7>>
      return %hn : tensor<4x!fx.s<8,7>>
    }
    ```
    ```mlir after
    module @main {
      func @main(%xs: tensor<?x4x!fx.s<8,7>>) -> tensor<4x!fx.s<8,7>> {
        %h_0 = tensor.constant @h_0 : tensor<4x!fx.s<8,7>>
        %hn = rnn.scan (%x = %xs) state (%hp = %h_0) {
          %sum = arith.add %x, %hp : (tensor<4x!fx.s<8,7>>, tensor<4x!fx.s<8,7>>) -> tensor<4x!fx.s<9,7>>
          %ht = fx.requantize %sum {rounding = "floor", overflow = "saturate"} : (tensor<4x!fx.s<9,7>>) -> tensor<4x!fx.s<8,7>>
          rnn.yield state (%ht) : tensor<4x!fx.s<8,7>>
        } {direction = "forward"} : (tensor<?x4x!fx.s<8,7>>, tensor<4x!fx.s<8,7>>) -> tensor<4x!fx.s<8,7>>
        return %hn : tensor<4x!fx.s<8,7>>
      }
    }
    {-# resources: {
      h_0: "0x00000000"
    } #-}
    ```
    """  # noqa: E501

    name: ClassVar[str] = "start-at-zero"
    summary: ClassVar[str] = "initial states that are inputs become zeros"
    promise: ClassVar[Promise] = Promise.EXACT

    def run(self, module: Module, context: Context) -> None:
        """Raises `UserError` for a module whose main function is that of a batch."""
        chosen = state_parameters(module)
        if not chosen:
            return
        region, inputs = module.main.region, ports(module, "input")
        if inputs and not is_sampled(module):
            raise cannot(self, "the function is that of a batch: run isolate-sample first")
        for index in chosen:
            parameter = region.arguments[index]
            if not is_static(shape_of(parameter.type)):
                raise cannot(self, f"the initial state '%{parameter.name}' has no known size")
            region.replace_uses(parameter, _zeros(module, parameter))
        region.drop_arguments(chosen)
        if not inputs:
            return
        kept = [port for index, port in enumerate(inputs) if index not in chosen]
        set_ports(module, [*kept, *ports(module, "output")])


def _zeros(module: Module, parameter: Value) -> Value:
    assert isinstance(parameter.type, TensorType)
    build = Builder(module, module.main.region)
    zeros = np.zeros(parameter.type.static_shape, np.int64)
    return build.constant(zeros, parameter.type, f"{parameter.name or 'state'}_0")
