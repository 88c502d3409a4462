"""Computes what is known."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import ClassVar

import numpy as np

from lstmir.interpreter.plan import RULES, Compiler
from lstmir.interpreter.run import DIALECT_RULES
from lstmir.ir.diagnostics import UserError
from lstmir.ir.module import Module
from lstmir.ir.naming import symbol
from lstmir.ir.operands import captured_value, constant_of
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import TensorType, element_of, is_float, is_static
from lstmir.numeric.arrays import as_carrier
from lstmir.numeric.fixed import MAX_STORED_WIDTH, FixedType
from lstmir.passes.dce import remove_dead
from lstmir.passes.outside import constant_outside
from lstmir.passes.records import is_decided
from lstmir.pipeline.passes import Context, Promise, register

# An operation without a rule is not evaluated. Importing the dialects' rules has entered them.
assert DIALECT_RULES


@register
@dataclass(frozen=True)
class FoldConstants:
    """Evaluates operations whose operands are all constants, by the interpreter's own rules.

    The new constant stands outside of every loop. Nothing is folded that no constant can hold: what
    is no tensor, is wider than 64 bits, is not finite, or has more than `limit` elements.

    ```mlir before
    module @main {
      func @main(%x: tensor<2x!fx.s<8,4>>) -> tensor<2x!fx.s<12,4>> {
        %a = tensor.constant @a : tensor<2x!fx.s<8,4>>
        %b = tensor.constant @b : tensor<2x!fx.s<8,4>>
        %ab = arith.add %a, %b : (tensor<2x!fx.s<8,4>>, tensor<2x!fx.s<8,4>>) -> tensor<2x!fx.s<9,4>>
        %y = arith.add %x, %ab : (tensor<2x!fx.s<8,4>>, tensor<2x!fx.s<9,4>>) -> tensor<2x!fx.s<12,4>>
        return %y : tensor<2x!fx.s<12,4>>
      }
    }
    {-# resources: {
      a: "0x017f",
      b: "0x027f"
    } #-}
    ```
    ```mlir after
    module @main {
      func @main(%x: tensor<2x!fx.s<8,4>>) -> tensor<2x!fx.s<12,4>> {
        %ab = tensor.constant @ab : tensor<2x!fx.s<9,4>>
        %y = arith.add %x, %ab : (tensor<2x!fx.s<8,4>>, tensor<2x!fx.s<9,4>>) -> tensor<2x!fx.s<12,4>>
        return %y : tensor<2x!fx.s<12,4>>
      }
    }
    {-# resources: {
      ab: "0x0300fe00"
    } #-}
    ```
    """

    name: ClassVar[str] = "fold-constants"
    summary: ClassVar[str] = "compute what is known"
    promise: ClassVar[Promise] = Promise.EXACT

    limit: int = field(default=1 << 20, metadata={"help": "elements of the largest new constant"})

    def run(self, module: Module, context: Context) -> None:
        """Folds in every region; what nothing uses, such as the constants before, is removed."""
        for function in module.functions.values():
            self.region(module, function.region)
            remove_dead(function.region)
        module.drop_unused_resources()

    def region(self, module: Module, region: Region) -> None:
        for op in region.operations():
            for inner in op.regions:
                self.region(module, inner)
            if self.may_fold(op):
                _fold(module, op)

    def may_fold(self, op: Operation) -> bool:
        if op.name not in RULES or op.regions or len(op.result_types) != 1 or is_decided(op):
            return False
        return bool(op.operands) and self.is_storable(op)

    def is_storable(self, op: Operation) -> bool:
        type_ = op.result.type
        if not isinstance(type_, TensorType) or not is_static(type_.shape):
            return False
        element = type_.element
        if isinstance(element, FixedType) and element.width > MAX_STORED_WIDTH:
            return False
        return prod(type_.shape) <= self.limit


def _fold(module: Module, op: Operation) -> None:
    known = [_array(value, module) for value in op.operands]
    operands = [array for array in known if array is not None]
    if len(operands) < len(known):
        return
    try:
        with np.errstate(all="ignore"):
            (result,) = Compiler(module.resources).rule(op)(*operands)
    except UserError:  # such as a logarithm of a negative number: whoever runs it will be told
        return
    if is_float(op.result.type) and not np.isfinite(result).all():
        return
    assert isinstance(op.result.type, TensorType)
    name = symbol(op.result.name)
    op.parent.replace(op, [constant_outside(module, op, result[0], op.result.type, name)])


def _array(value: Value, module: Module) -> np.ndarray | None:
    """A constant as the interpreter has it: one sample stands for all."""
    source = value
    while (outer := captured_value(source)) is not None:
        source = outer
    array = constant_of(source, module.resources)
    if array is None or is_decided(source.op):
        return None
    element = element_of(value.type)
    return (as_carrier(array, element) if isinstance(element, FixedType) else array)[np.newaxis]
