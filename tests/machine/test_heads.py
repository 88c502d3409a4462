"""What runs behind the last step: several heads, states beside them, heads that read states late."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from lstmir.interpreter.rtl import Clocked
from lstmir.interpreter.run import run_samples
from lstmir.interpreter.streams import OutputBeat, stream_format
from lstmir.ir.interface import Port, set_ports
from lstmir.ir.module import Function, Module
from lstmir.ir.operation import Value
from lstmir.ir.types import TensorType, shape_of
from lstmir.passes.machine.prediction import predict_cycles
from lstmir.passes.machine.timing import timing_from
from tests.machine.machines import pattern
from tests.passes.levels import apply
from tests.passes.test_custom_cells import FEATURES, STATE, WEIGHT, Cell

UNITS = 5
LENGTHS = (1, 1, 1, 3, 2, 1, 1)
STALLS = ((1.0, 1.0), (0.4, 0.4), (1.0, 0.05), (0.1, 1.0))


class Headed(Cell):
    """Two states, of which one drives the other, and what is computed of the last ones."""

    def __init__(self) -> None:
        super().__init__(a=UNITS, b=UNITS)
        _, b = self.states
        new = self.narrow(self.product("u", UNITS, self.x))
        driven = self.op("arith.add", self.product("v", UNITS, new), self.product("w", UNITS, b))
        self.build.end("rnn.yield", [new, self.narrow(driven)], segments=(2, 0))
        self.scan.result_types = [value.type for value in self.states]
        self.scan.result_names = [None, None]
        self.a, self.b = self.scan.results

    def fit(self, name: str, *operands: Value) -> Value:
        """An operation behind the last step, in the format of the states."""
        exact = self.outer.value(name, *operands)
        type_ = TensorType(shape_of(exact.type), STATE)
        modes = {"rounding": "half_up", "overflow": "saturate"}
        return self.outer.value("fx.requantize", exact, type=type_, **modes)

    def head(self, name: str, vector: Value) -> Value:
        return self.fit("linalg.matvec", self.constant(name, WEIGHT, UNITS, UNITS), vector)

    def leave(self, *values: Value) -> Module:
        self.outer.end("return", values)
        module = self.module
        module.functions["main"] = Function("main", self.region)
        x = Port("x", "input", "f32", (-1, -1, FEATURES), 0, 1)
        sizes = [shape_of(value.type)[0] or 0 for value in values]
        outputs = [Port(f"y{k}", "output", "f32", (-1, n), 0) for k, n in enumerate(sizes)]
        set_ports(module, [x, *outputs])
        module.attributes["form"] = "sample"
        return module


def state_between_heads() -> Module:
    cell = Headed()
    return cell.leave(cell.head("p", cell.a), cell.b, cell.head("q", cell.b))


def state_first() -> Module:
    cell = Headed()
    return cell.leave(cell.a, cell.head("p", cell.b))


def state_joined_with_head() -> Module:
    cell = Headed()
    return cell.leave(cell.outer.value("tensor.concat", cell.b, cell.head("p", cell.a), axis=0))


def gates_of_a_head() -> Module:
    """A head has more gates than the nests of a step."""
    cell = Headed()
    both = cell.fit("arith.mul", cell.head("p", cell.a), cell.head("q", cell.b))
    return cell.leave(cell.fit("arith.mul", both, cell.head("r", cell.b)))


def late_state() -> Module:
    """A head reads a state behind a long pipeline, when the next sequence has begun."""
    cell = Headed()
    p, q = cell.head("p", cell.a), cell.head("q", cell.b)
    value = cell.fit("arith.mul", p, q)
    for _ in range(4):
        value = cell.fit("arith.mul", value, q)
    return cell.leave(cell.fit("arith.add", value, cell.a))


HEADS: list[Callable[[], Module]] = [
    state_between_heads, state_first, state_joined_with_head, gates_of_a_head, late_state,
]  # fmt: skip
ARRAYS = ["macs=4 arrays=each", "macs=8 arrays=each", "macs=8", "macs=75 rows=15 columns=5"]


@pytest.mark.parametrize("lanes", [1, 4])
@pytest.mark.parametrize("arrays", ARRAYS)
@pytest.mark.parametrize("make", HEADS)
def test_sequences_back_to_back(make: Callable[[], Module], arrays: str, lanes: int) -> None:
    level_3, level_5 = make(), make()
    pipeline = f"tile{{{arrays}}},block-layout,schedule{{lanes={lanes}}},lower-to-rtl"
    design = Clocked(apply(level_5, pipeline))
    ins, outs = (stream_format(level_5, kind) for kind in ("input", "output"))
    random = np.random.default_rng(4)
    data = [random.integers(-8, 7, (1, n, FEATURES), endpoint=True) for n in LENGTHS]
    results = [run_samples(level_3, [each]) for each in data]
    wanted: list[OutputBeat] = [
        (word, int(last), 0) for word, last in outs.encode([list(each) for each in results])
    ]
    beats = ins.encode([[each] for each in data])
    timing = timing_from(level_5.attributes["timing"])
    for seed, (valid, ready) in enumerate(STALLS):
        chances = pattern(valid, seed), pattern(ready, seed)
        found = design.run_streams(beats, len(wanted), valid=chances[0], ready=chances[1])
        assert found.beats_out == wanted
        if valid == ready == 1:
            assert found.cycles_total == predict_cycles(timing, FEATURES, LENGTHS)
