"""The activation functions of recurrent layers: ONNX's, under ONNX's names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from lstmir.ir.diagnostics import Invalid, suggestion


class Activation(NamedTuple):
    """A function with its parameters; one that it does not take is 0."""

    name: str
    alpha: float = 0.0
    beta: float = 0.0


PARAMETERS: dict[str, dict[str, float | None]] = {
    "Affine": {"alpha": None, "beta": None},
    "Elu": {"alpha": 1.0},
    "HardSigmoid": {"alpha": 0.2, "beta": 0.5},
    "LeakyRelu": {"alpha": 0.01},
    "Relu": {},
    "ScaledTanh": {"alpha": None, "beta": None},
    "Sigmoid": {},
    "Softplus": {},
    "Softsign": {},
    "Tanh": {},
    "ThresholdedRelu": {"alpha": 1.0},
}
"""What each function takes, with ONNX's default; None where it documents none."""


def check_activation(name: str) -> None:
    """Raise `Invalid`, naming the nearest, unless there is such a function."""
    if name in PARAMETERS:
        return
    near = suggestion(name, PARAMETERS)
    known = "" if near else f"; there are {', '.join(PARAMETERS)}"
    raise Invalid(f"unknown activation '{name}'{near}{known}")


def activations_of(
    attributes: Mapping[str, Any], default: Sequence[str], directions: int
) -> list[tuple[Activation, ...]]:
    """The functions of each direction, as the attributes of an operation give them.

    `default` are those of one direction. Raises `Invalid` for attributes that do not fit.
    """
    names = attributes.get("activations", tuple(default) * directions)
    if len(names) != len(default) * directions:
        raise Invalid(f"'activations' has {len(names)} functions, not {len(default) * directions}")
    alphas, betas = (_values(attributes, key, names) for key in ("alpha", "beta"))
    every = [Activation(*each) for each in zip(names, alphas, betas, strict=True)]
    count = len(default)
    return [tuple(every[d * count : (d + 1) * count]) for d in range(directions)]


def _values(attributes: Mapping[str, Any], key: str, names: Sequence[str]) -> list[float]:
    """A parameter of each function, given or its default."""
    given = attributes.get(key)
    if given is not None and len(given) != len(names):
        raise Invalid(f"'{key}' has {len(given)} number(s) for {len(names)} activations")
    values: list[float] = []
    for index, name in enumerate(names):
        check_activation(name)
        default = PARAMETERS[name].get(key, 0.0)
        if given is None and default is None:
            raise Invalid(f"the activation '{name}' has no default: '{key}' must be given")
        values.append(float(default or 0.0) if given is None else float(given[index]))
    return values
