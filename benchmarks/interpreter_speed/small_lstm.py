"""A small LSTM with a dense output, its weights random, in the forms that both sides read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from lstmir import dialects, passes
from lstmir.flow.models import load_model
from lstmir.flow.recipes import FRONT, RECIPES
from lstmir.pipeline.manager import run_passes
from lstmir.pipeline.passes import Context
from lstmir.pipeline.text import parse_pipeline
from lstmir.syntax.printer import print_module

STEPS, FEATURES, HIDDEN, OUTPUTS = 20, 6, 20, 5
SAMPLES = 1000
RECIPE = "dense8"
_ONNX_GATES = (0, 3, 1, 2)
"""Where ONNX's gates i, o, f, c stand in Keras's order i, f, c, o."""

Arrays = dict[str, np.ndarray]


def keras_weights() -> Arrays:
    """Kernels [inputs, outputs] and biases, the gates in Keras's order."""
    random = np.random.default_rng(0)
    spread = {
        "kernel": (0.3, (FEATURES, 4 * HIDDEN)),
        "recurrent_kernel": (0.2, (HIDDEN, 4 * HIDDEN)),
        "bias": (0.1, (4 * HIDDEN,)),
        "dense_kernel": (0.3, (HIDDEN, OUTPUTS)),
        "dense_bias": (0.1, (OUTPUTS,)),
    }
    return {name: random.normal(0, *each).astype(np.float32) for name, each in spread.items()}


def sequences(seed: int) -> np.ndarray:
    """Input sequences [samples, steps, features]."""
    shape = (SAMPLES, STEPS, FEATURES)
    return np.random.default_rng(seed).normal(0, 1, shape).astype(np.float32)


def write_onnx(path: Path) -> None:
    """The network with the input x [steps, batch, features] and the output y [batch, outputs]."""
    weights = keras_weights()
    recurrent_bias = np.zeros(4 * HIDDEN, np.float32)
    constants = {
        "w": _gates(weights["kernel"])[np.newaxis],
        "r": _gates(weights["recurrent_kernel"])[np.newaxis],
        "b": np.concatenate([_gates(weights["bias"]), recurrent_bias])[np.newaxis],
        "axes": np.array([0]),
        "dense": weights["dense_kernel"],
        "offset": weights["dense_bias"],
    }
    nodes = [
        helper.make_node("LSTM", ["x", "w", "r", "b"], ["", "last", ""], hidden_size=HIDDEN),
        helper.make_node("Squeeze", ["last", "axes"], ["flat"]),
        helper.make_node("Gemm", ["flat", "dense", "offset"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes, "small_lstm",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [STEPS, "batch", FEATURES])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", OUTPUTS])],
        [numpy_helper.from_array(np.ascontiguousarray(a), name) for name, a in constants.items()],
    )  # fmt: skip
    opset = helper.make_opsetid("", 17)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=8), str(path))


def write_level_3(model: Path, path: Path) -> None:
    """The network in fixed point, calibrated on other sequences."""
    dialects.load()
    passes.load()
    module = load_model(str(model))
    pipeline = parse_pipeline(f"{FRONT},{RECIPE}", named=RECIPES)
    run_passes(module, pipeline, Context({"x": sequences(1)}))
    path.write_text(print_module(module), encoding="utf-8")


def _gates(kernel: np.ndarray) -> np.ndarray:
    """Keras's columns, gate by gate, as ONNX's rows."""
    gates = kernel.T.reshape(4, HIDDEN, *kernel.shape[:-1])[list(_ONNX_GATES)]
    return gates.reshape(4 * HIDDEN, *kernel.shape[:-1])
