"""One measurement of hls4ml: `python -m benchmarks.interpreter_speed.hls_simulation FOLDER RESULTS`.

hls4ml writes its C++ for the small LSTM, compiles it, and runs it by its own `predict`. It reads
Keras's description of the network, so that Keras itself is not needed.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
from hls4ml.converters import parse_keras_model  # type: ignore[import-untyped]
from hls4ml.model import ModelGraph  # type: ignore[import-untyped]

from benchmarks.interpreter_speed.small_lstm import (
    FEATURES,
    HIDDEN,
    OUTPUTS,
    STEPS,
    keras_weights,
    sequences,
)
from benchmarks.process import repeated

REPEATS = 3
PRECISION = "ap_fixed<16,6>"
_CONFIG = {
    "ProjectName": "small_lstm", "Backend": "Vivado", "Part": "xcku115-flvb2104-2-i",
    "ClockPeriod": 5, "IOType": "io_parallel",
    "HLSConfig": {
        "Model": {"Precision": {"default": PRECISION}, "ReuseFactor": 1, "Strategy": "Latency"}
    },
}  # fmt: skip


class _Weights:
    """What hls4ml asks for the weights of a layer."""

    def get_weights_data(self, layer: str, name: str) -> np.ndarray:
        prefix = "dense_" if layer == "dense" else ""
        return keras_weights()[prefix + name]


def main(folder: str, results: str) -> None:
    """Build in a folder, run, and keep what came out."""
    layers, inputs, outputs, _ = parse_keras_model(_network(), _Weights())
    model = ModelGraph.from_layer_list({**_CONFIG, "OutputDir": folder}, layers, inputs, outputs)
    model.compile()
    feed = sequences(0)
    np.savez(results, y=model.predict(feed))
    print(json.dumps({"seconds": repeated(lambda: model.predict(feed), REPEATS)}))


def _network() -> dict[str, Any]:
    layers = [
        _layer("InputLayer", "x", batch_input_shape=[None, STEPS, FEATURES]),
        _layer(
            "LSTM", "lstm", units=HIDDEN, activation="tanh", recurrent_activation="sigmoid",
            use_bias=True, return_sequences=False, return_state=False, go_backwards=False,
            time_major=False, stateful=False,
        ),
        _layer("Dense", "dense", units=OUTPUTS, activation="linear", use_bias=True),
    ]  # fmt: skip
    return {"class_name": "Sequential", "config": {"name": "small_lstm", "layers": layers}}


def _layer(kind: str, name: str, **config: Any) -> dict[str, Any]:
    return {"class_name": kind, "config": {"name": name, "dtype": "float32", **config}}


if __name__ == "__main__":
    main(*sys.argv[1:])
