"""The activation functions of recurrent layers as operations on vectors of units."""

from __future__ import annotations

from collections.abc import Callable

from lstmir.dialects.activations import Activation
from lstmir.ir.operation import Value
from lstmir.passes.cells.body import Body

_FUNCTIONS = {
    "Relu": "relu",
    "Sigmoid": "sigmoid",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Tanh": "tanh",
}


def activate(body: Body, activation: Activation, source: Value, hint: str) -> Value:
    """The function of each element."""
    if activation.name in _FUNCTIONS:
        return body.math(_FUNCTIONS[activation.name], source, hint)
    return _BUILT[activation.name](body, activation, source, hint)


def clipped(body: Body, source: Value, clip: float | None) -> Value:
    """The elements, bounded by -clip and clip; None does nothing."""
    if clip is None:
        return source
    low, high = body.every_unit("low", -clip), body.every_unit("high", clip)
    return _between(body, source, low, high, f"{source.name}_clipped")


def _between(body: Body, source: Value, low: Value, high: Value, hint: str) -> Value:
    raised = body.choose("lt", source, low, (low, source), f"{source.name}_raised")
    return body.choose("gt", raised, high, (high, raised), hint)


def _number(body: Body, number: float) -> Value:
    """A parameter for every unit; its name is its value, so that equal ones are one constant."""
    text = f"{number:g}" if float(f"{number:g}") == number else repr(number)
    return body.every_unit(f"k{text}".translate(_IN_NAMES), number)


_IN_NAMES = str.maketrans({"-": "m", ".": "p", "+": None})


def _affine(body: Body, activation: Activation, source: Value, hint: str) -> Value:
    scaled = body.mul(_number(body, activation.alpha), source, f"{hint}_scaled")
    return body.add(scaled, _number(body, activation.beta), hint=hint)


def _below_zero(body: Body, source: Value, other: Value, hint: str) -> Value:
    """x, but where it is negative, the other value."""
    return body.choose("lt", source, _number(body, 0.0), (other, source), hint)


def _elu(body: Body, activation: Activation, source: Value, hint: str) -> Value:
    plain = body.math("elu", source, f"{hint}_elu")
    if activation.alpha == 1:
        return plain
    scaled = body.mul(_number(body, activation.alpha), plain, f"{hint}_scaled")
    return _below_zero(body, source, scaled, hint)


def _hard_sigmoid(body: Body, activation: Activation, source: Value, hint: str) -> Value:
    line = _affine(body, activation, source, f"{hint}_line")
    return _between(body, line, _number(body, 0.0), _number(body, 1.0), hint)


def _leaky_relu(body: Body, activation: Activation, source: Value, hint: str) -> Value:
    scaled = body.mul(_number(body, activation.alpha), source, f"{hint}_scaled")
    return _below_zero(body, source, scaled, hint)


def _scaled_tanh(body: Body, activation: Activation, source: Value, hint: str) -> Value:
    inner = body.mul(_number(body, activation.beta), source, f"{hint}_inner")
    return body.mul(_number(body, activation.alpha), body.math("tanh", inner, f"{hint}_tanh"), hint)


def _thresholded_relu(body: Body, activation: Activation, source: Value, hint: str) -> Value:
    threshold = _number(body, activation.alpha)
    return body.choose("lt", source, threshold, (_number(body, 0.0), source), hint)


_BUILT: dict[str, Callable[[Body, Activation, Value, str], Value]] = {
    "Affine": _affine,
    "Elu": _elu,
    "HardSigmoid": _hard_sigmoid,
    "LeakyRelu": _leaky_relu,
    "ScaledTanh": _scaled_tanh,
    "ThresholdedRelu": _thresholded_relu,
}
