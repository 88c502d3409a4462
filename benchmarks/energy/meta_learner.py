"""Times of the meta-learner's step in ONNX Runtime: `python -m benchmarks.energy.meta_learner`, as JSON.

The step is written with as few operators as it needs, in float32, one thread.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime import InferenceSession  # type: ignore[import-untyped]

from benchmarks.energy.power import measured
from benchmarks.interpreter_speed.onnx_runtime import open_session
from benchmarks.process import repeated

WEIGHTS = Path("examples/meta_learner/meta_sinusoid.npz")
COORDINATES, HIDDEN, REPEATS, COUNTED = 481, 20, 41, 2000
LEARNERS = (1, 4, 16, 64)
"""Learners whose coordinates are updated together."""
INPUTS = {"x": 4, "gradient": 1, "h": HIDDEN, "c": HIDDEN, "forget": 1, "input": 1, "theta": 1}


def main() -> None:
    """CPU seconds of a step of one learner's coordinates, alone and with the best number of others."""
    session = open_session(step().SerializeToString())
    seconds = {}
    for learners in LEARNERS:
        seconds[learners] = repeated(_run(session, learners), REPEATS) / learners
    best = min(seconds, key=lambda learners: seconds[learners])
    batches = []
    for learners in dict.fromkeys((1, best)):
        power = measured(partial(_again, _run(session, learners), COUNTED // learners))
        found = {"batch": learners, "seconds": seconds[learners], "power": power and asdict(power)}
        batches.append(found)
    print(json.dumps({"batches": batches, "seconds": seconds}))


def step() -> onnx.ModelProto:
    """One step of any number of coordinates."""
    weights = {name: array.astype(np.float32) for name, array in np.load(WEIGHTS).items()}
    gates = np.concatenate([weights["forget_w"], weights["input_w"]])
    constants = {
        "w": weights["lstm_w_ih"].T, "r": weights["lstm_w_hh"].T,
        "b": weights["lstm_b_ih"] + weights["lstm_b_hh"], "gates_w": gates[:, :HIDDEN].T,
        "gates_theta": gates[:, HIDDEN], "gates_self": gates[:, HIDDEN + 1],
        "gates_b": np.concatenate([weights["forget_b"], weights["input_b"]]),
    }  # fmt: skip
    nodes = [
        helper.make_node("Gemm", ["x", "w", "b"], ["zx"]),
        helper.make_node("MatMul", ["h", "r"], ["zh"]),
        helper.make_node("Add", ["zx", "zh"], ["z"]),
        helper.make_node("Split", ["z"], ["zi", "zf", "zg", "zo"], axis=1, num_outputs=4),
        *(helper.make_node("Sigmoid", [f"z{k}"], [k]) for k in "ifo"),
        helper.make_node("Tanh", ["zg"], ["g"]),
        helper.make_node("Mul", ["f", "c"], ["kept"]),
        helper.make_node("Mul", ["i", "g"], ["new"]),
        helper.make_node("Add", ["kept", "new"], ["c_next"]),
        helper.make_node("Tanh", ["c_next"], ["squashed"]),
        helper.make_node("Mul", ["o", "squashed"], ["h_next"]),
        helper.make_node("Gemm", ["h_next", "gates_w", "gates_b"], ["of_h"]),
        helper.make_node("Concat", ["forget", "input"], ["both"], axis=1),
        helper.make_node("Mul", ["both", "gates_self"], ["of_self"]),
        helper.make_node("Mul", ["theta", "gates_theta"], ["of_theta"]),
        helper.make_node("Sum", ["of_h", "of_self", "of_theta"], ["gates"]),
        helper.make_node("Sigmoid", ["gates"], ["opened"]),
        helper.make_node("Split", ["opened"], ["forget_next", "input_next"], axis=1, num_outputs=2),
        helper.make_node("Mul", ["forget_next", "theta"], ["theta_kept"]),
        helper.make_node("Mul", ["input_next", "gradient"], ["theta_moved"]),
        helper.make_node("Sub", ["theta_kept", "theta_moved"], ["theta_next"]),
    ]
    outputs = {
        f"{name}_next": width for name, width in INPUTS.items() if name not in ("x", "gradient")
    }
    graph = helper.make_graph(
        nodes, "step", _infos(INPUTS), _infos(outputs),
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )  # fmt: skip
    opset = helper.make_opsetid("", 18)
    return helper.make_model(graph, opset_imports=[opset], ir_version=8)


def _infos(widths: dict[str, int]) -> list[onnx.ValueInfoProto]:
    return [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["coordinates", width])
        for name, width in widths.items()
    ]


def _run(session: InferenceSession, learners: int) -> partial[object]:
    random, count = np.random.default_rng(0), COORDINATES * learners
    arrays = {n: random.normal(0, 0.3, (count, w)).astype(np.float32) for n, w in INPUTS.items()}
    return partial(session.run, None, arrays)


def _again(run: partial[object], times: int) -> None:
    for _ in range(times):
        run()


if __name__ == "__main__":
    main()
