"""Functions that no dialect has an operation for, composed of those that there are.

They are products, sums, comparisons, selections and functions of `math`, so whatever can be done
with those, fixed point and hardware included, can be done with them. Cells of recurrent layers and
the operators of a model are written by the same compositions.

No comparison with NaN holds. So NaN stays NaN between bounds and in all activations, and of two
values the larger, or smaller, is the first one if either is NaN (ONNX has NaN there); the sign of
NaN is 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from lstmir.dialects.activations import Activation

T = TypeVar("T")


class Writer(Protocol[T]):
    """Writes elementwise operations; `hint` is the name that the result would like to have."""

    def number(self, number: float) -> T:
        """A number that stands for every element."""

    def math(self, function: str, source: T, hint: str) -> T:
        """A function of `math`."""

    def add(self, *terms: T, hint: str) -> T:
        """A sum."""

    def mul(self, left: T, right: T, hint: str) -> T:
        """A product."""

    def choose(self, predicate: str, left: T, right: T, branches: tuple[T, T], hint: str) -> T:
        """The first branch where a relation holds between two values, else the second."""


def number_name(number: float) -> str:
    """A name that is the number, so that equal ones bear one name: `k0p5`, `km1`."""
    text = f"{number:g}" if float(f"{number:g}") == number else repr(number)
    return f"k{text}".translate(_IN_NAMES)


_IN_NAMES = str.maketrans({"-": "m", ".": "p", "+": None})


def larger(write: Writer[T], left: T, right: T, hint: str) -> T:
    """The larger of two values."""
    return write.choose("lt", left, right, (right, left), hint)


def smaller(write: Writer[T], left: T, right: T, hint: str) -> T:
    """The smaller of two values."""
    return write.choose("gt", left, right, (right, left), hint)


def between(
    write: Writer[T], source: T, bounds: tuple[T | None, T | None], hint: str, raised: str
) -> T:
    """The elements, raised to the lower bound and then lowered to the upper one, where given."""
    low, high = bounds
    if low is not None:
        source = larger(write, source, low, hint if high is None else raised)
    return source if high is None else smaller(write, source, high, hint)


def sign(write: Writer[T], source: T, hint: str) -> T:
    """-1, 0 or 1."""
    zero = write.number(0.0)
    rest = write.choose("gt", source, zero, (write.number(1.0), zero), f"{hint}_positive")
    return write.choose("lt", source, zero, (write.number(-1.0), rest), hint)


def below_zero(write: Writer[T], source: T, other: T, hint: str) -> T:
    """x, but where it is negative, the other value."""
    return write.choose("lt", source, write.number(0.0), (other, source), hint)


def activate(write: Writer[T], activation: Activation, source: T, hint: str) -> T:
    """An activation function of each element."""
    if activation.name in _FUNCTIONS:
        return write.math(_FUNCTIONS[activation.name], source, hint)
    composed: T = _COMPOSED[activation.name](write, activation, source, hint)
    return composed


_FUNCTIONS = {
    "Relu": "relu",
    "Sigmoid": "sigmoid",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Tanh": "tanh",
}


def _affine(write: Writer[T], activation: Activation, source: T, hint: str) -> T:
    scaled = write.mul(write.number(activation.alpha), source, f"{hint}_scaled")
    return write.add(scaled, write.number(activation.beta), hint=hint)


def _elu(write: Writer[T], activation: Activation, source: T, hint: str) -> T:
    plain = write.math("elu", source, f"{hint}_elu")
    if activation.alpha == 1:
        return plain
    scaled = write.mul(write.number(activation.alpha), plain, f"{hint}_scaled")
    return below_zero(write, source, scaled, hint)


def _hard_sigmoid(write: Writer[T], activation: Activation, source: T, hint: str) -> T:
    line = _affine(write, activation, source, f"{hint}_line")
    bounds = write.number(0.0), write.number(1.0)
    return between(write, line, bounds, hint, f"{hint}_line_raised")


def _leaky_relu(write: Writer[T], activation: Activation, source: T, hint: str) -> T:
    scaled = write.mul(write.number(activation.alpha), source, f"{hint}_scaled")
    return below_zero(write, source, scaled, hint)


def _scaled_tanh(write: Writer[T], activation: Activation, source: T, hint: str) -> T:
    inner = write.mul(write.number(activation.beta), source, f"{hint}_inner")
    tanh = write.math("tanh", inner, f"{hint}_tanh")
    return write.mul(write.number(activation.alpha), tanh, hint)


def _thresholded_relu(write: Writer[T], activation: Activation, source: T, hint: str) -> T:
    threshold = write.number(activation.alpha)
    return write.choose("lt", source, threshold, (write.number(0.0), source), hint)


_COMPOSED: dict[str, Callable[[Any, Activation, Any, str], Any]] = {
    "Affine": _affine,
    "Elu": _elu,
    "HardSigmoid": _hard_sigmoid,
    "LeakyRelu": _leaky_relu,
    "ScaledTanh": _scaled_tanh,
    "ThresholdedRelu": _thresholded_relu,
}
