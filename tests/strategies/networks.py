"""Small random networks as modules of level 1, with data: recurrent layers and what stands behind them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from hypothesis import strategies as st

from lstmir import dialects
from lstmir.ir.builder import Builder
from lstmir.ir.interface import BATCH, Port, set_ports
from lstmir.ir.module import Function, Module
from lstmir.ir.operation import Attributes, Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import F32, F64, FloatType, TensorType, shape_of, storage_dtype

dialects.load()

RESULTS = ("dense", "final_h", "final_c")
"""What a network may give that the array can run."""
SEQUENCES = ("sequence", "dense_sequence")
"""What every step may give."""
KINDS = {
    "lstm": ("rnn.lstm", 4),
    "gru": ("rnn.gru", 3),
    "gru_late": ("rnn.gru", 3),
    "rnn": ("rnn.simple_rnn", 1),
}
"""The operation of a kind of layer, and its gates; a late GRU resets the product, not the state."""
WEIGHTS = ("plain", "no_input", "no_recurrence", "zero", "uneven", "signs")


@dataclass(frozen=True)
class Network:
    """A network whose arrays follow from `seed`; None is a length known only at run time.

    `result` is a dense layer behind the last h, two with a ReLU between them, the last h or c
    itself, or every h, with or without a dense layer. `states` are absent, the same constants for
    all samples, or `fed`: an input of the model. With a `pick` the result is the index of the `first`
    or the `last` of its largest elements instead.
    """

    features: int = 3
    hidden: int = 4
    outputs: int = 2
    time: int | None = None
    batch: int | None = None
    direction: str = "forward"
    result: str = "dense"
    pick: str = ""
    weights: str = "plain"
    bias: bool = True
    states: bool = False
    fed: bool = False
    kind: str = "lstm"
    layers: int = 1
    peepholes: bool = False
    batch_first: bool = False
    element: FloatType = F32
    seed: int = 0

    @property
    def directions(self) -> int:
        """Two if the sequence is read both ways."""
        return 2 if self.direction == "bidirectional" else 1

    @property
    def gates(self) -> int:
        """Rows of a unit."""
        return KINDS[self.kind][1]

    @cached_property
    def arrays(self) -> dict[str, np.ndarray]:
        """The trained parameters, named and shaped as ONNX has them, and the dense layers'."""
        random, d, h, gates = (
            np.random.default_rng(self.seed),
            self.directions,
            self.hidden,
            self.gates,
        )
        shapes = {
            "W": (d, gates * h, self.features), "R": (d, gates * h, h), "B": (d, 2 * gates * h),
            "initial_h": (d, 1, h), "initial_c": (d, 1, h),
            "dense_W": (self.outputs, d * h), "dense_B": (self.outputs,),
            "dense2_W": (2, self.outputs), "dense2_B": (2,), "P": (d, 3 * h),
        }  # fmt: skip
        for layer in range(1, self.layers):
            shapes |= {f"W_{layer}": (d, gates * h, d * h)}
            shapes |= {f"{name}_{layer}": shapes[name] for name in ("R", "B", "P")}
        arrays = {name: random.normal(size=shape) * 0.6 for name, shape in shapes.items()}
        arrays["initial_h"] = np.tanh(arrays["initial_h"])
        dtype = storage_dtype(self.element)
        return {name: self._shaped(name, a, random).astype(dtype) for name, a in arrays.items()}

    def _shaped(self, name: str, array: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """The weights as `weights` wants them."""
        absent = {"no_input": ["W"], "no_recurrence": ["R"], "zero": ["W", "R", "dense_W"]}
        if name.partition("_")[0] in ("W", "R") and "_" in name:
            name = name[0]
        if name in absent.get(self.weights, ()):
            return np.zeros_like(array)
        if self.weights == "uneven":
            spread = random.integers(-4, 3, array.shape) + random.integers(-2, 3)
            return np.asarray(np.ldexp(array, spread))
        return np.sign(array) if self.weights == "signs" and array.ndim > 1 else array

    def data(self, samples: int, steps: int, scale: float = 1.0, seed: int = 0) -> np.ndarray:
        """[samples, steps, features]; a network of a known length has samples of that length."""
        shape = (samples, self.time or steps, self.features)
        return np.random.default_rng((self.seed, seed)).normal(size=shape) * scale

    def feed(self, data: np.ndarray) -> np.ndarray:
        """The data as the model takes them."""
        return data if self.batch_first else np.moveaxis(data, 0, 1)

    def module(self) -> Module:
        """A new module of level 1."""
        return _Writer(self).module()


class _Writer:
    def __init__(self, network: Network) -> None:
        self.network = network
        self.result = Module("network", {"form": BATCH})
        time, batch, features = network.time, network.batch, network.features
        shape = (batch, time, features) if network.batch_first else (time, batch, features)
        self.region = Region([TensorType(shape, network.element)], ["x"])
        self.build = Builder(self.result, self.region)

    def module(self) -> Module:
        network = self.network
        source = self.region.arguments[0]
        if network.batch_first:
            source = self.build.value("tensor.transpose", source, order=(1, 0, 2))
        fed = [self.fed()] if network.fed else []
        for layer in range(network.layers - 1):
            source = self.every_h(self.layer(source, layer, fed))
        value, batch, time = self.tail(self.layer(source, network.layers - 1, fed))
        dtype = str(network.element)
        if network.pick:
            value, dtype = self.picked(value), "i64"
        self.build.end("return", [value])
        self.result.functions["main"] = Function("main", self.region)
        axes = (0, 1) if network.batch_first else (1, 0)
        x = self.port("x", "input", self.region.arguments[0], *axes)
        states = [self.port("h0", "input", state, 1, None) for state in fed]
        y = replace(self.port("y", "output", value, batch, time), dtype=dtype)
        set_ports(self.result, [x, *states, y])
        return self.result

    def port(self, name: str, kind: str, value: Value, batch: int, time: int | None) -> Port:
        shape = tuple(-1 if size is None else size for size in shape_of(value.type))
        return Port(name, kind, str(self.network.element), shape, batch, time)

    def constant(self, name: str) -> Value:
        array = self.network.arrays[name]
        return self.build.constant(array, TensorType(array.shape, self.network.element), name)

    def fed(self) -> Value:
        """An initial h for all layers, as an input."""
        network = self.network
        shape = (network.directions, network.batch, network.hidden)
        return self.region.add_argument(TensorType(shape, network.element), "h0")

    def layer(self, source: Value, layer: int, fed: list[Value]) -> Operation:
        """A recurrent layer; behind the first one, with arrays of its own."""
        network, behind = self.network, f"_{layer}" if layer else ""
        name, _ = KINDS[network.kind]
        is_lstm = name == "rnn.lstm"
        first = fed or [self.constant("initial_h")] * network.states
        second = [self.constant("initial_c")] * (network.states and is_lstm)
        peepholes = [f"P{behind}"] * (network.peepholes and is_lstm)
        bias = [self.constant(f"B{behind}")] * network.bias
        parts: list[list[Value]] = [bias, [], first]
        if is_lstm:
            parts += [second, [self.constant(name) for name in peepholes]]
        late: Attributes = {"linear_before_reset": True} if network.kind == "gru_late" else {}
        given = [self.constant(f"{name}{behind}") for name in ("W", "R")]
        return self.build.op(
            name, [source, *given, *(value for part in parts for value in part)],
            segments=(1, 1, 1, *map(len, parts)), hidden_size=network.hidden,
            direction=network.direction, names=["ys", "h", *["c"] * is_lstm], **late,
        )  # fmt: skip

    def every_h(self, layer: Operation) -> Value:
        """What a layer gives the next one."""
        network = self.network
        turned = self.build.value("tensor.transpose", layer.results[0], order=(0, 2, 1, 3))
        return self.joined(turned, (network.time, network.batch))

    def tail(self, lstm: Operation) -> tuple[Value, int, int | None]:
        """The result, and its axes of batch and time."""
        network = self.network
        sequence, h, *more = lstm.results
        if network.result == "sequence":
            return sequence, 2, 0
        if network.result == "dense_sequence":
            return self.dense(self.every_h(lstm)), 1, 0
        state = more[0] if more and network.result == "final_c" else h
        turned = self.build.value("tensor.transpose", state, order=(1, 0, 2))
        vector = self.joined(turned, (network.batch,))
        if network.result == "dense_relu":
            hidden = self.dense(vector)
            active = self.build.value("math.relu", hidden, type=hidden.type)
            return self.dense(active, "dense2"), 0, None
        return (self.dense(vector) if network.result == "dense" else vector), 0, None

    def picked(self, value: Value) -> Value:
        """Where the largest element of the last axis stands."""
        last: Attributes = {"last": True} if self.network.pick == "last" else {}
        axis = len(shape_of(value.type)) - 1
        return self.build.value("linalg.argmax", value, axis=axis, hint="y", **last)

    def joined(self, value: Value, lead: tuple[int | None, ...]) -> Value:
        """[…, directions, hidden] with both directions in one axis."""
        shape = (*lead, self.network.directions * self.network.hidden)
        return self.build.value(
            "tensor.reshape", value, type=TensorType(shape, self.network.element)
        )

    def dense(self, source: Value, name: str = "dense") -> Value:
        product = self.build.value("linalg.linear", self.constant(f"{name}_W"), source)
        return self.build.value("arith.add", product, self.constant(f"{name}_B"), hint="y")


def networks(
    *, floats: bool = False, time: st.SearchStrategy[int | None] | None = None
) -> st.SearchStrategy[Network]:
    """Networks that the array can run; with `floats` those of levels 1 and 2 as well, in float64."""
    return st.builds(
        Network,
        features=st.integers(1, 9),
        hidden=st.integers(1, 12),
        outputs=st.integers(1, 10),
        time=st.none() | st.integers(1, 5) if time is None else time,
        batch=st.none() | st.integers(1, 3) if floats else st.none(),
        direction=st.sampled_from(["forward", "reverse", "bidirectional"])
        if floats
        else st.just("forward"),
        result=st.sampled_from(RESULTS + SEQUENCES * floats),
        weights=st.sampled_from(WEIGHTS),
        bias=st.booleans(),
        states=st.booleans(),
        batch_first=st.booleans(),
        element=st.just(F64 if floats else F32),
        seed=st.integers(0, 2**16),
    )


def programs() -> st.SearchStrategy[Network]:
    """Networks of every kind that `tile` writes as nests."""
    return st.builds(
        Network,
        features=st.integers(1, 6),
        hidden=st.integers(1, 9),
        outputs=st.integers(1, 7),
        time=st.none() | st.integers(1, 4),
        direction=st.sampled_from(["forward", "reverse", "bidirectional"]),
        result=st.sampled_from((*RESULTS, *SEQUENCES, "dense_relu")),
        weights=st.sampled_from(WEIGHTS),
        bias=st.booleans(),
        states=st.booleans(),
        fed=st.booleans(),
        kind=st.sampled_from(sorted(KINDS)),
        layers=st.integers(1, 3),
        peepholes=st.booleans(),
        seed=st.integers(0, 2**16),
    )
