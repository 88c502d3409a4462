"""What a trace holds: against the emitted sequences of scans, and a nest of loops done by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmir.interpreter.listeners import Trace
from lstmir.interpreter.paths import last_names, matching, value_paths
from lstmir.interpreter.run import run_samples
from lstmir.ir.module import Module
from lstmir.ir.operation import Operation
from lstmir.ir.types import element_of
from lstmir.numeric.arrays import to_real
from lstmir.numeric.fixed import FixedType
from lstmir.syntax.parser import parse_module
from tests.strategies.modules import inputs_of, modules

NEST = """module @m {
  func @main(%x: tensor<?x2xf32>) -> (tensor<?x2xf32>, f32) {
    %zero = tensor.constant @zero : tensor<1xf32>
    %z = tensor.reshape %zero : (tensor<1xf32>) -> f32
    %ys, %s = rnn.scan (%xt = %x) state (%a = %z) {
      %zs, %b = rnn.scan (%u = %xt) state (%c = %a) {
        %z = arith.add %u, %c : f32
        rnn.yield state (%z) emit (%z) : (f32, f32) -> ()
      } {direction = "INNER"} : (tensor<2xf32>, f32) -> (tensor<2xf32>, f32)
      rnn.yield state (%b) emit (%zs) : (f32, tensor<2xf32>) -> ()
    } {direction = "OUTER"} : (tensor<?x2xf32>, f32) -> (tensor<?x2xf32>, f32)
    return %ys, %s : (tensor<?x2xf32>, f32) -> ()
  }
}
{-# resources: { zero: "f32:00000000" } #-}
"""


def nest(outer: str = "forward", inner: str = "forward") -> Module:
    text = NEST.replace("OUTER", outer).replace("INNER", inner)
    return parse_module(text.replace('"f32:00000000"', '"0x00000000"'))


X = np.array([[[1, 2], [4, 8], [16, 32]], [[0, 1], [0, 1], [0, 1]]], np.float32)


@pytest.mark.parametrize(
    ("outer", "inner", "sums"),
    [
        ("forward", "forward", [[1, 3], [7, 15], [31, 63]]),
        ("forward", "reverse", [[3, 2], [15, 11], [63, 47]]),
        ("reverse", "forward", [[61, 63], [52, 60], [16, 48]]),
        ("reverse", "reverse", [[63, 62], [60, 56], [48, 32]]),
    ],
)
def test_a_nest_gives_one_array_with_an_axis_a_loop(
    outer: str, inner: str, sums: list[list[int]]
) -> None:
    module = nest(outer, inner)
    paths = value_paths(module.main)
    (value,) = matching(paths, "%zs/%z")
    trace = Trace([value])
    run_samples(module, [X], trace)
    found = trace.array(value, 2)
    assert found is not None
    assert found.shape == (2, 3, 2)
    assert found[0].tolist() == sums


def test_a_value_that_is_the_same_for_all_samples_is_repeated() -> None:
    module = nest()
    (value,) = matching(value_paths(module.main), "/%z")
    trace = Trace([value])
    run_samples(module, [X], trace)
    found = trace.array(value, 2)
    assert found is not None
    assert found.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("address", "paths"),
    [
        ("%z", ["/%z", "/%ys/%zs/%z"]),
        ("z", ["/%z", "/%ys/%zs/%z"]),
        ("/%z", ["/%z"]),
        ("%zs/%z", ["/%ys/%zs/%z"]),
        ("/%ys/%zs/%z", ["/%ys/%zs/%z"]),
        ("/%zs/%z", []),
        ("%ys/%z", []),
        ("%zs", ["/%ys/%zs"]),
        ("%nothing", []),
        ("", []),
        ("/", []),
    ],
)
def test_addresses(address: str, paths: list[str]) -> None:
    every = value_paths(nest().main)
    assert [every[value] for value in matching(every, address)] == paths


def test_paths_are_unique_and_name_all_values() -> None:
    module = nest()
    every = value_paths(module.main)
    assert len(set(every.values())) == len(every)
    assert set(every) >= {value for op in module.walk() for value in op.results}
    assert last_names(every.values()) == ["%x", "%zero", "%z", "%ys", "%s", "%xt", "%a", "%zs",
                                          "%b", "%u", "%c"]  # fmt: skip


def _yielded(scan: Operation) -> list[tuple[int, int]]:
    """The result's index and the terminator's operand of each emitted sequence."""
    held = scan.regions[0].end.attributes["segments"][0]
    return [(k, held + k) for k in range(len(scan.results) - held)]


@settings(max_examples=80, deadline=None, derandomize=True)
@given(modules(level=2) | modules(level=3), st.integers(0, 99))
def test_what_a_body_emits_is_what_its_scan_gives(module: Module, seed: int) -> None:
    scans = [op for op in module.main.region.walk() if op.name == "rnn.scan"]
    trace = Trace(value_paths(module.main))
    with np.errstate(all="ignore"):
        results = run_samples(module, inputs_of(module, seed, 2), trace)
    for scan in scans:
        for index, operand in _yielded(scan):
            inside = trace.array(scan.regions[0].end.operands[operand], 2)
            outside = trace.array(scan.results[index], 2)
            np.testing.assert_array_equal(inside, outside)
    for value, result in zip(module.main.results, results, strict=True):
        element = element_of(value.type)
        real = to_real(result, element) if isinstance(element, FixedType) else result
        np.testing.assert_array_equal(trace.array(value, 2)[: len(real)], real)  # type: ignore[index]
