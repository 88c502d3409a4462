"""More sequences from those there are, to tell what a choice does beyond them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Samples = dict[str, NDArray[np.floating]]
Indices = NDArray[np.int64]

NOISE = 0.2
"""The standard deviation of what is added, in those of the elements."""
SHARES = (0.6, 0.9)
"""How much of a mixture is the sequence that it is nearest to."""


def augmented(samples: Samples, most: int, seed: int, copies: int = 1) -> tuple[Samples, Indices]:
    """Noisy samples, then mixtures of two, at most `most` of each; and which sample each is nearest to.

    `samples` maps names of inputs to stacks [N, …]; each sample is taken `copies` times at most.
    Elements that are exactly zero in all that a sample is made of stay zero: they are padding.
    """
    random = np.random.default_rng(seed)
    count = len(next(iter(samples.values())))
    noisy, larger, smaller = (
        np.concatenate([random.permutation(count) for _ in range(copies)])[:most] for _ in range(3)
    )
    shares = random.uniform(*SHARES, len(larger))
    found = {
        name: np.concatenate(
            [_with_noise(array, noisy, random), _mixed(array, larger, smaller, shares)]
        )
        for name, array in samples.items()
    }
    return found, np.concatenate([noisy, larger])


def _with_noise(
    array: NDArray[np.floating], chosen: Indices, random: np.random.Generator
) -> NDArray[np.floating]:
    samples = array[chosen]
    noise = random.normal(0.0, NOISE * float(array.std()), samples.shape)
    return np.where(samples == 0, 0, samples + noise).astype(array.dtype)


def _mixed(
    array: NDArray[np.floating], larger: Indices, smaller: Indices, shares: NDArray[np.floating]
) -> NDArray[np.floating]:
    share = shares.reshape(-1, *(1,) * (array.ndim - 1))
    return (share * array[larger] + (1 - share) * array[smaller]).astype(array.dtype)
