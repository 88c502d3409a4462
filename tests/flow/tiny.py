"""A model small enough to be compiled in seconds, written as the JSON form of ONNX, and its data."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

INPUTS, HIDDEN, CLASSES, STEPS = 3, 4, 2, 5
FLOAT, INT64 = 1, 7

Arrays = dict[str, np.ndarray]


def weights() -> Arrays:
    """The parameters of an LSTM and of the linear layer that reads its last state."""
    random = np.random.default_rng(7)
    shapes = {
        "w": (1, 4 * HIDDEN, INPUTS), "r": (1, 4 * HIDDEN, HIDDEN), "b": (1, 8 * HIDDEN),
        "head": (CLASSES, HIDDEN), "bias": (CLASSES,),
    }  # fmt: skip
    return {name: random.normal(0, 0.7, shape).astype(np.float32) for name, shape in shapes.items()}


def model(parameters: Mapping[str, np.ndarray] | None = None) -> dict[str, Any]:
    """The network: input `x` [STEPS, batch, INPUTS], output `y` [batch, CLASSES]."""
    nodes = [
        _node("LSTM", ["x", "w", "r", "b"], ["", "last", ""], hidden_size=HIDDEN),
        _node("Squeeze", ["last", "axes"], ["flat"]),
        _node("Gemm", ["flat", "head", "bias"], ["y"], transB=1),
    ]
    constants = {**(parameters or weights()), "axes": np.array([0])}
    graph = {
        "node": nodes,
        "initializer": [_tensor(name, array) for name, array in constants.items()],
        "input": [_value("x", STEPS, "batch", INPUTS)],
        "output": [_value("y", "batch", CLASSES)],
    }
    return {"irVersion": "8", "graph": graph, "opsetImport": [{"version": "17"}]}


def with_batch(batch: int) -> dict[str, Any]:
    """The network for batches of one size."""
    mapping = copy.deepcopy(model())
    for key, axis in (("input", 1), ("output", 0)):
        dims = mapping["graph"][key][0]["type"]["tensorType"]["shape"]["dim"]
        dims[axis] = {"dimValue": batch}
    return mapping


def with_initial_state() -> dict[str, Any]:
    """The network with its first hidden state as a second input, `h0` [1, batch, HIDDEN]."""
    mapping = copy.deepcopy(model())
    graph = mapping["graph"]
    graph["node"][0]["input"] += ["", "h0"]
    state = copy.deepcopy(graph["input"][0]) | {"name": "h0"}
    dims = state["type"]["tensorType"]["shape"]["dim"]
    dims[0], dims[2] = {"dimValue": 1}, {"dimValue": HIDDEN}
    graph["input"].append(state)
    return mapping


def data(samples: int = 6) -> Arrays:
    """Calibration and test data that fit the model, with labels."""
    random = np.random.default_rng(11)
    arrays: Arrays = {}
    for half in ("train", "test"):
        arrays[f"x_{half}"] = random.normal(size=(samples, STEPS, INPUTS)).astype(np.float32)
        arrays[f"y_{half}"] = random.integers(0, CLASSES, samples)
    return arrays


def write_model(path: Path, mapping: Mapping[str, Any] | None = None) -> Path:
    """Write a model, the tiny one by default; gives its path."""
    path.write_text(json.dumps(mapping or model()), encoding="utf-8")
    return path


def write_data(path: Path, arrays: Mapping[str, np.ndarray] | None = None) -> Path:
    """Write arrays, those of the tiny model by default; gives their path."""
    np.savez(path, **(arrays or data()))  # type: ignore[arg-type]
    return path


def _node(
    operator: str, inputs: list[str], outputs: list[str], **attributes: int
) -> dict[str, Any]:
    entries = [{"name": k, "type": "INT", "i": str(v)} for k, v in attributes.items()]
    names = {"opType": operator, "name": operator.lower()}
    return {**names, "input": inputs, "output": outputs, "attribute": entries}


def _tensor(name: str, array: np.ndarray) -> dict[str, Any]:
    kind = FLOAT if array.dtype.kind == "f" else INT64
    raw = base64.b64encode(array.tobytes()).decode()
    return {"name": name, "dims": list(array.shape), "dataType": kind, "rawData": raw}


def _value(name: str, *shape: int | str) -> dict[str, Any]:
    dims = [{"dimParam": size} if isinstance(size, str) else {"dimValue": size} for size in shape]
    return {"name": name, "type": {"tensorType": {"elemType": FLOAT, "shape": {"dim": dims}}}}
