"""Makes rnn.npz, the calibration data of these files: two samples of three steps."""

from __future__ import annotations

from pathlib import Path

import numpy as np

PATH = Path(__file__).with_name("rnn.npz")

X_TRAIN = np.array(
    [
        [[1.0, 0.5], [0.5, 0.0], [-1.0, -1.0]],
        [[-1.0, 1.0], [0.25, -0.5], [1.0, 1.0]],
    ],
    np.float32,
)

if __name__ == "__main__":
    np.savez(PATH, x_train=X_TRAIN)
