"""The second process: what was chosen is run on the test arrays, which nobody has opened before.

`python -m benchmarks.compression.score MODEL ONNX DATA.npz FOLDER`; prints what it found.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.compression.choose import CHOICES
from benchmarks.compression.models import MODELS
from lstmir import dialects, passes
from lstmir.flow.data import read_data
from lstmir.flow.explore import Measure, measure_of, outputs_of
from lstmir.flow.metrics import weight_bits_float, weights_bits_encoded
from lstmir.flow.models import load_model

SIDE = 0.5
"""A probability above says yes."""


def main(name: str, onnx: str, path: str, folder: str) -> dict[str, Any]:
    """A row for each allowed loss."""
    choices = json.loads(Path(folder, CHOICES).read_text(encoding="utf-8"))
    dialects.load()
    passes.load()
    module = MODELS[name].module(onnx)
    data = read_data(path, module)
    assert not data.test_is_train, "there are no test arrays"
    test = measure_of(module, data.test, data.y_test)
    bits_float = weight_bits_float(module)
    rows = []
    for choice in choices["choices"]:
        row = {"max_loss": choice["max_loss"], "options": None}
        if choice["chosen"] is not None:
            network = load_model(str(Path(folder, f"{choice['max_loss']:g}.lstmir")))
            bits = weights_bits_encoded(network)
            assert bits == choice["chosen"]["bits"]
            scored = _scored(test, outputs_of(network, test.samples))
            options = choice["chosen"]["options"]
            row |= {"options": options, "bits": bits, "ratio": bits_float / bits, **scored}
        rows.append(row)
    return {"metric": choices["metric"], "bits_float": bits_float, "seconds": choices["seconds"],
            "least_loss": choices["least_loss"], "rows": rows}  # fmt: skip


def _scored(test: Measure, outputs: np.ndarray) -> dict[str, Any]:
    judge, fidelity = test.judge, test.judge.fidelity(outputs)
    found: dict[str, Any] = {"samples": fidelity.samples, "loss": fidelity.loss}
    found |= {"agreement": fidelity.agreement, "divergence": fidelity.divergence}
    if judge.labels is not None:
        found |= {"float_right": judge.right(judge.reference), "right": judge.right(outputs)}
    if not judge.classes:
        changed = (outputs > SIDE) != (judge.reference > SIDE)
        found |= {"frames": changed.size, "frames_changed": int(changed.sum())}
    return found


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
