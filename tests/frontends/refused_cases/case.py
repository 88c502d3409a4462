"""What a case of a refusal is, and what its tables are written with."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from onnx import NodeProto, helper

node = helper.make_node
Refused: TypeAlias = tuple[NodeProto, dict[str, np.ndarray], str]
"""A node behind x [batch, 5, 4] and some weights, and what is said of it."""


def floats(*shape: int) -> np.ndarray:
    """Some weights."""
    return np.linspace(-1, 1, int(np.prod(shape)), dtype=np.float32).reshape(shape)


def ints(*values: int) -> np.ndarray:
    """A list of integers, as a weight."""
    return np.array(values, np.int64)
