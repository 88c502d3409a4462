"""Write the meta-learner as JSON: `make_json.py [--preprocess] meta_learner.json`.

The weights stay in `meta_sinusoid.npz`, which must lie beside the JSON. With `--preprocess` the
network takes the gradient and the loss as they are; else the host computes their features.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import Any

Node = dict[str, Any]

HIDDEN, FEATURES, LIMIT = 20, 4, 10.0
GATES = ("i", "f", "g", "o")
WEIGHTS = (
    "lstm_w_ih", "lstm_w_hh", "lstm_b_ih", "lstm_b_hh", "forget_w", "forget_b", "input_w", "input_b",
)  # fmt: skip
STATES = {"h": HIDDEN, "c": HIDDEN, "forget": 1, "input": 1, "theta": 1}
"""What a coordinate remembers from step to step, and how many numbers that is."""


def node(op: str, inputs: str, outputs: str, **attributes: Any) -> Node:
    """A node whose names are given with blanks between."""
    made: Node = {"opType": op, "input": inputs.split(), "output": outputs.split()}
    return {**made, "attribute": attributes} if attributes else made


def model(*, preprocess: bool = False) -> dict[str, Any]:
    """The whole model: one `Scan` over the steps, all coordinates side by side as its batch."""
    sequences = {"gradient": 1, "loss": 1} if preprocess else {"features": FEATURES, "gradient": 1}
    shapes = {name: ["steps", "coordinates", size] for name, size in sequences.items()}
    shapes |= {f"{name}_0": ["coordinates", size] for name, size in STATES.items()}
    states = " ".join(f"{name}_0" for name in STATES)
    last = " ".join(f"{name}_last" for name in STATES)
    body = {
        "name": "step",
        "input": [*({"name": name} for name in STATES), *({"name": f"{k}_t"} for k in sequences)],
        "node": [*(preprocessing() if preprocess else clip_only()), *cell()],
        "output": [*(f"{name}_next" for name in STATES), "theta_t"],
    }
    scan = node(
        "Scan", f"{states} {' '.join(sequences)}", f"{last} theta",
        num_scan_inputs=len(sequences), body={"g": body},
    )  # fmt: skip
    return {
        "producerName": "examples/meta_learner/make_json.py",
        "opsetImport": [{"version": 17}],
        "graph": {
            "name": "meta_learner",
            "input": [
                {"name": name, "elemType": "DOUBLE", "shape": shape}
                for name, shape in shapes.items()
            ],
            "node": [*weights(), scan],
            "output": ["theta", *last.split()],
            "initializer": [*({"name": name, "npz": "meta_sinusoid.npz"} for name in WEIGHTS),
                            *constants(preprocess=preprocess)],
        },
    }  # fmt: skip


def weights() -> list[Node]:
    """The trained arrays in double precision, cut to what each product takes.

    A row of `forget_w` and `input_w` multiplies h, theta and the gate itself. The two rows for h
    are one matrix of two gates; the rest are single numbers.
    """
    nodes = [node("Cast", name, f"{name}_64", to=11) for name in WEIGHTS]
    nodes.append(node("Add", "lstm_b_ih_64 lstm_b_hh_64", "lstm_b"))
    for gate in ("forget", "input"):
        parts = f"{gate}_w_h {gate}_w_theta {gate}_w_self"
        nodes.append(node("Split", f"{gate}_w_64 gate_parts", parts, axis=1))
    nodes.append(node("Concat", "forget_w_h input_w_h", "gates_w", axis=0))
    nodes.append(node("Concat", "forget_b_64 input_b_64", "gates_b", axis=0))
    return nodes


def clip_only() -> list[Node]:
    """The host has clipped the gradient, and made features of it and of the loss."""
    return [node("Identity", "features_t", "x"), node("Identity", "gradient_t", "clipped")]


def preprocessing() -> list[Node]:
    """The gradient is clipped; of it and of the loss, logarithm and sign are the features."""
    nodes = [node("Clip", "gradient_t least most", "clipped")]
    for name, value in (("gradient", "clipped"), ("loss", "loss_t")):
        nodes += [
            node("Abs", value, f"{name}_size"),
            node("Greater", f"{name}_size threshold", f"{name}_large"),
            node("Add", f"{name}_size tiny", f"{name}_positive"),
            node("Log", f"{name}_positive", f"{name}_log"),
            node("Mul", f"{name}_log tenth", f"{name}_scaled"),
            node("Where", f"{name}_large {name}_scaled minus_one", f"{name}_magnitude"),
            node("Sign", value, f"{name}_sign"),
            node("Mul", f"{value} steep", f"{name}_linear"),
            node("Where", f"{name}_large {name}_sign {name}_linear", f"{name}_direction"),
        ]
    parts = "gradient_magnitude gradient_direction loss_magnitude loss_direction"
    return [*nodes, node("Concat", parts, "x", axis=-1)]


def cell() -> list[Node]:
    """An LSTM, two gates that read themselves as they were, and theta as the state they move."""
    sums = " ".join(f"z_{gate}" for gate in GATES)
    nodes = [
        node("Gemm", "x lstm_w_ih_64 lstm_b", "zx", transB=1),
        node("Gemm", "h lstm_w_hh_64", "zh", transB=1),
        node("Add", "zx zh", "z"),
        node("Split", "z gate_rows", sums, axis=1),
        *(node("Tanh" if k == "g" else "Sigmoid", f"z_{k}", f"gate_{k}") for k in GATES),
        node("Mul", "gate_f c", "kept"),
        node("Mul", "gate_i gate_g", "new"),
        node("Add", "kept new", "c_next"),
        node("Tanh", "c_next", "squashed"),
        node("Mul", "gate_o squashed", "h_next"),
        node("Gemm", "h_next gates_w gates_b", "gates", transB=1),
        node("Split", "gates gate_units", "forget_h input_h", axis=1),
    ]
    for gate in ("forget", "input"):
        nodes += [
            node("Mul", f"theta {gate}_w_theta", f"{gate}_theta"),
            node("Mul", f"{gate} {gate}_w_self", f"{gate}_self"),
            node("Add", f"{gate}_h {gate}_theta", f"{gate}_both"),
            node("Add", f"{gate}_both {gate}_self", f"{gate}_z"),
            node("Sigmoid", f"{gate}_z", f"{gate}_next"),
        ]
    return [
        *nodes,
        node("Mul", "forget_next theta", "theta_kept"),
        node("Mul", "input_next clipped", "theta_moved"),
        node("Sub", "theta_kept theta_moved", "theta_next"),
        node("Identity", "theta_next", "theta_t"),
    ]


def constants(*, preprocess: bool) -> list[dict[str, Any]]:
    """Where matrices are cut, and the numbers of the preprocessing."""
    cuts = {"gate_parts": [HIDDEN, 1, 1], "gate_rows": [HIDDEN] * len(GATES), "gate_units": [1, 1]}
    made = [{"name": name, "dataType": "INT64", "values": v} for name, v in cuts.items()]
    if not preprocess:
        return made
    numbers = {
        "least": -LIMIT, "most": LIMIT, "threshold": math.exp(-10), "tiny": 1e-12,
        "tenth": 0.1, "minus_one": -1.0, "steep": math.exp(10),
    }  # fmt: skip
    return made + [{"name": k, "dataType": "DOUBLE", "values": v} for k, v in numbers.items()]


def main() -> None:
    """Write the file that was asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--preprocess", action="store_true", help="features in the network")
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    text = json.dumps(model(preprocess=arguments.preprocess), indent=1)
    arguments.output.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
