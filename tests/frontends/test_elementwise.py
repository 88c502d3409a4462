"""Elementwise operators beyond everyday numbers: the ends, NaN; and what they are written as."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from onnx import NodeProto

from lstmir.interpreter.run import run
from lstmir.syntax.printer import print_module
from tests.frontends.operator_cases import comparisons, elementwise, piecewise
from tests.frontends.operator_cases.case import Case, node
from tests.frontends.operator_cases.elementwise import of
from tests.frontends.operator_cases.piecewise import LARGEST

if TYPE_CHECKING:
    from tests.frontends.conftest import Bench

CASES = {**elementwise.CASES, **piecewise.CASES, **comparisons.CASES}
SHAPE = ("batch", 5, 4)
ENDS = [
    0.0, 1, 0.5, 0.4, 0.25, 0.2, 2, 2.5, 3, 6, 7, 100, 1e4, 1e-3, 1e-7, 1e-30, 1e30, 3e38, LARGEST
]  # fmt: skip
ROUGH = {"sigmoid": 1e-7, "elu": 2e-7, "elu_steep": 5e-7, "elu_rising_to_the_left": 1e-7}
"""How far ONNX Runtime's own is off near zero, where these lose digits."""
TINY = float(np.finfo(np.float32).tiny)
"""What is smaller than any normal number, ONNX Runtime may take for zero."""


@pytest.mark.parametrize("name", [name for name in CASES if CASES[name].inputs["x"] == SHAPE])
@np.errstate(all="ignore")
def test_the_ends_of_the_numbers(name: str, bench: Bench) -> None:
    x = np.concatenate([ENDS, np.negative(ENDS), np.random.default_rng(0).normal(0, 3, 62)])
    feeds = {"x": x.astype(np.float32).reshape(5, 5, 4)}
    model = CASES[name].model(bench)
    ours, theirs = run(bench.imported(model), feeds)["y"], bench.reference(model, feeds)["y"]
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=ROUGH.get(name, TINY))


NOT_A_NUMBER = node("Sqrt", ["x"], ["n"])
OF_NAN: dict[str, tuple[list[NodeProto], float, float]] = {
    "bounded": ([node("Clip", ["n", "zero", "one"], ["y"])], np.nan, np.nan),
    "activated": ([node("LeakyRelu", ["n"], ["l"]), node("Elu", ["l"], ["y"])], np.nan, np.nan),
    "on_a_line": ([node("HardSigmoid", ["n"], ["y"])], np.nan, np.nan),
    "to_the_power_of_0": ([node("Pow", ["n", "zero"], ["y"])], 1, 1),
    "beside_a_constant": ([node("Max", ["n", "one"], ["y"])], np.nan, np.nan),
    "last": ([node("Min", ["x", "n"], ["y"])], np.nan, np.nan),
    "not_last": ([node("Min", ["n", "x"], ["y"])], -1, np.nan),
    "sign": ([node("Sign", ["n"], ["y"])], 0, np.nan),
}


@pytest.mark.parametrize("name", OF_NAN)
def test_what_becomes_of_nan_is_as_documented(name: str, bench: Bench) -> None:
    nodes, ours, theirs = OF_NAN[name]
    case = Case([NOT_A_NUMBER, *nodes], {"zero": of(0), "one": of(1)}, {"x": (3,)})
    model, feeds = case.model(bench), {"x": np.full(3, -1, np.float32)}
    found = run(bench.imported(model), feeds)["y"]
    np.testing.assert_array_equal(found, np.full(3, ours, np.float32))
    np.testing.assert_array_equal(bench.reference(model, feeds)["y"], np.full(3, theirs))


def text(case: Case, bench: Bench) -> list[str]:
    """The operations, without their types."""
    lines = print_module(bench.imported(case.model(bench)), resources="elide").splitlines()[2:-2]
    return [line.strip().split(" : ")[0] for line in lines]


def test_intermediate_values_are_named_after_the_result(bench: Bench) -> None:
    case = Case(
        [
            node("LeakyRelu", ["x"], ["/act/out:0"], alpha=0.25),
            node("Max", ["x", "a", "/act/out:0", "b"], ["y"]),
        ],
        {"a": of(0.5), "b": of(-1)},
    )
    assert text(case, bench) == [
        "%k0p25 = tensor.constant @k0p25",
        "%act_out_0_scaled = arith.mul %k0p25, %x",
        "%k0 = tensor.constant @k0",
        '%0 = arith.compare %x, %k0 {predicate = "lt"}',
        "%act_out_0 = arith.select %0, %act_out_0_scaled, %x",
        "%constant = tensor.constant @constant",
        '%1 = arith.compare %x, %constant {predicate = "lt"}',
        "%y_2 = arith.select %1, %constant, %x",
        '%2 = arith.compare %act_out_0, %y_2 {predicate = "lt"}',
        "%y = arith.select %2, %y_2, %act_out_0",
        "return %y",
    ]


def test_a_bound_that_bounds_nothing_leaves_nothing(bench: Bench) -> None:
    case = Case(
        [node("Clip", ["x", "low", ""], ["c"]), node("Clip", ["c"], ["d"]), node("Neg", ["d"], ["y"])],
        {"low": of(-LARGEST)},
    )  # fmt: skip
    assert text(case, bench) == ["%y = arith.neg %x", "return %y"]


def test_powers_are_products_where_they_can_be(bench: Bench) -> None:
    nodes = [node("Pow", ["x", "four"], ["a"]), node("Pow", ["a", "minus"], ["y"])]
    case = Case(nodes, {"four": of(4), "minus": np.array([-1], np.int32)})
    assert text(case, bench) == [
        "%a_square = arith.mul %x, %x",
        "%a = arith.mul %a_square, %a_square",
        "%k1 = tensor.constant @k1",
        "%y = arith.div %k1, %a",
        "return %y",
    ]
