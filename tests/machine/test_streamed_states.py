"""States that travel with the steps: many inputs and outputs, words side by side, arrays side by side."""

from __future__ import annotations

import numpy as np
import pytest

from lstmir.interpreter.run import run_samples
from lstmir.ir.diagnostics import UserError
from lstmir.ir.interface import ports
from lstmir.ir.operands import constant_of, segment
from lstmir.ir.types import element_of, shape_of
from lstmir.ir.verify import verify
from lstmir.numeric.fixed import FixedType
from lstmir.syntax.parser import parse_module
from tests.machine.parts import STALLS, Streamed, streamed
from tests.passes.levels import apply
from tests.passes.test_custom_cells import CELLS, FEATURES

SHAPES = [
    (4, "one", 1), (8, "one", 2), (32, "each", 4), (64, "each", 2),
    *(pytest.param(*shape, marks=pytest.mark.soak)
      for shape in ((4, "one", 4), (64, "one", 8), (16, "each", 1))),
]  # fmt: skip
"""Multipliers, arrays, lanes."""


REFUSED = {
    "part of a state": "'tensor.concat' is no memory of the machine",
    "old and new": "what leaves must be what a nest of the program writes",
    "neighbours": "'tile.load' is not of the unit's own word: the machine's tails have no other",
}


def machine(name: str, macs: int, arrays: str, lanes: int) -> Streamed:
    pipeline = f"tile{{macs={macs} arrays={arrays}}},block-layout,schedule{{lanes={lanes}}}"
    return streamed(CELLS[name][0], pipeline)


@pytest.mark.parametrize("name", CELLS)
def test_steps_one_by_one_are_the_recurrence(name: str) -> None:
    module = CELLS[name][0]()
    (x,) = module.main.parameters
    element = element_of(x.type)
    assert isinstance(element, FixedType)
    random = np.random.default_rng(3)
    data = random.integers(element.min_int, element.max_int, (6, 4, FEATURES), endpoint=True)
    wanted = run_samples(module, [data])[0]
    scan = next(op for op in module.walk() if op.name == "rnn.scan")
    starts = [constant_of(value, module.resources) for value in segment(scan, "state")]
    states = [np.broadcast_to(start, (1, 6, len(start))) for start in starts if start is not None]
    apply(module, "stream-states")
    for step in range(4):
        states = [np.asarray(s) for s in run_samples(module, [data[:, step][None], *states])]
    assert np.array_equal(states[-1][0], wanted)


@pytest.mark.parametrize(("macs", "arrays", "lanes"), SHAPES)
@pytest.mark.parametrize("name", CELLS)
def test_bits_and_cycles(name: str, macs: int, arrays: str, lanes: int) -> None:
    each = machine(name, macs, arrays, lanes)
    if name in REFUSED:
        with pytest.raises(UserError) as error:
            assert each.level_5
        assert error.value.diagnostics[0].message == f"schedule: {REFUSED[name]}"
        return
    for lengths in ([1], [7], [1, 3, 2, 1]):
        assert each.check(lengths, 1) == each.predict(lengths)
    for seed, (valid, ready) in enumerate(STALLS):
        each.check([2, 1, 3], seed, valid, ready)
    for seed in range(4):
        each.disturb(seed)
        assert each.check([1, 3], seed) == each.predict([1, 3])


TEXT = """module @two attributes {form = "sample", interface = [
  {name = "a", kind = "input", dtype = "f32", shape = [-1, 2], time = 0},
  {name = "b", kind = "input", dtype = "f32", shape = [-1, 3], time = 0},
  {name = "y", kind = "output", dtype = "f32", shape = [-1, 3], time = 0}
]} {
  func @main(%a: tensor<?x2xf32>, %b: tensor<?x3xf32>) -> tensor<?x3xf32> {
    %h_0 = tensor.constant @h_0 : tensor<2xf32>
    %g_0 = tensor.constant @g_0 : tensor<3xf32>
    %ys, %0, %1 = rnn.scan (%xb = %b, %xa = %a) state (%b = %h_0, %b_1 = %g_0) {
      %h = arith.add %b, %xa : tensor<2xf32>
      %g = arith.add %b_1, %xb : tensor<3xf32>
      rnn.yield state (%h, %g) emit (%g) : (tensor<2xf32>, tensor<3xf32>, tensor<3xf32>) -> ()
    } {direction = "reverse"} : (tensor<?x3xf32>, tensor<?x2xf32>, tensor<2xf32>, tensor<3xf32>) -> (tensor<?x3xf32>, tensor<2xf32>, tensor<3xf32>)
    return %ys : tensor<?x3xf32>
  }
}
{-# resources: {h_0: "0x0000000000000000", g_0: "0x000000000000000000000000"} #-}
"""  # noqa: E501


def test_ports_are_those_of_the_parameters() -> None:
    """Also where the recurrence reads them in another order, runs backwards, and names things alike."""
    module = apply(parse_module(TEXT), "stream-states")
    verify(module)
    for kind, names in (("input", ["a", "b", "b_2", "b_3"]), ("output", ["next", "next_2"])):
        found = ports(module, kind)
        values = module.main.parameters if kind == "input" else module.main.results
        assert [port.name for port in found] == names
        assert [port.shape[1:] for port in found] == [shape_of(value.type)[1:] for value in values]
    (scan,) = (op for op in module.walk() if op.name == "rnn.scan")
    assert "direction" not in scan.attributes


SHAPED = """module @shaped {
  func @main(%a: tensor<5x2xf32>, %h: tensor<2xf32>) -> (tensor<SHAPE>, tensor<1x2xf32>) {
    %ys, %last = rnn.scan (%x = %a) state (%hp = %h) {
      %hn = arith.add %x, %hp : tensor<2xf32>
      %y = arith.mul %x, %hp : tensor<2xf32>
      rnn.yield state (%hn) emit (%y) : (tensor<2xf32>, tensor<2xf32>) -> ()
    } : (tensor<5x2xf32>, tensor<2xf32>) -> (tensor<5x2xf32>, tensor<2xf32>)
    %1 = tensor.reshape %ys : (tensor<5x2xf32>) -> tensor<SHAPE>
    %2 = tensor.reshape %last : (tensor<2xf32>) -> tensor<1x2xf32>
    return %1, %2 : (tensor<SHAPE>, tensor<1x2xf32>) -> ()
  }
}
"""


def test_results_may_have_another_shape_within_a_step() -> None:
    module = apply(parse_module(SHAPED.replace("SHAPE", "5x1x2xf32")), "stream-states")
    verify(module)
    assert [shape_of(each) for each in module.main.result_types] == [(None, 2), (None, 2)]
    with pytest.raises(UserError, match=r"'tensor\.reshape' works on what the recurrence gives"):
        apply(parse_module(SHAPED.replace("SHAPE", "10xf32")), "stream-states")
