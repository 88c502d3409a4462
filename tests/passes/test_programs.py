"""What `tile` makes of networks: which nests, of how many lanes, in which recurrence."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from lstmir.ir.module import Module
from lstmir.ir.operands import captured_value, segment
from lstmir.ir.operation import Operation, Value
from tests.passes.levels import Recipe, apply, bits
from tests.passes.nests import lanes, nests, tiles, units, walks
from tests.strategies.networks import Network

NETWORK = Network(features=4, hidden=8, outputs=8, bias=True)


@dataclass(frozen=True)
class Program:
    """A tiled module."""

    module: Module

    @property
    def scans(self) -> list[Operation]:
        return [op for op in self.module.main.region.operations() if op.name == "rnn.scan"]

    @property
    def steps(self) -> list[list[int]]:
        """The lanes of the nests of each recurrence."""
        return [[lanes(nest) for nest in nests(scan.regions[0])] for scan in self.scans]

    @property
    def heads(self) -> list[int]:
        """The lanes of the nests around them."""
        return [lanes(nest) for nest in nests(self.module.main.region)]


def tiled(network: Network, macs: int = 16) -> Program:
    return Program(apply(Recipe().fixed_point(network), f"tile{{macs={macs}}}"))


KINDS: dict[str, tuple[dict[str, object], list[list[int]], list[int]]] = {
    "an LSTM": ({}, [[4]], [1]),
    "layers in one direction": ({"layers": 3}, [[4, 4, 4]], [1]),
    "two dense layers": ({"result": "dense_relu"}, [[4]], [1, 1]),
    "a dense layer at every step": ({"result": "dense_sequence"}, [[4, 1]], []),
    "a late GRU": ({"kind": "gru_late"}, [[4]], [1]),
    "a GRU": ({"kind": "gru"}, [[1, 2]], [1]),
    "an RNN": ({"kind": "rnn"}, [[1]], [1]),
    "both directions": ({"direction": "bidirectional"}, [[4], [4]], [1]),
    "both directions, two layers": (
        {"direction": "bidirectional", "layers": 2},
        [[4], [4], [4], [4]],  # the second layer's two behind the first one's
        [1],
    ),
    "both directions, dense steps": (
        {"direction": "bidirectional", "result": "dense_sequence"},
        [[4], [4], [1]],  # both states of a step are there when both directions are done
        [],
    ),
}


@pytest.mark.parametrize("name", KINDS)
def test_nests(name: str) -> None:
    changes, steps, heads = KINDS[name]
    program = tiled(replace(NETWORK, **changes))  # type: ignore[arg-type]
    assert sorted(program.steps) == sorted(steps)
    assert program.heads == heads


def test_rows_that_no_walk_feeds_both_share_multipliers() -> None:
    late = tiled(replace(NETWORK, kind="gru_late", hidden=16, outputs=3), 12)
    (nest,) = nests(late.scans[0].regions[0])
    assert (lanes(nest), units(nest)) == (4, 4)
    assert late.module.attributes["array"] == {"rows": 12, "columns": 1}
    assert tiles(nest) == 4 * (4 + 16)


def test_units_divide_evenly_among_groups() -> None:
    program = tiled(replace(NETWORK, outputs=10), 8)
    (head,) = nests(program.module.main.region)
    assert program.module.attributes["array"]["rows"] == 8
    assert (head.attributes["trip"], units(head)) == (2, 5)


def origin(value: Value) -> Value:
    outer = captured_value(value)
    return value if outer is None else origin(outer)


def read(walk: Operation) -> Value:
    """The memory that a walk reads, as the body of the recurrence knows it."""
    load = next(op for op in walk.regions[0].operations() if op.name == "tile.load")
    return origin(load.operands[0])


def test_a_layer_reads_the_new_state_of_the_one_below() -> None:
    (scan,) = tiled(replace(NETWORK, layers=2)).scans
    first, second = nests(scan.regions[0])
    x, below, _, above, _ = scan.regions[0].arguments[:5]
    assert [read(walk) for walk in walks(first)] == [x, below]
    assert [read(walk) for walk in walks(second)] == [above, first.results[0]]


def test_the_product_of_a_gru_is_stored_between_its_nests() -> None:
    (scan,) = tiled(replace(NETWORK, kind="gru")).scans
    first, second = nests(scan.regions[0])
    x, h = scan.regions[0].arguments[:2]
    assert [read(walk) for walk in walks(second)] == [x, h, first.results[0]]
    assert origin(first.operands[0]).op.name == "tensor.constant"
    assert origin(second.operands[0]) == h


def test_no_step_is_kept_of_which_the_last_is_used() -> None:
    program = tiled(replace(NETWORK, layers=2, direction="bidirectional"))
    emits = [len(segment(scan.regions[0].end, "emit")) for scan in program.scans]
    assert emits == [1, 1, 0, 0]


def test_the_bias_is_added_in_the_tail() -> None:
    program = tiled(NETWORK)
    (step,), (head,) = nests(program.scans[0].regions[0]), nests(program.module.main.region)
    for nest in (step, head):
        zeros = origin(walks(nest)[0].operands[0])
        assert not program.module.resources[zeros.op.attributes["resource"]].any()
        tail = nests(nest.regions[0])[-1].regions[0].operations()
        biased = [op for op in tail if op.name == "arith.add" and is_constant(op.operands[-1])]
        assert len(biased) == lanes(nest)


def is_constant(word: Value) -> bool:
    """Whether a word of the tail is loaded from a constant."""
    return word.op.name == "tile.load" and origin(word.op.operands[0]).op.name == "tensor.constant"


@pytest.mark.parametrize("kind", ["lstm", "gru", "gru_late", "rnn"])
def test_a_step_beyond_what_was_calibrated(kind: str) -> None:
    network = replace(NETWORK, kind=kind, layers=2)
    module = Recipe().fixed_point(network)
    data = network.data(3, 4, scale=50.0)
    wanted = bits(module, data)
    assert np.array_equal(bits(apply(module, "tile,block-layout"), data), wanted)
