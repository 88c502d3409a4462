"""The networks: real ones, and cells with random weights of the sizes that peers report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from benchmarks.compression.models import SILERO, find
from lstmir.frontends.parts.cut import WHOLE, Cut

SILERO_FILE, SILERO_DATA = "silero_vad_16k_sequence.onnx", "silero_lstm_inputs.npz"
SILERO_LSTM = Cut(SILERO.inputs, ("/recurrent/LSTM_output_0",))
"""Without the head."""
STEPS, TRAINING, TESTING = 20, 64, 8


@dataclass(frozen=True)
class Network:
    """A model and its data as files; `features` is None for a real one, which lies in the repository."""

    name: str
    model: str
    data: str
    cut: Cut = WHOLE
    features: int | None = None
    hidden: int = 0
    directions: int = 1

    def files(self, folder: Path) -> tuple[Path, Path]:
        """Where model and data are; random ones are written into the folder first."""
        if self.features is None:
            return find(self.model, None), find(self.data, None)
        self._write_model(folder / self.model, self.features)
        self._write_data(folder / self.data, self.features)
        return folder / self.model, folder / self.data

    def _write_model(self, path: Path, features: int) -> None:
        """An LSTM [steps, batch, features] that gives its last state."""
        random, rows = np.random.default_rng(0), 4 * self.hidden
        lead = (self.directions,)
        constants = {
            "w": random.normal(0, 0.3, (*lead, rows, features)).astype(np.float32),
            "r": random.normal(0, 0.2, (*lead, rows, self.hidden)).astype(np.float32),
            "b": random.normal(0, 0.1, (*lead, 2 * rows)).astype(np.float32),
        }
        direction = "bidirectional" if self.directions == 2 else "forward"
        names = ["", "last", ""]
        nodes = [helper.make_node("LSTM", ["x", *constants], names, hidden_size=self.hidden,
                                  direction=direction)]  # fmt: skip
        output = "last"
        shape: list[str | int | None] = [self.directions, "batch", self.hidden]
        if self.directions == 1:
            constants["axes"] = np.array([0])
            nodes.append(helper.make_node("Squeeze", ["last", "axes"], ["flat"]))
            output, shape = "flat", shape[1:]
        graph = helper.make_graph(
            nodes, self.name,
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, [STEPS, "batch", features])],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)],
            [numpy_helper.from_array(array, name) for name, array in constants.items()],
        )  # fmt: skip
        opset = helper.make_opsetid("", 17)
        onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=8), str(path))

    def _write_data(self, path: Path, features: int) -> None:
        random = np.random.default_rng(1)
        counts = {"x_train": TRAINING, "x_test": TESTING}
        arrays = {
            name: random.normal(0, 1, (count, STEPS, features)).astype(np.float32)
            for name, count in counts.items()
        }
        np.savez(path, **arrays)  # type: ignore[arg-type]


def _random(name: str, features: int, hidden: int, directions: int = 1) -> Network:
    return Network(name, f"{name}.onnx", f"{name}.npz", WHOLE, features, hidden, directions)


NETWORKS = {
    network.name: network
    for network in (
        Network("vowels_h32", "vowels_h32.onnx", "vowels.npz"),
        Network("vowels_h32_l2", "vowels_h32_l2.onnx", "vowels.npz"),
        Network("silero", SILERO_FILE, SILERO_DATA, SILERO),
        Network("silero_lstm", SILERO_FILE, SILERO_DATA, SILERO_LSTM),
        _random("cell_1_20", 1, 20),
        _random("cell_6_20", 6, 20),
        _random("bidirectional_12_32", 12, 32, directions=2),
    )
}
