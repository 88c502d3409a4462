"""Exports networks with Keras's own `model.export(..., format="onnx")`, and what Keras makes of them.

    KERAS_BACKEND=tensorflow python -m tests.data.keras_exports.export FOLDER [--seed N]

writes FOLDER/models.zip (`taken/NAME.onnx`, `refused/NAME.onnx`) and FOLDER/arrays.npz
(`NAME/CASE/INPUT`, `NAME/CASE/OUTPUT`; a case is a batch and a length, `b3_t5`). Needs keras 3,
tensorflow and tf2onnx.
"""

from __future__ import annotations

import argparse
import sys
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import keras
import numpy as np
import onnx
from keras import Input, Model, Sequential
from keras import layers as k

FEATURES = 4
BATCHES, LENGTHS = (1, 3), (5, 2)


def chain(*layers: Any, steps: int | None = 5) -> Any:
    """Layers behind each other, on sequences of so many steps, or any number."""
    return Sequential([Input((steps, FEATURES), name="x"), *layers])


def any_length(*layers: Any) -> Any:
    return chain(*layers, steps=None)


def lstm(units: int = 8, **options: Any) -> Any:
    return k.LSTM(units, **options)


def steps(units: int = 8, **options: Any) -> Any:
    return k.LSTM(units, return_sequences=True, **options)


def states_as_inputs() -> Any:
    x, h, c = Input((5, FEATURES), name="x"), Input((8,), name="h"), Input((8,), name="c")
    return Model([x, h, c], steps(return_state=True)(x, initial_state=[h, c]))


def encoder_and_decoder() -> Any:
    x, said = Input((5, FEATURES), name="x"), Input((5, FEATURES), name="said")
    _, h, c = lstm(return_state=True)(x)
    return Model([x, said], k.Dense(3)(steps()(said, initial_state=[h, c])))


def residual() -> Any:
    x = Input((None, FEATURES), name="x")
    return Model(x, k.Add()([steps(FEATURES)(x), x]))


TAKEN: dict[str, Callable[[], Any]] = {
    "sequence": lambda: chain(steps()),
    "sequence_any": lambda: any_length(steps()),
    "last": lambda: chain(lstm(16), k.Dense(3)),
    "last_any": lambda: any_length(lstm(16), k.Dense(3)),
    "stacked": lambda: any_length(
        steps(8, dropout=0.2), k.Dropout(0.2), lstm(6), k.Dense(3, "relu")
    ),
    "softmax": lambda: chain(lstm(use_bias=False), k.Dense(3, activation="softmax")),
    "dense_each_step": lambda: any_length(steps(), k.Dense(5, activation="tanh"), k.Dense(3)),
    "relu": lambda: chain(lstm(activation="relu")),
    "normalized": lambda: chain(lstm(), k.BatchNormalization(), k.Dense(3)),
    "averaged": lambda: chain(steps(), k.GlobalAveragePooling1D()),
    "flattened": lambda: chain(steps(), k.Flatten(), k.Dense(3)),
    "convolved": lambda: chain(k.Conv1D(6, 1), lstm(), k.Dense(1, activation="sigmoid")),
    "both_ways": lambda: any_length(k.Bidirectional(steps()), k.Bidirectional(lstm(6)), k.Dense(3)),
    "both_ways_added": lambda: chain(k.Bidirectional(lstm(), merge_mode="sum")),
    "repeated": lambda: chain(lstm(), k.RepeatVector(5), steps(), k.TimeDistributed(k.Dense(4))),
    "residual": residual,
    "states": states_as_inputs,
    "encoder_decoder": encoder_and_decoder,
}

REFUSED: dict[str, Callable[[], Any]] = {
    "gru": lambda: chain(k.GRU(8)),
    "simple_rnn": lambda: chain(k.SimpleRNN(8)),
    "hard_sigmoid": lambda: chain(lstm(recurrent_activation="hard_sigmoid")),
    "recurrent_dropout": lambda: chain(lstm(recurrent_dropout=0.2)),
    "masking": lambda: chain(k.Masking(), lstm()),
    "backwards": lambda: chain(steps(go_backwards=True)),
}


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    keras.utils.set_random_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    arrays: dict[str, np.ndarray] = {}
    with zipfile.ZipFile(options.folder / "models.zip", "w") as archive:
        for name, make in TAKEN.items():
            network = make()
            exported = _exported(network)
            _write(archive, f"taken/{name}.onnx", exported)
            arrays |= _cases(name, network, [value.name for value in exported.graph.output], rng)
        for name, make in REFUSED.items():
            _write(archive, f"refused/{name}.onnx", _exported(make()))
    np.savez_compressed(options.folder / "arrays.npz", allow_pickle=False, **arrays)


def _exported(network: Any) -> Any:
    network([np.zeros(_shape(each, 1, 1), np.float32) for each in network.inputs])
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        network.export(path, format="onnx", verbose=False)
        return onnx.load(path)


def _write(archive: zipfile.ZipFile, name: str, model: Any) -> None:
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, model.SerializeToString(deterministic=True), compresslevel=9)


def _cases(
    name: str, network: Any, outputs: Sequence[str], rng: np.random.Generator
) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    free = any(None in value.shape[1:] for value in network.inputs)
    for batch in BATCHES:
        for length in LENGTHS if free else LENGTHS[:1]:
            shapes = [_shape(value, batch, length) for value in network.inputs]
            inputs = [rng.uniform(-1, 1, shape).astype(np.float32) for shape in shapes]
            results = keras.tree.flatten(network(inputs if len(inputs) > 1 else inputs[0]))
            values = [*inputs, *map(keras.ops.convert_to_numpy, results)]
            names = [*(value.name for value in network.inputs), *outputs]
            for key, array in zip(names, values, strict=True):
                found[f"{name}/b{batch}_t{length}/{key}"] = array
    return found


def _shape(value: Any, batch: int, length: int) -> tuple[int, ...]:
    return (batch, *(length if size is None else size for size in value.shape[1:]))


if __name__ == "__main__":
    main(sys.argv[1:])
