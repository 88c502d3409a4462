"""`math`: real functions of one variable, elementwise, and the power.

On fixed point the meaning is exact: the real value, rounded half to even to the result type,
saturated. The result type is a choice, so it is always written. The power of two variables is one
of floats only: no table could hold it.
"""

from __future__ import annotations

from collections.abc import Sequence

from lstmir.dialects.arith import infer_floats
from lstmir.ir.context import OpContext
from lstmir.ir.definition import OpDefinition, define
from lstmir.ir.diagnostics import Invalid
from lstmir.ir.types import FloatType, IntegerType, Type, element_of, shape_of


def _verify(context: OpContext, results: Sequence[Type]) -> None:
    source, target = context.types[0], results[0]
    if shape_of(source) != shape_of(target):
        raise Invalid(f"the shape of {source} cannot become that of {target}")
    before, after = element_of(source), element_of(target)
    if isinstance(before, IntegerType) or isinstance(after, IntegerType):
        raise Invalid(f"expected floats or fixed point, not {source} -> {target}")
    if isinstance(before, FloatType) and before != after:
        raise Invalid(f"{source} gives the same element type, not {target}")
    if isinstance(after, FloatType) and before != after:
        raise Invalid(f"fixed point gives fixed point, not {target}")


FUNCTIONS = {
    "abs": "The absolute value.",
    "elu": "x above zero, exp(x) - 1 below (ELU with alpha 1).",
    "exp": "The exponential function.",
    "log": "The natural logarithm; of a positive number.",
    "relu": "The larger of x and zero.",
    "sigmoid": "The logistic function, 1 / (1 + exp(-x)).",
    "softplus": "log(1 + exp(x)).",
    "softsign": "x / (1 + |x|).",
    "sqrt": "The square root; of a number that is not negative.",
    "tanh": "The hyperbolic tangent.",
}

for _function, _summary in FUNCTIONS.items():
    define(
        OpDefinition(
            f"math.{_function}",
            _summary,
            operands=("source",),
            results=("value",),
            verify=_verify,
            example=f"%y = math.{_function} %x : tensor<4xf32>",
        )
    )

define(
    OpDefinition(
        "math.pow",
        "A float raised to the power of another; of a negative one, to a whole number.",
        operands=("base", "exponent"),
        results=("value",),
        infer=infer_floats,
        example="%z = math.pow %x, %y : tensor<4xf32>",
    )
)
