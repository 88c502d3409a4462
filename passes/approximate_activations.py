"""From real functions to tables, or to less than tables where an error is allowed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from lstmir.ir.builder import Builder
from lstmir.ir.module import Module
from lstmir.ir.operation import Operation
from lstmir.ir.types import element_of, is_float
from lstmir.numeric.fixed import FixedType
from lstmir.numeric.functions import MAX_TABLE_WIDTH
from lstmir.passes.activations.forms import Reduced
from lstmir.passes.activations.search import Found, cheapest
from lstmir.passes.activations.tables import Tables
from lstmir.passes.activations.task import Task
from lstmir.passes.activations.writer import Writer
from lstmir.pipeline.passes import Context, Promise, cannot, register


@register
@dataclass(frozen=True)
class ApproximateActivations:
    """Replaces each `math.*` operation by operations that hardware has.

    By default that is a look-up in a table of all its correctly rounded results; functions of the
    same formats share one. Where an operand is saturated for the function alone, it saturates to as
    few bits as give the same results. A `relu` needs no table, nor does an `abs` of more than 8 bits.

    ```mlir before
    func @main(%x: !fx.s<9,6>) -> !fx.s<4,3> {
      %x_q = fx.requantize %x {rounding = "half_up", overflow = "saturate"} :
        (!fx.s<9,6>) -> !fx.s<5,1>
      %y = math.tanh %x_q : (!fx.s<5,1>) -> !fx.s<4,3>
      return %y : !fx.s<4,3>
    }
    ```
    ```mlir after
    module @main {
      func @main(%x: !fx.s<9,6>) -> !fx.s<4,3> {
        %tanh_s5_1_s4_3 = tensor.constant @tanh_s5_1_s4_3 : tensor<8x!fx.s<4,3>>
        %x_q = fx.requantize %x {rounding = "half_up", overflow = "saturate"} :
          (!fx.s<9,6>) -> !fx.s<3,1>
        %y = fx.lookup %tanh_s5_1_s4_3, %x_q : (tensor<8x!fx.s<4,3>>, !fx.s<3,1>) -> !fx.s<4,3>
        return %y : !fx.s<4,3>
      }
    }
    {-# resources: { tanh_s5_1_s4_3: "0x00040607f8f9fafc" } #-}
    ```

    `max-error` allows a difference to the correctly rounded result, in its last places. Of the forms
    that are proven to stay within it at every operand, the one with the fewest stored bits is taken,
    then the one with the fewest multipliers: a table of the high bits, or a line on each of 2**k
    segments. What was proven stands as `bound` on the last operation. Operands of more than 16 bits
    are rounded down to 16 first.

    ```mlir before
    // options: max-error=1
    func @main(%x: !fx.s<6,3>) -> !fx.u<6,6> {
      %y = math.sigmoid %x : (!fx.s<6,3>) -> !fx.u<6,6>
      return %y : !fx.u<6,6>
    }
    ```
    ```mlir after
    module @main {
      func @main(%x: !fx.s<6,3>) -> !fx.u<6,6> {
        %sigmoid_s6_3_u6_6_intercept = tensor.constant @sigmoid_s6_3_u6_6_intercept : tensor<8x!fx.u<6,6>>
        %sigmoid_s6_3_u6_6_slope = tensor.constant @sigmoid_s6_3_u6_6_slope : tensor<8x!fx.u<4,6>>
        %y_narrow = fx.requantize %x {rounding = "floor", overflow = "wrap"} : (!fx.s<6,3>) -> !fx.s<3,0>
        %y_narrow_1 = fx.requantize %x {rounding = "floor", overflow = "wrap"} : (!fx.s<6,3>) -> !fx.u<3,3>
        %y_slope = fx.lookup %sigmoid_s6_3_u6_6_slope, %y_narrow :
          (tensor<8x!fx.u<4,6>>, !fx.s<3,0>) -> !fx.u<4,6>
        %y_intercept = fx.lookup %sigmoid_s6_3_u6_6_intercept, %y_narrow :
          (tensor<8x!fx.u<6,6>>, !fx.s<3,0>) -> !fx.u<6,6>
        %y_mul = arith.mul %y_slope, %y_narrow_1 : (!fx.u<4,6>, !fx.u<3,3>) -> !fx.u<7,9>
        %y_add = arith.add %y_intercept, %y_mul : (!fx.u<6,6>, !fx.u<7,9>) -> !fx.u<10,9>
        %y = fx.requantize %y_add {rounding = "floor", overflow = "saturate", bound = 1} :
          (!fx.u<10,9>) -> !fx.u<6,6>
        return %y : !fx.u<6,6>
      }
    }
    {-# resources: {
      sigmoid_s6_3_u6_6_intercept: "0x2130393e02040811",
      sigmoid_s6_3_u6_6_slope: "0x0f0a05020204090f"
    } #-}
    ```

    `fold` stores half of sigmoid, softsign and tanh and computes the other half: the same results,
    with six to eight operations more in a row. A logarithm or a root of a negative operand, which
    has no value, becomes that of 0.
    """

    name: ClassVar[str] = "approximate-activations"
    summary: ClassVar[str] = "real functions become tables, or lines within a proven bound"
    promise: ClassVar[Promise] = Promise.BOUNDED

    max_error: int = field(
        default=0, metadata={"help": "last places of a result that it may be wrong by"}
    )
    fold: bool = field(default=False, metadata={"help": "store half of sigmoid, softsign and tanh"})

    def __post_init__(self) -> None:
        """Refuse an error that no difference could have."""
        if self.max_error < 0:
            raise ValueError(f"max-error must not be negative, as {self.max_error} is")

    def run(self, module: Module, context: Context) -> None:
        """Raises `UserError` where no form is within the bound, or for floats."""
        known: dict[Task, Found | None] = {}
        tables = Tables(module)
        for op in list(module.walk()):
            if not op.name.startswith("math."):
                continue
            task = self.task(op)
            if task not in known:
                known[task] = cheapest(task)
            found = known[task]
            if found is None:
                raise self.without_form(op, task)
            _replace(module, op, task, found, tables)

    def task(self, op: Operation) -> Task:
        """What is to be replaced, and what a form may do."""
        source, target = element_of(op.operands[0].type), element_of(op.result.type)
        if is_float(op.result.type):
            raise cannot(self, f"'{op.name}' is still in floats: run quantize first", op.location)
        assert isinstance(source, FixedType) and isinstance(target, FixedType)
        function = op.name.removeprefix("math.")
        return Task(function, source, target, self.max_error, self.fold, _is_saturated_for(op))

    def without_form(self, op: Operation, task: Task) -> Exception:
        """Only of an operand too wide for a table there may be none."""
        why = f"'{op.name}' of {task.source} has no table: its operand may have {MAX_TABLE_WIDTH} bits"
        if self.max_error:
            why = f"'{op.name}' of {task.source} has no form within max-error={self.max_error}"
        notes = (
            "lower the option 'operands' of assign-bitwidths",
            f"or allow a larger error: {self.name}{{max-error={max(1, 2 * self.max_error)}}}",
        )
        return cannot(self, why, op.location, *notes)


def _is_saturated_for(op: Operation) -> bool:
    """Whether the operand is made, by saturation, for this operation alone.

    One that ends another form stays, for the sake of its bound.
    """
    maker = op.operands[0].op
    return (
        maker.name == "fx.requantize"
        and maker.attributes["overflow"] == "saturate"
        and "bound" not in maker.attributes
        and maker.parent.use_count(maker) == 1
    )


def _replace(module: Module, op: Operation, task: Task, found: Found, tables: Tables) -> None:
    name, form, operand = op.result_names[0], found.form, op.operands[0]
    build = Builder(module, op.parent, before=op, location=op.location)
    writer = Writer(build, tables.inside(op.parent, task.label), name)
    narrowed = None
    if task.saturates and isinstance(form, Reduced) and form.index.frac == task.source.frac:
        # One saturation instead of two: at once to the narrower format.
        narrowed, index, form = operand.op, form.index, form.inner
        rounding = narrowed.attributes["rounding"]
        operand = writer.requantize(narrowed.operands[0], index, rounding=rounding)
        if operand != narrowed.operands[0]:
            operand.op.result_names[0] = narrowed.result_names[0]
    result = form.write(writer, operand)
    if result != operand:
        result.op.result_names[0] = name
    if found.bound:
        result.op.attributes["bound"] = found.bound
    op.parent.replace(op, [result])
    if narrowed is not None:
        narrowed.parent.erase(narrowed)
