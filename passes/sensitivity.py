"""What a change of constants does to the outputs, measured on the calibration data."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lstmir.ir.module import Module
from lstmir.ir.types import shape_of
from lstmir.numeric.divergence import divergence
from lstmir.passes.exchanged import run_exchanged
from lstmir.passes.refining.samples import Samples, calibration_samples, with_more
from lstmir.passes.scores import scores_of
from lstmir.pipeline.passes import Context, Pass, cannot

MOST_SAMPLES = 256
"""So many samples, as many noisy ones and as many mixtures are run at most."""


class Sensitivity:
    """Runs a float module of level 2 with some constants replaced.

    Samples that the network was trained on it knows by heart; so there are noisy ones and mixtures
    among those that are run. Raises `UserError`, in the name of `pass_`, without calibration data.
    """

    def __init__(self, pass_: Pass, module: Module, context: Context) -> None:
        self._module = module
        self.samples = _samples(pass_, module, context)
        self._classes = has_classes(module)
        self._reference = self._outputs({})

    def of(self, arrays: Mapping[str, np.ndarray]) -> float:
        """The divergence of the first output when these resources are replaced, by name.

        In nats a sample where it is a vector with an element a class, else the mean squared
        difference.
        """
        return self.divergence(self._outputs(arrays))

    def divergence(self, outputs: np.ndarray) -> float:
        """That of other first outputs for the same `samples`."""
        return divergence(self._reference, outputs, self._classes)

    def _outputs(self, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
        return run_exchanged(self._module, self.samples, arrays)[0]


def has_classes(module: Module) -> bool:
    """Whether the first output of a module of level 2 is a vector with an element a class, or which
    of its elements is the largest.
    """
    shape = shape_of(scores_of(module.main.results[0]).type)
    return len(shape) == 1 and (shape[0] or 0) > 1


def _samples(pass_: Pass, module: Module, context: Context) -> Samples:
    """Of each input, in order: some of the calibration data, and what augmentation makes of them."""
    known = calibration_samples(module, context)
    if known is None:
        raise cannot(pass_, "there is no calibration data: give --data FILE.npz")
    count = max(map(len, known), default=0)
    chosen = np.sort(np.random.default_rng(context.seed).permutation(count)[:MOST_SAMPLES])
    return with_more([array[chosen] for array in known], context.seed, MOST_SAMPLES)
