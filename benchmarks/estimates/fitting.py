"""Weights of sums, near what the cells of a family are known to take, and how far off they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

_LUT = {
    "logic": 0.9, "wide_logic": 1.0, "rom": 0.7, "rom_choice": 0.7, "sum": 1.0, "product_sum": 1.0,
    "carry_save": 2.0, "narrow_sum": 1.5, "step": 1.0, "round": 1.0, "clip": 1.0, "clip_top": 0.4,
    "equal": 0.35, "order": 1.0, "control": 1.0, "file_word": 1.0, "file_choice": 0.7, "lutram": 1.0,
    "bank_choice": 0.8, "product": 1.5,
}  # fmt: skip
_FF = {
    "ff_logic": 1.0, "ff_delay": 1.0, "ff_product": 1.0, "ff_product_sum": 1.0, "ff_block": 0.1,
    "ff_table": 1.0, "file": 1.0,
}  # fmt: skip
_CLOCK = {"path": 1.0, "size": 0.2}

_FREE_ON_XC7 = ("product_sum", "step", "round")
"""What blocks add, and what a chain of carries adds to a single word: no LUT has a part in it."""

PRIORS: Mapping[str, Mapping[str, Mapping[str, float]]] = {
    # DSP blocks that add, and have registers inside; shift registers.
    "xc7": {
        "lut": {
            **{kind: prior for kind, prior in _LUT.items() if kind not in _FREE_ON_XC7},
            "wide_logic": 1.3, "rom_choice": 0.4, "carry_save": 1.1, "narrow_sum": 1.0, "clip_top": 0.3,
            "equal": 0.25, "order": 0.6, "control": 0.5, "file_choice": 0.5, "bank_choice": 1.0,
            "product": 1.2, "shift": 1.0, "choice": 1.0,
        },
        "ff": _FF,
    },
    "ecp5": {"lut": _LUT, "ff": _FF, "clock": _CLOCK},
    "ice40": {"lut": {**_LUT, "product_sum": 0.6}, "ff": {**_FF, "ff_product": 0.3, "ff_product_sum": 0.6}},
}  # fmt: skip
"""Where a fit begins: few networks say little of what they hardly have."""

_PULL = 0.03
"""How much a whole weight that is off weighs, against a relative error of 1."""


@dataclass(frozen=True)
class Counted:
    """Networks: what was counted of each before the synthesis, and what is to be foretold."""

    kinds: Sequence[Mapping[str, float]]
    real: Sequence[float]

    def shares(self, names: Sequence[str]) -> np.ndarray:
        """Each kind, for each network, in parts of what is to be foretold."""
        counts = np.array([[each.get(name, 0) for name in names] for each in self.kinds], float)
        shares: np.ndarray = counts.reshape(-1, len(names)) / np.array(self.real, float)[:, None]
        return shares


def fitted(seen: Counted, held_out: Counted, prior: Mapping[str, float]) -> dict[str, Any]:
    """The weights for some networks, and how far off they are for those that were held out."""
    names = list(prior)
    weights = _weights(seen.shares(names), np.array([prior[name] for name in names])).round(3)
    errors = abs(held_out.shares(names) @ weights - 1)
    median, p90, worst = np.quantile(errors, [0.5, 0.9, 1]).round(3).tolist()
    return {
        "weights": dict(zip(names, weights.tolist(), strict=True)),
        "networks": len(seen.real), "held_out": len(errors), "median": median, "p90": p90, "worst": worst,
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
