"""Every operator but the recurrent ones, against ONNX Runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lstmir.frontends import operators
from lstmir.frontends.operators.table import OPERATORS
from lstmir.interpreter.run import run
from tests.frontends.operator_cases import CASES
from tests.passes.levels import apply, refusal

if TYPE_CHECKING:
    from tests.frontends.conftest import Bench

RECURRENT = {"LSTM", "GRU", "RNN", "Scan"}


@pytest.mark.parametrize("name", CASES)
def test_agrees_with_onnx_runtime(name: str, bench: Bench) -> None:
    bench.agree(CASES[name].model(bench), CASES[name].feeds())


@pytest.mark.parametrize("name", CASES)
def test_one_sample_is_computed_as_in_a_batch(name: str, bench: Bench) -> None:
    case = CASES[name]
    module, feeds = bench.imported(case.model(bench)), case.feeds()
    if case.mixes:
        assert f"'{case.mixes}'" in refusal(module, "isolate-sample")
        return
    expected = run(module, feeds)
    bench.same(run(apply(module, "isolate-sample"), feeds), expected)


def test_every_operator_is_tested() -> None:
    operators.load()
    tested = {node.op_type for case in CASES.values() for node in case.nodes}
    assert tested | RECURRENT == set(OPERATORS)
