"""The accelerator as hardware is: a function of one step, whose host keeps the states in between."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from examples.meta_learner.host import check_theta, checked, clip, features
from examples.meta_learner.learner import Array
from lstmir.interpreter.feeds import as_reals, to_carrier
from lstmir.interpreter.run import run_samples
from lstmir.ir.interface import ports
from lstmir.ir.module import Module

Arrays = Mapping[str, Array]
STATES = {"h": 20, "c": 20, "forget": 1, "input": 1, "theta": 1}
"""Numbers of each state of a coordinate."""
_BEFORE, _AFTER = "_0", "_last"


class Streamed:
    """An `Accelerator`: `run` gives the outputs of one step by name, for inputs [coordinates, numbers].

    All coordinates of all learners go in one packet, each with its states. The host makes `features` of
    gradients and losses, or, where the network is `raw`, sends these.
    """

    def __init__(self, run: Callable[[Arrays], Arrays], *, raw: bool = False) -> None:
        self._run, self._raw = run, raw
        self._theta: Array | None = None
        self._states: dict[str, Array] = {}

    def reset(self, theta: Array) -> None:
        self._theta = check_theta(theta)
        count = self._theta.size
        self._states = {name: np.zeros((count, width)) for name, width in STATES.items()}
        self._states["theta"] = self._theta.reshape(count, 1)

    def step(self, gradients: Array, loss: Array | float) -> Array:
        gradients, losses = checked(self._theta, gradients, loss)
        clipped = clip(gradients)
        read = {"loss": losses} if self._raw else {"features": features(clipped, losses)}
        inputs = {
            **{name: each.reshape(clipped.size, -1) for name, each in read.items()},
            "gradient": clipped.reshape(clipped.size, 1),
            **{name + _BEFORE: state for name, state in self._states.items()},
        }
        found = self._run(inputs)
        self._states = {name: np.asarray(found[name + _AFTER], np.float64) for name in STATES}
        self._theta = self._states["theta"].reshape(clipped.shape)
        return self._theta


def interpreted(module: Module) -> Callable[[Arrays], Arrays]:
    """A step as lstmir's interpreter computes it; numbers are rounded to the formats of the inputs."""
    inputs, outputs = ports(module, "input"), ports(module, "output")

    def run(arrays: Arrays) -> Arrays:
        given = [
            to_carrier(arrays[port.name][None], value.type)
            for port, value in zip(inputs, module.main.parameters, strict=True)
        ]
        results = as_reals(module, run_samples(module, given))
        return {port.name: array[0] for port, array in zip(outputs, results, strict=True)}

    return run
