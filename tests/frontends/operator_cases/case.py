"""What a case of an operator is, and what its tables are written with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper

if TYPE_CHECKING:
    from tests.frontends.conftest import Bench

node = helper.make_node
Shape = Sequence[int | str]
BIG = 2**63 - 1
"""What exporters write for "to the end"."""
LENGTHS = {"batch": 3, "time": 7}
_RNG = np.random.default_rng(0)


def floats(*shape: int) -> np.ndarray:
    """Some weights."""
    return _RNG.normal(0, 1, shape).astype(np.float32)


def ints(*values: int) -> np.ndarray:
    """A list of integers, as a weight."""
    return np.array(values, np.int64)


def sizes_of(shape: Shape) -> list[int]:
    """The sizes of an input's data."""
    return [LENGTHS[size] if isinstance(size, str) else size for size in shape]


@dataclass(frozen=True)
class Case:
    """Nodes between inputs of these shapes and these outputs; lengths "batch" and "time" are open.

    The outputs hold the elements of the inputs, or others if `made` says so. `mixes` is the
    operation at which `isolate-sample` must give up; none if it is empty.
    """

    nodes: Sequence[NodeProto]
    weights: Mapping[str, np.ndarray] = field(default_factory=dict)
    inputs: Mapping[str, Shape] = field(default_factory=lambda: {"x": ("batch", 5, 4)})
    opset: int = 17
    outputs: Sequence[str] = ("y",)
    element: int = TensorProto.FLOAT
    made: int | None = None
    mixes: str = ""

    def model(self, bench: Bench) -> ModelProto:
        """The model."""
        model = bench.model(
            self.nodes, self.inputs, self.outputs, self.weights, self.opset, self.element
        )
        for output in model.graph.output:
            output.type.tensor_type.elem_type = self.made or self.element
        return model

    def feeds(self) -> dict[str, np.ndarray]:
        """Data for its inputs."""
        dtype = helper.tensor_dtype_to_np_dtype(self.element)
        random = np.random.default_rng(1)
        return {
            name: random.normal(0, 1, sizes_of(shape)).astype(dtype)
            for name, shape in self.inputs.items()
        }
