"""Budgets of `assign-bitwidths`: kept, spent where it pays, and recorded as they were measured."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmir.flow.metrics import weights_bits_encoded
from lstmir.interpreter.run import run_samples
from lstmir.ir.diagnostics import UserError
from lstmir.ir.module import Module
from lstmir.ir.types import TensorType, element_of
from lstmir.numeric.arrays import to_real
from lstmir.numeric.codes import Code, Integer, Midrise
from lstmir.numeric.fixed import FixedType
from lstmir.passes.formats.coded import encoding_of
from lstmir.passes.formats.items import interpolated
from lstmir.passes.gates import gates_of
from lstmir.passes.sums import sums_of_products
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module
from tests.passes.formats.test_codes import matrices
from tests.passes.levels import FEW, FRONT, apply, refusal
from tests.strategies.networks import Network, networks

ROUNDINGS = st.sampled_from(["nearest", "compensated"])


def calibrated(network: Network, prune: str = "") -> str:
    pipeline = f"{FRONT},calibrate{prune}"
    return print_module(apply(network.module(), pipeline, network.data(6, 4)))


def assigned(text: str, network: Network, options: str) -> Module:
    return apply(parse_module(text), f"assign-bitwidths{{{options}}}", network.data(6, 4))


def matrix_bits(module: Module) -> int:
    bits = 0
    for op in matrices(module).values():
        encoding, type_ = encoding_of(op.result), op.result.type
        assert encoding is not None and isinstance(type_, TensorType)
        rows, columns = type_.static_shape
        bits += encoding.stored_bits((rows, columns), 0)
    return bits


def weights(module: Module) -> int:
    return sum(module.resources[op.attributes["resource"]].size for op in matrices(module).values())


def measured(text: str, network: Network, module: Module, rounding: str) -> float:
    """The mean squared change of the outputs of the float network with the weights of level 3."""
    before, after = parse_module(text), parse_module(text)
    fixed = apply(module, f"quantize{{rounding={rounding}}}")
    rounded = matrices(fixed)
    for name, op in matrices(after).items():
        element = element_of(rounded[name].result.type)
        assert isinstance(element, FixedType)
        integers = fixed.resources[rounded[name].attributes["resource"]]
        after.resources[op.attributes["resource"]] = to_real(integers, element)
    data = [network.data(6, 4)]
    changes = [run_samples(each, data)[0].astype(float) for each in (before, after)]
    return float(np.square(changes[1] - changes[0]).mean())


@settings(FEW, max_examples=8)
@given(networks(), st.sampled_from([4.0, 5.5, 7.0]), ROUNDINGS, st.sampled_from(["row", "gate"]))
def test_bits_of_a_weight_are_kept_to(
    network: Network, bits: float, rounding: str, scale: str
) -> None:
    text = calibrated(network)
    least = assigned(text, network, f"bits=64 rounding={rounding} scale={scale}")
    assert least.attributes["allotted"]["bits"] == matrix_bits(least)
    options = f"bits={bits} rounding={rounding} scale={scale}"
    try:
        module = assigned(text, network, options)
    except UserError as error:
        # Exponents may take more than that in matrices of a few elements.
        least_bits = float(error.diagnostics[0].message.split()[-4])
        assert least_bits > bits
        return
    allotted = module.attributes["allotted"]
    assert allotted["bits"] == matrix_bits(module) <= bits * weights(module)
    assert allotted["error"] == pytest.approx(measured(text, network, module, rounding), rel=1e-4)


def test_all_that_is_stored_is_counted() -> None:
    network = Network(features=6, hidden=8, outputs=3)
    text = calibrated(network)
    for total in (1200, 1800, 2500):
        module = apply(assigned(text, network, f"total-bits={total} bias=12"), "quantize")
        assert 0.8 * total < weights_bits_encoded(module) <= total


@pytest.mark.parametrize("rounding", ["nearest", "compensated"])
def test_a_bound_on_the_error_is_kept_at_few_bits(rounding: str) -> None:
    network = Network(features=6, hidden=8, outputs=3)
    text, bits = calibrated(network), []
    for bound in (1e-3, 1e-2, 1e-1):
        module = assigned(text, network, f"max-error={bound} rounding={rounding}")
        allotted = module.attributes["allotted"]
        assert allotted["error"] <= bound
        assert allotted["error"] == pytest.approx(
            measured(text, network, module, rounding), rel=1e-4
        )
        bits.append(allotted["bits"])
    assert bits == sorted(set(bits), reverse=True)


def codes_of(module: Module, name: str) -> list[Code | None]:
    encoding = encoding_of(matrices(module)[name].result)
    assert encoding is not None
    return [gate.code for gate in encoding.gates]


def test_bits_go_where_they_matter() -> None:
    """Gates that the bias holds open or shut keep their weights in a bit or so; the others do not."""
    network = Network(features=6, hidden=8, outputs=3, weights="plain")
    network.arrays["B"][0, : 3 * 8] = 30.0  # input, output and forget gate stay at 1
    module = assigned(calibrated(network), network, "bits=3")
    for name in ("w", "r"):
        *gates, candidate = codes_of(module, name)
        assert set(gates) == {Midrise(1)}
        assert isinstance(candidate, Integer) and candidate.bits >= 4


def test_codes_that_are_there_stay_and_cost_what_they_cost() -> None:
    network = Network(features=6, hidden=8, outputs=3)
    text = calibrated(network).replace("tensor<32x8xf32>", "tensor<32x8xf32, #code<integer, 7>>")
    module = assigned(text, network, "total-bits=3500")
    assert codes_of(module, "r") == [Integer(7)]
    assert weights_bits_encoded(apply(module, "quantize")) <= 3500


def test_patterns_stay() -> None:
    network = Network(features=6, hidden=8, outputs=3)
    module = assigned(
        calibrated(network, ",prune,calibrate"), network, "bits=2.5 rounding=compensated"
    )
    for name in ("w", "r"):
        encoding = encoding_of(matrices(module)[name].result)
        assert encoding is not None and len(encoding.gates) == 4
        assert all(gate.pattern is not None for gate in encoding.gates)
    apply(module, "quantize{rounding=compensated}")


def test_two_runs_choose_alike() -> None:
    network = Network(features=6, hidden=8)
    text = calibrated(network)
    first, second = (print_module(assigned(text, network, "bits=3")) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ("bits=0.5", "bits=0.5 cannot be kept: the least that was reached is 1.08 bits a weight"),
        ("total-bits=1000", ("total-bits=1000 cannot be kept: the least that was reached is "
         "1068 bits, 560 of them for what has no choice")),
    ],
)  # fmt: skip
def test_an_unreachable_budget_says_what_was_reached(options: str, complaint: str) -> None:
    network = Network(features=6, hidden=8, outputs=3)
    module, data = parse_module(calibrated(network)), network.data(6, 4)
    assert (
        refusal(module, f"assign-bitwidths{{{options}}}", data) == f"assign-bitwidths: {complaint}"
    )


def test_an_unreachable_error_says_what_was_reached() -> None:
    network = Network(features=6, hidden=8, outputs=3)
    module, data = parse_module(calibrated(network)), network.data(6, 4)
    said = refusal(module, "assign-bitwidths{max-error=1e-12}", data)
    start, _, least = said.rpartition(" ")
    assert (
        start == "assign-bitwidths: max-error=1e-12 cannot be kept: the least that was reached is"
    )
    assert 1e-12 < float(least) < 1e-3


def test_what_is_missing_is_named() -> None:
    network = Network()
    text = calibrated(network)
    assert refusal(parse_module(text), "assign-bitwidths{bits=3}") == (
        "assign-bitwidths: a budget needs calibration data: give --data FILE.npz"
    )
    said = refusal(network.module(), f"{FRONT},calibrate{{gram=false}},"
                   "assign-bitwidths{bits=3 rounding=compensated}", network.data(4, 4))  # fmt: skip
    assert said.startswith("assign-bitwidths: rounding=compensated and bias=correct need Gram")


def test_losses_between_those_that_were_measured() -> None:
    losses = interpolated(np.array([1.0, 10.0, 100.0, 0.01, 1000.0]), {1.0: 2.0, 100.0: 50.0})
    np.testing.assert_allclose(losses, [2.0, 10.0, 50.0, 0.02, 500.0])
    assert (interpolated(np.zeros(2), {0.0: 0.0}) < 1e-20).all()


@pytest.mark.parametrize("result", ["dense", "final_h"])
def test_gates_are_what_slices_take_apart(result: str) -> None:
    module = apply(Network(result=result).module(), FRONT)
    assert [gates_of(each) for each in sums_of_products(module)] == [4, 1][
        : 1 + (result == "dense")
    ]
