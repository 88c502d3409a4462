"""What networks are run on to fit one to the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lstmir.ir.interface import is_sampled, ports
from lstmir.ir.module import Module
from lstmir.numeric.augmentation import augmented
from lstmir.passes.calibrate import Calibrate
from lstmir.pipeline.passes import Context

_MORE = 1024
"""So many noisy samples at most, and so many mixtures, are made of those there are."""

Samples = Sequence[np.ndarray]
"""A stack [N, …] for each input."""


def calibration_samples(module: Module, context: Context) -> Samples | None:
    """The calibration data, or None where there are none, or the module is that of a batch.

    Raises `UserError` where they do not fit the inputs.
    """
    if context.data is None or not is_sampled(module):
        return None
    calibrate = Calibrate()
    samples = [calibrate.samples(port, context) for port in ports(module, "input")]
    calibrate.check_counts(samples)
    return samples


def with_more(samples: Samples, seed: int, most: int = _MORE) -> Samples:
    """Noisy ones and mixtures beside them: what is fitted to few samples alone suits no others.

    At most `most` of each are made.
    """
    if not samples:
        return samples
    more, _ = augmented({str(k): array for k, array in enumerate(samples)}, most, seed)
    return [np.concatenate(both) for both in zip(samples, more.values(), strict=True)]
