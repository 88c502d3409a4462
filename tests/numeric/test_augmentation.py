"""Samples made of samples."""

from __future__ import annotations

import numpy as np

from lstmir.numeric.augmentation import NOISE, SHARES, augmented

COUNT = 50
RANDOM = np.random.default_rng(1)
X = RANDOM.normal(2.0, 3.0, (COUNT, 7, 4)).astype(np.float32)


def _parts(array: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return array[:COUNT], array[COUNT:]


def test_the_same_seed_gives_the_same() -> None:
    (first, nearest), (again, same), (other, _) = (augmented({"x": X}, COUNT, s) for s in (5, 5, 6))
    assert np.array_equal(first["x"], again["x"])
    assert np.array_equal(nearest, same)
    assert not np.array_equal(first["x"], other["x"])
    assert first["x"].dtype == np.float32


def test_noisy_samples_are_near_what_they_were() -> None:
    found, nearest = augmented({"x": X}, COUNT, 0)
    noisy, _ = _parts(found["x"])
    assert sorted(nearest[:COUNT]) == list(range(COUNT))
    noise = noisy - X[nearest[:COUNT]]
    assert abs(noise.std() / (NOISE * X.std()) - 1) < 0.1
    assert abs(noise.mean()) < 0.1


def test_mixtures_are_nearest_to_their_larger_parts() -> None:
    found, nearest = augmented({"x": X}, COUNT, 0)
    for mixture, larger in zip(_parts(found["x"])[1], nearest[COUNT:], strict=True):
        # mixture = share * larger + (1 - share) * other, for one share and one other sample
        fits = []
        for other in X:
            apart = (X[larger] - other).ravel()
            if not apart.any():
                continue
            share = float((mixture - other).ravel() @ apart / (apart @ apart))
            if np.allclose(share * X[larger] + (1 - share) * other, mixture, atol=1e-4):
                fits.append(share)
        itself = np.allclose(mixture, X[larger], atol=1e-4)
        assert itself or any(SHARES[0] - 1e-3 <= share <= SHARES[1] + 1e-3 for share in fits)


def test_all_inputs_of_a_sample_are_those_of_one_sample() -> None:
    """Two inputs that hold the same are mixed alike."""
    doubled, _ = augmented({"a": X, "b": 2 * X}, COUNT, 0)
    (_, mixed), (_, twice) = _parts(doubled["a"]), _parts(doubled["b"])
    np.testing.assert_allclose(2 * mixed, twice, rtol=1e-5)


def test_padding_stays_zero() -> None:
    padded = X.copy()
    padded[:, :3] = 0
    found, _ = augmented({"x": padded, "h": np.zeros((COUNT, 4), np.float32)}, COUNT, 0)
    assert not found["x"][:, :3].any()
    assert found["x"][:, 3:].all()
    assert not found["h"].any()


def test_many_samples_are_not_all_used() -> None:
    found, nearest = augmented({"x": X}, 20, 0)
    assert len(found["x"]) == len(nearest) == 40
