"""Random networks of many shapes: what estimates are fitted on. None is one of the hardware benchmark's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from lstmir.flow.recipes import PACK

STEPS, TRAINING, TESTING = 6, 48, 4
GATES = {"LSTM": 4, "GRU": 3}
_MOST_WEIGHTS, _MOST_MACS = 40_000, 320
_LARGE, _LARGE_WEIGHTS = 8, 200_000
"""Every eighth network is a large one: its memories are deep."""


@dataclass(frozen=True)
class Drawn:
    """A network, how it is compressed, and its array; all of it follows from `seed`.

    `outputs` is the size of a dense layer behind the last h, 0 for none; `operations` is how many stand
    between two registers.
    """

    seed: int
    kind: str
    features: int
    hidden: int
    layers: int
    directions: int
    outputs: int
    passes: str
    macs: int
    operations: int

    @property
    def pack(self) -> str:
        """From a tiled program to a scheduled one."""
        return PACK if self.operations == 1 else f"{PACK}{{operations={self.operations}}}"

    @property
    def weights(self) -> int:
        """Elements of all matrices of the recurrences."""
        inner = (self.layers - 1) * self.directions * self.hidden
        columns = self.features + inner + self.layers * self.hidden
        return GATES[self.kind] * self.directions * self.hidden * columns

    def files(self, folder: Path) -> tuple[Path, Path]:
        """Writes the model and its data."""
        model, data = folder / "net.onnx", folder / "net.npz"
        onnx.save(_Graph(self).model(), str(model))
        random = np.random.default_rng((self.seed, 1))
        shapes = {"x_train": TRAINING, "x_test": TESTING}
        np.savez(data, **{  # type: ignore[arg-type]
            name: random.normal(0, 1, (count, STEPS, self.features)).astype(np.float32)
            for name, count in shapes.items()
        })  # fmt: skip
        return model, data


def drawn(seed: int) -> Drawn:
    """The network of a seed: small ones and large ones, in narrow arrays and wide ones."""
    random = Random(seed)
    while True:
        found = _draw(seed, random)
        products = found.weights * (0.25 if "prune" in found.passes else 1)
        most = _LARGE_WEIGHTS if _is_large(seed) else _MOST_WEIGHTS
        if found.weights <= most and found.macs * 8 <= products:
            return found


def _draw(seed: int, random: Random) -> Drawn:
    return Drawn(
        seed,
        kind=random.choices(["LSTM", "GRU"], [4, 1])[0],
        features=_about(random, 1, 32),
        hidden=_about(random, 64, 192) if _is_large(seed) else _about(random, 6, 64),
        layers=random.choices([1, 2], [5, 1])[0],
        directions=random.choices([1, 2], [8, 1])[0],
        outputs=random.choice([0, 0, _about(random, 2, 12)]),
        passes=_passes(random),
        macs=min(_MOST_MACS, max(4, random.choice([1, 1, 1, 3, 5]) * 2 ** random.randint(1, 8))),
        operations=Random(f"operations {seed}").choices([1, 2], [3, 1])[0],
    )


def _is_large(seed: int) -> bool:
    return seed % _LARGE == _LARGE - 1


def _about(random: Random, least: int, most: int) -> int:
    """As many small numbers as large ones."""
    size: float = least * (most / least) ** random.random()
    return round(size)


def _passes(random: Random) -> str:
    """How a network is compressed: dense or in a pattern, of many widths, 8 bits most often."""
    weights = random.choice([8, 8, 8, random.randint(3, 12)])
    activations = random.choice([8, 8, random.randint(6, 12)])
    pattern = random.choice(["", "", "", *_PATTERNS])
    return (
        f"calibrate{{histograms=false}},{pattern}calibrate{{histograms=false gram=false}},"
        f"assign-bitwidths{{weights={weights} activations={activations}}},"
        "quantize,approximate-activations"
    )


_PATTERNS = (
    "prune{shape=bank ratio=0.75 size=4 by=obs},",
    "prune{shape=bank ratio=0.5 size=4 by=obs},",
    "prune{shape=block block=4x4 ratio=0.75 by=obs},",
)


@dataclass
class _Graph:
    """A network as ONNX has it: [steps, batch, features] in, the last state or a dense layer out."""

    drawn: Drawn

    def __post_init__(self) -> None:
        self.random = np.random.default_rng(self.drawn.seed)
        self.nodes: list[Any] = []
        self.constants: dict[str, np.ndarray] = {}

    def model(self) -> Any:
        drawn, value = self.drawn, "x"
        width = drawn.directions * drawn.hidden
        for layer in range(drawn.layers):
            value = self.layer(layer, value, drawn.features if layer == 0 else width)
        value = self.flat(value, width)
        if drawn.outputs:
            value = self.dense(value, width)
        graph = helper.make_graph(
            self.nodes, f"random_{drawn.seed}",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, [STEPS, "batch", drawn.features])],
            [helper.make_tensor_value_info(value, TensorProto.FLOAT, ["batch", drawn.outputs or width])],
            [numpy_helper.from_array(array, name) for name, array in self.constants.items()],
        )  # fmt: skip
        opset = helper.make_opsetid("", 17)
        return helper.make_model(graph, opset_imports=[opset], ir_version=8)

    @cached_property
    def direction(self) -> str:
        return "bidirectional" if self.drawn.directions == 2 else "forward"

    def layer(self, number: int, value: str, features: int) -> str:
        """A recurrent layer; gives its last state, or every one of them for the next layer."""
        drawn = self.drawn
        lead, rows = (drawn.directions,), GATES[drawn.kind] * drawn.hidden
        names = [f"{name}_{number}" for name in "wrb"]
        shapes = [(*lead, rows, features), (*lead, rows, drawn.hidden), (*lead, 2 * rows)]
        for name, shape, scale in zip(names, shapes, (0.3, 0.25, 0.1), strict=True):
            self.constants[name] = self.random.normal(0, scale, shape).astype(np.float32)
        every, last = f"every_{number}", f"last_{number}"
        self.nodes.append(helper.make_node(
            drawn.kind, [value, *names], [every, last], hidden_size=drawn.hidden, direction=self.direction,
            linear_before_reset=int(drawn.kind == "GRU") or None,
        ))  # fmt: skip
        return last if number == drawn.layers - 1 else self.joined(every, number)

    def joined(self, every: str, number: int) -> str:
        """[steps, directions, batch, hidden] as the next layer takes it."""
        turned, flat = f"turned_{number}", f"flat_{number}"
        self.constants["wide"] = np.array([0, 0, -1])
        self.nodes.append(helper.make_node("Transpose", [every], [turned], perm=[0, 2, 1, 3]))
        self.nodes.append(helper.make_node("Reshape", [turned, "wide"], [flat]))
        return flat

    def flat(self, value: str, width: int) -> str:
        """The last states [directions, batch, hidden] side by side."""
        self.constants["rows"] = np.array([-1, width])
        self.nodes.append(helper.make_node("Transpose", [value], ["states"], perm=[1, 0, 2]))
        self.nodes.append(helper.make_node("Reshape", ["states", "rows"], ["flat"]))
        return "flat"

    def dense(self, value: str, width: int) -> str:
        """A dense layer behind it."""
        shape = (self.drawn.outputs, width)
        self.constants["head"] = self.random.normal(0, 0.3, shape).astype(np.float32)
        self.constants["head_bias"] = self.random.normal(0, 0.1, shape[:1]).astype(np.float32)
        self.nodes.append(
            helper.make_node("Gemm", [value, "head", "head_bias"], ["result"], transB=1)
        )
        return "result"
