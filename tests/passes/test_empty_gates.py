"""Gates and matrices that multiply nothing are not walked, and no bit changes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lstmir.ir.captures import retype
from lstmir.ir.encodings import Bank, Empty, Encoding, Storage
from lstmir.ir.module import Module
from lstmir.ir.types import TensorType
from tests.passes.levels import Recipe, apply, bits
from tests.passes.nests import lanes, nests, tiles
from tests.strategies.networks import Network

NETWORK = Network(features=4, hidden=8, outputs=3)


def zeroed(gates: list[tuple[str, int]], by_gate: bool) -> Module:
    """The network at level 3 without some gates' rows of some matrices ("W" or "R")."""
    module = Recipe().fixed_point(NETWORK)
    hidden = NETWORK.hidden
    for name, columns in (("W", NETWORK.features), ("R", hidden)):
        empty = [gate for matrix, gate in gates if matrix == name]
        constant = next(
            op
            for op in module.main.region.operations()
            if op.name == "tensor.constant"
            and isinstance(op.result.type, TensorType)
            and op.result.type.shape == (4 * hidden, columns)
        )
        array = module.resources[constant.attributes["resource"]].copy()
        for gate in empty:
            array[gate * hidden : (gate + 1) * hidden] = 0
        patterns = [Empty() if gate in empty else Bank(4, 4) for gate in range(4)]
        encoding = Encoding(tuple(map(Storage, patterns))) if by_gate else None
        constant.attributes["resource"] = module.add_resource(f"{name}_zeroed", array)
        assert isinstance(constant.result.type, TensorType)
        retype(constant.result, replace(constant.result.type, encoding=encoding))
    return module


BOTH = [("W", 1), ("R", 1), ("W", 2), ("R", 2)]
ALL = [(name, gate) for name in "WR" for gate in range(4)]


@pytest.mark.parametrize("by_gate", [False, True])
@pytest.mark.parametrize(
    ("gates", "left", "cycles"),
    [
        ([], 4, 24),
        (BOTH, 2, 12),
        (BOTH[:2], 3, 24),
        (ALL[:4], 4, 16),
        (ALL[4:], 4, 8),
        (ALL, 4, 8),
    ],
)
def test_what_is_empty_costs_nothing(
    gates: list[tuple[str, int]], left: int, cycles: int, by_gate: bool
) -> None:
    module = zeroed(gates, by_gate)
    data = [NETWORK.data(3, steps, scale) for steps, scale in ((1, 1.0), (4, 50.0))]
    wanted = [bits(module, each) for each in data]
    apply(module, "tile{macs=16}")
    assert all(np.array_equal(bits(module, d), w) for d, w in zip(data, wanted, strict=True))
    apply(module, "block-layout,schedule")
    assert all(np.array_equal(bits(module, d), w) for d, w in zip(data, wanted, strict=True))
    (nest,) = nests(next(op for op in module.walk() if op.name == "rnn.scan").regions[0])
    assert lanes(nest) == left
    assert tiles(nest) <= cycles
