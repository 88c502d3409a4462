"""Bounds, signs and activation functions, composed of comparisons, selections, products and sums.

For NaN they give what `lstmir.dialects.compositions` says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf

import numpy as np

from lstmir.dialects.activations import PARAMETERS, Activation
from lstmir.dialects.compositions import activate, below_zero, between, larger, sign, smaller
from lstmir.frontends.operators.composer import Composer, floats
from lstmir.frontends.operators.table import Call, Handler, operator
from lstmir.frontends.values.axes import sizes_of
from lstmir.frontends.values.evaluate import numbers
from lstmir.frontends.values.values import Computed, Imported
from lstmir.ir.diagnostics import UserError


def _activation(name: str) -> Handler:
    def handler(call: Call) -> Sequence[Imported]:
        source, defaults = floats(call.input("X")), PARAMETERS[name]
        given = {key: call.node.finite(key, value or 0.0) for key, value in defaults.items()}
        compose = Composer(call, source)
        return [activate(compose, Activation(name, **given), source, compose.name)]

    return handler


for _name in ("HardSigmoid", "LeakyRelu"):
    operator(_name, "X", " ".join(PARAMETERS[_name]))(_activation(_name))


@operator("Elu", "X", "alpha")
def elu(call: Call) -> Sequence[Imported]:
    """x where x > 0, else alpha (exp(x) - 1)."""
    if call.node.finite("alpha", 1.0) == 1:
        return [call.folder.elementwise("math.elu", call.input("X"))]
    return _activation("Elu")(call)


@operator("ThresholdedRelu", "X", "alpha")
def thresholded_relu(call: Call) -> Sequence[Imported]:
    """x where x > alpha, else 0; as a function of recurrent operators, x where it is alpha too."""
    source = floats(call.input("X"))
    compose = Composer(call, source)
    threshold = compose.number(call.node.finite("alpha", 1.0))
    branches = source, compose.number(0.0)
    return [compose.choose("gt", source, threshold, branches, compose.name)]


@operator("PRelu", "X slope")
def prelu(call: Call) -> Sequence[Imported]:
    """x where x >= 0, else slope x."""
    source = call.input("X")
    compose = Composer(call, source)
    scaled = compose.mul(call.input("slope"), source, f"{compose.name}_scaled")
    if sizes_of(scaled.axes) != sizes_of(source.axes):
        raise UserError("input 'slope' must fit into the shape of input 'X'")
    return [below_zero(compose, source, scaled, compose.name)]


@operator("HardSwish", "X")
def hard_swish(call: Call) -> Sequence[Imported]:
    """x times its hard sigmoid."""
    source = floats(call.input("X"))
    compose = Composer(call, source)
    gate = activate(compose, Activation("HardSigmoid", 1 / 6, 0.5), source, f"{compose.name}_gate")
    return [compose.mul(source, gate, compose.name)]


@operator("Sign", "input")
def sign_(call: Call) -> Sequence[Imported]:
    """-1, 0 or 1."""
    source = call.input("input")
    compose = Composer(call, source)
    return [sign(compose, source, compose.name)]


@operator("Clip", "input min? max?", "min max")
def clip(call: Call) -> Sequence[Imported]:
    """The bounds are attributes before version 11, then inputs; one that is missing is none.

    Neither is one that holds for every number of the type.
    """
    source = call.input("input")
    compose = Composer(call, source)
    if compose.dtype.kind == "b":
        raise UserError("expected numbers, not truth values")
    low, high = _bound(call, "min", -inf), _bound(call, "max", inf)
    limits = np.finfo(compose.dtype) if compose.dtype.kind == "f" else np.iinfo(compose.dtype)
    bounds = (
        None if low <= limits.min else compose.number(low),
        None if high >= limits.max else compose.number(high),
    )
    return [between(compose, source, bounds, compose.name, f"{compose.name}_raised")]


def _bound(call: Call, name: str, none: float) -> float:
    if call.optional(name) is None:
        return call.node.number(name, none)
    array = numbers(call.known(name))
    if array.size != 1:
        raise UserError(f"input '{name}' must be one number")
    number: float = array.item()
    return number


def _extreme(choose: Callable[..., Imported]) -> Handler:
    """Of any number of values. NaN stays NaN in the last one that is computed (in ONNX, in any)."""

    def handler(call: Call) -> Sequence[Imported]:
        if not call.parts:
            raise UserError("input 'inputs' is missing")
        # What is known becomes one constant.
        found, *rest = sorted(call.parts, key=lambda part: isinstance(part, Computed))
        compose = Composer(call, found)
        for count, part in enumerate(rest, start=1):
            hint = compose.name if count == len(rest) else f"{compose.name}_{count}"
            found = choose(compose, part, found, hint)
        return [found]

    return handler


operator("Max", "inputs*")(_extreme(larger))
operator("Min", "inputs*")(_extreme(smaller))
