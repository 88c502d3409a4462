"""Weights of sums, near what the cells of a family are known to take, and how far off they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

_LUT = {
    "logic": 0.9, "wide_logic": 1.0, "rom": 0.7, "rom_choice": 0.7, "sum": 1.0, "product_sum": 1.0,
    "narrow_sum": 1.5, "step": 1.0, "round": 1.0, "clip": 1.0, "clip_top": 0.4, "equal": 0.35,
    "order": 1.0, "control": 1.0, "file": 0.4, "lutram": 1.0, "lutram_choice": 1.0, "product": 1.5,
}  # fmt: skip
_FF = {
    "ff_logic": 1.0, "ff_delay": 1.0, "ff_product": 1.0, "ff_product_sum": 1.0, "ff_block": 0.1,
    "ff_table": 1.0, "file": 1.0,
}  # fmt: skip
_CLOCK = {"path": 1.0, "size": 0.2}

PRIORS: Mapping[str, Mapping[str, Mapping[str, float]]] = {
    # Carries beside LUTs, that need none where a constant is added; DSP blocks that add, and have
    # registers inside; shift registers.
    "xc7": {
        "lut": {
            **_LUT, "wide_logic": 1.3, "rom_choice": 0.4, "product_sum": 0.1, "narrow_sum": 1.0,
            "step": 0.2, "round": 0.2, "clip_top": 0.3, "equal": 0.25, "order": 0.6, "control": 0.5,
            "file": 0.2, "lutram_choice": 0.5, "product": 1.2, "shift": 0.9,
        },
        "ff": {**_FF, "ff_product": 0.1, "ff_product_sum": 0.2, "ff_shift": -1.0},
    },
    "ecp5": {"lut": _LUT, "ff": _FF, "clock": _CLOCK},
    "ice40": {"lut": {**_LUT, "product_sum": 0.6}, "ff": {**_FF, "ff_product": 0.3, "ff_product_sum": 0.6}},
}  # fmt: skip
"""Where a fit begins: few networks say little of what they hardly have."""

_PULL = 0.03
"""How much a whole weight that is off weighs, against a relative error of 1."""


def fitted(
    kinds: Sequence[Mapping[str, float]], real: Sequence[float], prior: Mapping[str, float]
) -> dict[str, Any]:
    """The weights, and the errors of networks that were left out one at a time."""
    names = list(prior)
    shares = np.array([[each.get(name, 0) for name in names] for each in kinds], float)
    shares /= np.array(real, float)[:, None]
    begin = np.array([prior[name] for name in names])
    others = ~np.eye(len(shares), dtype=bool)
    errors = np.array([
        shares[out] @ _weights(shares[rest], begin) - 1 for out, rest in enumerate(others)
    ])  # fmt: skip
    weights = _weights(shares, begin)
    median, p90, worst = np.quantile(abs(errors), [0.5, 0.9, 1]).round(3).tolist()
    return {
        "weights": dict(zip(names, weights.round(3).tolist(), strict=True)),
        "networks": len(shares), "median": median, "p90": p90, "worst": worst,
    }  # fmt: skip


def _weights(shares: np.ndarray, begin: np.ndarray) -> np.ndarray:
    """Least squares of relative errors, pulled towards `begin`, none of another sign than there."""
    scale = np.sqrt(_PULL) / begin
    rows = np.vstack([shares, np.diag(scale)])
    goal = np.concatenate([np.ones(len(shares)), scale * begin])
    square, right = rows.T @ rows, rows.T @ goal
    weights = begin.copy()
    for _ in range(3000):
        for index, sign in enumerate(np.sign(begin)):
            step = (right[index] - square[index] @ weights) / square[index, index]
            weights[index] = sign * max(0.0, sign * (weights[index] + step))
    return weights
