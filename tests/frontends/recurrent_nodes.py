"""Random LSTM, GRU and RNN nodes: everything that ONNX lets one say, with small random arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from hypothesis import strategies as st
from onnx import ModelProto, TensorProto, helper, numpy_helper

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
STATES = {"LSTM": ("initial_h", "initial_c"), "GRU": ("initial_h",), "RNN": ("initial_h",)}
OUTPUTS = {"LSTM": ("Y", "Y_h", "Y_c"), "GRU": ("Y", "Y_h"), "RNN": ("Y", "Y_h")}
FUNCTIONS = {"LSTM": 3, "GRU": 2, "RNN": 1}
INPUTS = ("X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P")

# The functions by the parameters that they take; some are spelled in another case.
_PLAIN = ("Relu", "Tanh", "Sigmoid", "Softsign", "Softplus", "sigmoid", "TANH")
_ALPHA = ("LeakyRelu", "ThresholdedRelu", "Elu", "leakyrelu")
_BOTH = ("Affine", "ScaledTanh", "HardSigmoid", "hardsigmoid")
_SPELLING = {
    "sigmoid": "Sigmoid", "TANH": "Tanh", "leakyrelu": "LeakyRelu", "hardsigmoid": "HardSigmoid"
}  # fmt: skip


@dataclass(frozen=True)
class RecurrentNode:
    """A node, its sizes, and which of its inputs and outputs there are."""

    op: str = "LSTM"
    direction: str = "forward"
    hidden: int = 3
    features: int = 2
    time: int = 4
    batch: int = 2
    bias: bool = True
    states: bool = False
    peepholes: bool = False
    lengths: tuple[int, ...] | None = None
    activations: tuple[str, ...] | None = None
    clip: float | None = None
    flag: bool = False
    layout: int = 0
    outputs: tuple[str, ...] = ()
    fed: tuple[str, ...] = ("X", "sequence_lens", "initial_h", "initial_c")
    seed: int = 0
    opset: int = 17

    @property
    def directions(self) -> int:
        return 2 if self.direction == "bidirectional" else 1

    @property
    def given(self) -> tuple[str, ...]:
        """The inputs that the node has."""
        absent = {
            "B": not self.bias,
            "sequence_lens": self.lengths is None,
            "initial_h": not self.states,
            "initial_c": not self.states or self.op != "LSTM",
            "P": not self.peepholes or self.op != "LSTM",
        }
        return tuple(name for name in INPUTS if not absent.get(name))

    @cached_property
    def arrays(self) -> dict[str, np.ndarray]:
        """The inputs, time first, in float64; the numbers are those of float32 too."""
        rng, d, rows = (
            np.random.default_rng(self.seed),
            self.directions,
            GATES[self.op] * self.hidden,
        )
        shapes = {
            "X": (self.time, self.batch, self.features),
            "W": (d, rows, self.features),
            "R": (d, rows, self.hidden),
            "B": (d, 2 * rows),
            "initial_h": (d, self.batch, self.hidden),
            "initial_c": (d, self.batch, self.hidden),
            "P": (d, 3 * self.hidden),
        }
        arrays = {
            name: rng.normal(0, 0.6, shape).astype(np.float32).astype(np.float64)
            for name, shape in shapes.items()
            if name in self.given
        }
        if self.lengths is not None:
            arrays["sequence_lens"] = np.array(self.lengths, np.int32)
        return arrays

    @cached_property
    def attributes(self) -> dict[str, Any]:
        """The attributes of the node; parameters of activations are drawn where there are any."""
        found: dict[str, Any] = {"direction": self.direction, "hidden_size": self.hidden}
        if self.layout:
            found["layout"] = self.layout
        if self.clip is not None:
            found["clip"] = self.clip
        if self.flag and self.op != "RNN":
            found["input_forget" if self.op == "LSTM" else "linear_before_reset"] = 1
        if self.activations is None:
            return found
        found["activations"] = list(self.activations)
        rng = np.random.default_rng(self.seed + 1)
        alphas = [name for name in self.activations if name in _ALPHA + _BOTH]
        betas = [name for name in self.activations if name in _BOTH]
        for key, takers in (("activation_alpha", alphas), ("activation_beta", betas)):
            if takers:
                found[key] = [float(np.float32(rng.uniform(0.1, 0.6))) for _ in takers]
        return found

    def turned(self, name: str, array: np.ndarray) -> np.ndarray:
        """An array of layout 0 in the layout of the node."""
        if self.layout == 0 or name not in ("X", "initial_h", "initial_c", "Y", "Y_h", "Y_c"):
            return array
        return array.transpose((2, 0, 1, 3) if name == "Y" else (1, 0, 2))

    def model(self, dtype: type = np.float64, dynamic: bool = True) -> ModelProto:
        """The model; `dynamic` leaves open how many steps and samples there are."""
        outputs = self.outputs or OUTPUTS[self.op]
        node = helper.make_node(
            self.op,
            [name if name in self.given else "" for name in INPUTS[: 8 if self.op == "LSTM" else 6]],
            [name if name in outputs else "" for name in OUTPUTS[self.op]],
            name="cell", **self.attributes,
        )  # fmt: skip
        element = TensorProto.DOUBLE if dtype is np.float64 else TensorProto.FLOAT
        arrays = self.feeds(dtype, self.given)
        infos = [
            helper.make_tensor_value_info(
                name,
                TensorProto.INT32 if name == "sequence_lens" else element,
                self._shape(name, arrays[name]) if dynamic else arrays[name].shape,
            )
            for name in self.given
            if name in self.fed
        ]
        graph = helper.make_graph(
            [node],
            "test",
            infos,
            [helper.make_tensor_value_info(name, element, None) for name in outputs],
            [
                numpy_helper.from_array(a, name)
                for name, a in arrays.items()
                if name not in self.fed
            ],
        )
        version = [helper.make_opsetid("", self.opset)]
        return helper.make_model(graph, opset_imports=version, ir_version=8)

    def _shape(self, name: str, array: np.ndarray) -> list[int | str]:
        shape: list[int | str] = list(array.shape)
        axes = {
            "X": (0, 1),
            "sequence_lens": (None, 0),
            "initial_h": (None, 1),
            "initial_c": (None, 1),
        }
        time, batch = axes.get(name, (None, None))
        if self.layout and batch == 1:
            time, batch = None if time is None else 1, 0
        if time is not None:
            shape[time] = "time"
        if batch is not None:
            shape[batch] = "batch"
        return shape

    def feeds(
        self, dtype: type = np.float64, names: tuple[str, ...] | None = None
    ) -> dict[str, np.ndarray]:
        """The arrays of inputs; those that are fed unless others are named."""
        wanted = self.fed if names is None else names
        return {
            name: self.turned(name, array if name == "sequence_lens" else array.astype(dtype))
            for name, array in self.arrays.items()
            if name in wanted
        }

    def for_onnx_runtime(self) -> RecurrentNode:
        """The node with layout 0 and the functions in ONNX's spelling: ONNX Runtime takes no other."""
        names = self.activations and tuple(_SPELLING.get(name, name) for name in self.activations)
        return replace(self, layout=0, activations=names)


