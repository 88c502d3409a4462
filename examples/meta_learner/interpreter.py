"""The accelerator as lstmir's interpreter runs it, on levels 2 to 4."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from examples.meta_learner.host import check_theta, checked, clip, features
from examples.meta_learner.learner import Array
from lstmir import dialects, passes
from lstmir.flow.models import load_model
from lstmir.flow.recipes import FRONT
from lstmir.interpreter.session import Session
from lstmir.ir.interface import is_sampled, ports
from lstmir.ir.module import Module
from lstmir.pipeline.manager import run_passes
from lstmir.pipeline.passes import Context
from lstmir.pipeline.text import parse_pipeline

THETA = "theta"


def load(path: Path | str) -> Module:
    """The network in a `.json` or `.lstmir` file, at least at level 2."""
    dialects.load()
    passes.load()
    module = load_model(str(path))
    if not is_sampled(module):
        run_passes(module, parse_pipeline(FRONT), Context())
    return module


class Interpreter:
    """An `Accelerator`: the module runs step by step, all coordinates of all learners at once.

    A module with an input `features` gets those that the host makes; one without makes its own.
    """

    def __init__(self, module: Module) -> None:
        self._session = Session(module)
        inputs = ports(module, "input")
        self._states = {p.name: p.sample_shape for p in inputs if p.time is None}
        self._takes_features = any(port.name == "features" for port in inputs)
        self._theta: Array | None = None

    def reset(self, theta: Array) -> None:
        self._theta = check_theta(theta)
        count = self._theta.size
        zeros = {name: np.zeros((count, *shape)) for name, shape in self._states.items()}
        self._session.start({**zeros, f"{THETA}_0": self._theta.reshape(count, 1)})

    def step(self, gradients: Array, loss: Array | float) -> Array:
        gradients, losses = checked(self._theta, gradients, loss)
        clipped = clip(gradients)
        feeds = {"gradient": clipped, "loss": losses}
        if self._takes_features:
            feeds = {"gradient": clipped, "features": features(clipped, losses)}
        steps = {name: each.reshape(1, clipped.size, -1) for name, each in feeds.items()}
        found = self._session.run(steps)[THETA]
        self._theta = np.asarray(found, np.float64).reshape(clipped.shape)
        return self._theta
