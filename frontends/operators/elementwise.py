"""Functions of each element, and arithmetic with numpy's broadcasting."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from lstmir.frontends.operators.composer import Composer, dtype_of, floats
from lstmir.frontends.operators.table import Call, Handler, operator
from lstmir.frontends.values.axes import sizes_of
from lstmir.frontends.values.evaluate import numbers
from lstmir.frontends.values.values import Computed, Imported, Known

_FUNCTIONS = {
    "Abs": "math.abs",
    "Exp": "math.exp",
    "Log": "math.log",
    "Neg": "arith.neg",
    "Relu": "math.relu",
    "Sigmoid": "math.sigmoid",
    "Softplus": "math.softplus",
    "Softsign": "math.softsign",
    "Sqrt": "math.sqrt",
    "Tanh": "math.tanh",
}


def _function(name: str) -> Handler:
    def handler(call: Call) -> Sequence[Imported]:
        return [call.folder.elementwise(name, call.input("X"))]

    return handler


def _binary(name: str) -> Handler:
    def handler(call: Call) -> Sequence[Imported]:
        return [call.folder.elementwise(name, call.input("A"), call.input("B"))]

    return handler


for _op_type, _name in _FUNCTIONS.items():
    operator(_op_type, "X")(_function(_name))
for _op_type in ("Add", "Sub", "Mul", "Div"):
    operator(_op_type, "A B")(_binary(f"arith.{_op_type.lower()}"))


@operator("Reciprocal", "X")
def reciprocal(call: Call) -> Sequence[Imported]:
    """1 / x."""
    source = floats(call.input("X"))
    compose = Composer(call, source)
    return [compose.div(compose.number(1.0), source, compose.name)]


@operator("Pow", "X Y")
def power(call: Call) -> Sequence[Imported]:
    """A power in the type of the base: products, roots and quotients where the exponent allows.

    Those are what fixed point has; other exponents, and computed ones, are a `math.pow`.
    """
    base, exponent = call.input("X"), call.input("Y")
    if isinstance(exponent, Computed) or isinstance(base, Known):
        return [call.folder.elementwise("math.pow", base, exponent)]
    exponent = Known(numbers(exponent), exponent.axes, exponent.name)
    number = _every_element(exponent, base)
    if number in _POWERS:
        compose = Composer(call, base)
        return [_POWERS[number](compose, base, compose.name)]
    alike = Known(exponent.array.astype(dtype_of(base)), exponent.axes, exponent.name)
    return [call.folder.elementwise("math.pow", base, alike)]


def _every_element(exponent: Known, base: Computed) -> float | None:
    """The exponent of all elements, if it is one number and adds no elements to the base."""
    sizes = sizes_of(exponent.axes)
    repeated = [1] * (len(base.axes) - len(sizes)) + list(sizes)
    fits = zip(repeated, sizes_of(base.axes), strict=False)
    if len(sizes) > len(base.axes) or any(size not in (1, have) for size, have in fits):
        return None
    found = np.unique(exponent.array)
    return float(found[0]) if len(found) == 1 else None


_Power = Callable[[Composer, Computed, str], Imported]


def _one(compose: Composer, base: Imported, hint: str) -> Imported:
    """Also for NaN and infinity, as ONNX has it."""
    one = compose.number(1.0)
    return compose.choose("eq", base, base, (one, one), hint)


def _square(compose: Composer, base: Imported, hint: str) -> Imported:
    return compose.mul(base, base, hint)


def _cube(compose: Composer, base: Imported, hint: str) -> Imported:
    return compose.mul(_square(compose, base, f"{hint}_square"), base, hint)


def _fourth(compose: Composer, base: Imported, hint: str) -> Imported:
    return _square(compose, _square(compose, base, f"{hint}_square"), hint)


def _root(compose: Composer, base: Imported, hint: str) -> Imported:
    return compose.math("sqrt", base, hint)


def _inverse(power: _Power) -> _Power:
    def quotient(compose: Composer, base: Computed, hint: str) -> Imported:
        divisor = power(compose, base, f"{hint}_divisor")
        return compose.div(compose.number(1.0), divisor, hint)

    return quotient


_POSITIVE: dict[float | None, _Power] = {
    0.5: _root,
    1.0: lambda compose, base, hint: base,
    2.0: _square,
    3.0: _cube,
    4.0: _fourth,
}
_POWERS: dict[float | None, _Power] = {
    0.0: _one,
    **_POSITIVE,
    **{-number: _inverse(power) for number, power in _POSITIVE.items() if number},
}
