"""Networks to prove something of, and a listener that notices what leaves its interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from lstmir.dialects.layers import LAYERS
from lstmir.flow.models import load_model
from lstmir.interpreter.run import run_samples
from lstmir.ir.builder import Builder
from lstmir.ir.interface import BATCH, Port, set_ports
from lstmir.ir.module import Function, Module
from lstmir.ir.operands import segment_range
from lstmir.ir.operation import Value
from lstmir.ir.region import Region
from lstmir.ir.types import F64, TensorType
from lstmir.numeric.boxes import Box
from lstmir.passes.bounds.analysis import prove
from lstmir.passes.bounds.declared import declared_inputs
from tests.passes.levels import FRONT, apply

ROOT = Path(__file__).parents[3]
REAL = {
    "vowels_h32": (ROOT / "examples" / "vowels" / "vowels_h32.onnx", "vowels.npz", "x_train"),
    "vowels_h32_l2": (ROOT / "tests" / "data" / "vowels_h32_l2.onnx", "vowels_h32_l2.npz", "x"),
    "digits_h64": (ROOT / "tests" / "data" / "digits_h64.onnx", "digits_h64.npz", "x"),
}


def real_model(name: str) -> tuple[Module, np.ndarray]:
    """A trained network at level 2, and data [samples, time, features] for it."""
    path, data, key = REAL[name]
    with np.load(path.with_name(data)) as archive:
        x = np.asarray(archive[key])
    samples = x if key == "x_train" else np.moveaxis(x, 1, 0)
    return apply(load_model(str(path)), FRONT), samples


def layer(kind: str, seed: int, scale: float = 1.0, **attributes: Any) -> Module:
    """A layer of five units over three features, in float64, at level 2: it gives its states."""
    random, hidden, features = np.random.default_rng(seed), 5, 3
    gates = {"lstm": 4, "gru": 3, "simple_rnn": 1}[kind]
    region = Region([TensorType((None, None, features), F64)], ["x"])
    module = Module("layer", {"form": BATCH})
    build = Builder(module, region)
    shapes = {
        "weights": (1, gates * hidden, features),
        "recurrence": (1, gates * hidden, hidden),
        "bias": (1, 2 * gates * hidden),
    }
    arrays = {part: random.normal(size=shape) * scale for part, shape in shapes.items()}
    operands = [
        build.constant(array, TensorType(array.shape, F64), part) for part, array in arrays.items()
    ]
    given = ["", *shapes]
    op = build.op(
        f"rnn.{kind}", [region.arguments[0], *operands],
        segments=tuple(int(part in given) for part in LAYERS[f"rnn.{kind}"].parts),
        hidden_size=hidden, direction="forward", names=["ys", "h", "c"][: 3 if gates == 4 else 2],
        **attributes,
    )  # fmt: skip
    build.end("return", list(op.results[1:]))
    module.functions["main"] = Function("main", region)
    outputs = [
        Port(value.name or "", "output", "f64", (1, -1, hidden), 1) for value in op.results[1:]
    ]
    set_ports(module, [Port("x", "input", "f64", (-1, -1, features), 1, 0), *outputs])
    return apply(module, FRONT)


def declare(module: Module, lo: float, hi: float) -> dict[Value, Box]:
    """What is proven if inputs were seen between two numbers."""
    module.main.attributes["ranges"] = ((lo, hi),) * len(module.main.parameters)
    inputs = declared_inputs(module.main, 1.25)
    assert inputs is not None
    return prove(module, inputs)


def named(module: Module, name: str) -> Value:
    return next(v for op in module.walk() for v in op.results if v.name == name)


@dataclass
class Guard:
    """Listens to a run, and keeps the name of each value that was outside, and by how much.

    The tolerance, relative to the value or to 1, is for what floats round on the way. Constants
    are what they are.
    """

    found: Mapping[Value, Box]
    tolerance: float
    outside: dict[str, float] = field(default_factory=dict)
    is_over: bool = False

    def see(self, value: Value, array: np.ndarray) -> None:
        box = self.found.get(value)
        if box is None or not array.size or value.op.name == "tensor.constant":
            return
        # Of what follows from a number that is none, nothing was claimed.
        self.is_over = self.is_over or not np.isfinite(array).all()
        if self.is_over:
            return
        excess = np.maximum(box.lo - array, array - box.hi)
        room = self.tolerance * np.maximum(np.abs(array), 1.0)
        if not np.all(excess <= room):
            self.outside[repr(value)] = float(np.max(excess))


def inputs_of(module: Module, found: Mapping[Value, Box], samples: int, seed: int) -> np.ndarray:
    """[samples, time, features] in the declared range: inside, at corners that stay or alternate,
    and what drives one gate of one unit as far as it goes."""
    random = np.random.default_rng(seed)
    (source,) = module.main.parameters
    end = found[source].ends[1]
    known = source.type.shape[0] if isinstance(source.type, TensorType) else None
    time, features = known or int(random.integers(1, 60)), found[source].shape[-1]
    data = random.uniform(-end, end, (samples, time, features))
    corners = random.choice([-end, end], (samples, time, features))
    matrices = [a for a in module.resources.values() if a.ndim == 2 and a.shape[1] == features]
    rows = np.concatenate(matrices) if matrices else corners[0]
    driven = end * np.sign(rows[random.integers(len(rows), size=samples)])[:, np.newaxis]
    turns = random.choice([-1, 1], (samples, 1, 1)) ** np.arange(time)[np.newaxis, :, np.newaxis]
    kinds = [data, corners, corners[:, :1] + 0 * data, driven * turns]
    return np.choose(random.integers(0, 4, (samples, 1, 1)), kinds)


def move_initial_states(module: Module, found: Mapping[Value, Box], seed: int) -> None:
    """Let every recurrence begin anywhere in its invariant."""
    random = np.random.default_rng(seed)
    begin: dict[str, Box] = {}
    for scan in [op for op in module.walk() if op.name == "rnn.scan"]:
        inputs = len(segment_range(scan, ""))
        for index, operand in enumerate(segment_range(scan, "state")):
            box = found[scan.regions[0].arguments[inputs + index]]
            name = scan.operands[operand].op.attributes["resource"]
            begin[name] = begin[name].meet(box) if name in begin else box
    for name, box in begin.items():
        lo, hi = np.maximum(box.lo, -1e6), np.minimum(box.hi, 1e6)
        inside = lo + random.random(box.shape) * (hi - lo)
        ends = np.where(random.random(box.shape) < 0.5, lo, hi)
        chosen = np.where(random.random(box.shape) < 0.5, inside, ends)
        module.resources[name] = chosen.astype(module.resources[name].dtype)


def outside(
    module: Module, found: Mapping[Value, Box], data: np.ndarray, tolerance: float
) -> dict[str, float]:
    """The values that left their intervals, by how much."""
    guard = Guard(found, tolerance)
    run_samples(module, [data], guard)
    return guard.outside
