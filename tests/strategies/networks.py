"""Small random networks as modules of level 1, with data: one LSTM and what stands behind it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from hypothesis import strategies as st

from lstmir import dialects
from lstmir.ir.builder import Builder
from lstmir.ir.interface import BATCH, Port, set_ports
from lstmir.ir.module import Function, Module
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import F32, F64, FloatType, TensorType, shape_of, storage_dtype

dialects.load()

RESULTS = ("dense", "final_h", "final_c")
"""What a network may give that the array can run."""
SEQUENCES = ("sequence", "dense_sequence")
"""What only levels 1 and 2 can give."""
WEIGHTS = ("plain", "no_input", "no_recurrence", "zero", "uneven", "signs")


@dataclass(frozen=True)
class Network:
    """A network whose arrays follow from `seed`; None is a length known only at run time.

    `result` is a dense layer behind the last h, the last h or c itself, or every h, with or
    without a dense layer. `states` are absent, or the same constants for all samples.
    """

    features: int = 3
    hidden: int = 4
    outputs: int = 2
    time: int | None = None
    batch: int | None = None
    direction: str = "forward"
    result: str = "dense"
    weights: str = "plain"
    bias: bool = True
    states: bool = False
    batch_first: bool = False
    element: FloatType = F32
    seed: int = 0

    @property
    def directions(self) -> int:
        """Two if the sequence is read both ways."""
        return 2 if self.direction == "bidirectional" else 1

    @cached_property
    def arrays(self) -> dict[str, np.ndarray]:
        """The trained parameters, named and shaped as ONNX's LSTM has them, and the dense layer's."""
        random, d, h = np.random.default_rng(self.seed), self.directions, self.hidden
        shapes = {
            "W": (d, 4 * h, self.features), "R": (d, 4 * h, h), "B": (d, 8 * h),
            "initial_h": (d, 1, h), "initial_c": (d, 1, h),
            "dense_W": (self.outputs, d * h), "dense_B": (self.outputs,),
        }  # fmt: skip
        arrays = {name: random.normal(size=shape) * 0.6 for name, shape in shapes.items()}
        arrays["initial_h"] = np.tanh(arrays["initial_h"])
        dtype = storage_dtype(self.element)
        return {name: self._shaped(name, a, random).astype(dtype) for name, a in arrays.items()}

    def _shaped(self, name: str, array: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """The weights as `weights` wants them."""
        absent = {"no_input": ["W"], "no_recurrence": ["R"], "zero": ["W", "R", "dense_W"]}
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
        value, batch, time = self.tail(self.lstm(source))
        self.build.end("return", [value])
        self.result.functions["main"] = Function("main", self.region)
        axes = (0, 1) if network.batch_first else (1, 0)
        x = self.port("x", "input", self.region.arguments[0], *axes)
        set_ports(self.result, [x, self.port("y", "output", value, batch, time)])
        return self.result

    def port(self, name: str, kind: str, value: Value, batch: int, time: int | None) -> Port:
        shape = tuple(-1 if size is None else size for size in shape_of(value.type))
        return Port(name, kind, str(self.network.element), shape, batch, time)

    def constant(self, name: str) -> Value:
        array = self.network.arrays[name]
        return self.build.constant(array, TensorType(array.shape, self.network.element), name)

    def lstm(self, source: Value) -> Operation:
        network = self.network
        names = ["B"] * network.bias + ["initial_h", "initial_c"] * network.states
        return self.build.op(
            "rnn.lstm", [source, *map(self.constant, ["W", "R", *names])],
            segments=(1, 1, 1, int(network.bias), 0, *[int(network.states)] * 2, 0),
            hidden_size=network.hidden, direction=network.direction, names=["ys", "h", "c"],
        )  # fmt: skip

    def tail(self, lstm: Operation) -> tuple[Value, int, int | None]:
        """The result, and its axes of batch and time."""
        network = self.network
        sequence, h, c = lstm.results
        if network.result == "sequence":
            return sequence, 2, 0
        if network.result == "dense_sequence":
            turned = self.build.value("tensor.transpose", sequence, order=(0, 2, 1, 3))
            return self.dense(self.joined(turned, (network.time, network.batch))), 1, 0
        state = c if network.result == "final_c" else h
        turned = self.build.value("tensor.transpose", state, order=(1, 0, 2))
        vector = self.joined(turned, (network.batch,))
        return (self.dense(vector) if network.result == "dense" else vector), 0, None

    def joined(self, value: Value, lead: tuple[int | None, ...]) -> Value:
        """[…, directions, hidden] with both directions in one axis."""
        shape = (*lead, self.network.directions * self.network.hidden)
        return self.build.value(
            "tensor.reshape", value, type=TensorType(shape, self.network.element)
        )

    def dense(self, source: Value) -> Value:
        product = self.build.value("linalg.linear", self.constant("dense_W"), source)
        return self.build.value("arith.add", product, self.constant("dense_B"), hint="y")


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