@st.composite
def recurrent_nodes(draw: st.DrawFn, fed: bool | None = None) -> RecurrentNode:
    """Any node. `fed`: whether weights are inputs of the model, too; None for any."""
    op = draw(st.sampled_from(list(GATES)))
    direction = draw(st.sampled_from(["forward", "reverse", "bidirectional"]))
    time, batch = draw(st.integers(1, 5)), draw(st.integers(1, 3))
    count = FUNCTIONS[op] * (2 if direction == "bidirectional" else 1)
    names = st.sampled_from(_PLAIN + _ALPHA + _BOTH)
    weights = draw(st.booleans()) if fed is None else fed
    layout = draw(st.sampled_from([0, 1]))
    some = st.lists(st.sampled_from(OUTPUTS[op]), min_size=1, unique=True)
    return RecurrentNode(
        op=op,
        direction=direction,
        hidden=draw(st.integers(1, 4)),
        features=draw(st.integers(1, 4)),
        time=time,
        batch=batch,
        bias=draw(st.booleans()),
        states=draw(st.booleans()),
        peepholes=draw(st.booleans()),
        lengths=draw(st.none() | st.tuples(*[st.integers(1, time)] * batch)),
        activations=draw(st.none() | st.tuples(*[names] * count)),
        clip=draw(st.none() | st.sampled_from([0.125, 0.5, 2.0])),
        flag=draw(st.booleans()),
        layout=layout,
        outputs=tuple(name for name in OUTPUTS[op] if name in draw(some)),
        fed=INPUTS if weights else RecurrentNode.fed,
        seed=draw(st.integers(0, 2**16)),
        opset=draw(st.integers(14 if layout else 7, 22)),
    )
