"""`quantize{fits=…}`: formats stay, the divergence does not rise, and what it brings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmir.flow.models import load_model
from lstmir.interpreter.run import run_reals, run_samples
from lstmir.ir.module import Module
from lstmir.ir.types import element_of
from lstmir.numeric.arrays import to_real
from lstmir.numeric.divergence import divergence
from lstmir.numeric.fixed import FixedType
from lstmir.passes.refining.columns import Columns, part_resources
from lstmir.passes.refining.samples import with_more
from lstmir.passes.sensitivity import has_classes
from lstmir.passes.sums import sums_of_products
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module
from tests.passes.levels import FEW, FRONT, apply, refusal
from tests.strategies.networks import Network, networks

VOWELS = Path(__file__).parents[3] / "examples" / "vowels"
BOTH = "quantize{rounding=compensated bias=correct}"
FITTED = "quantize{rounding=compensated bias=correct fits=3}"


def formatted(network: Network, bits: int = 2) -> str:
    """Calibrated on four short sequences, with formats."""
    pipeline = f"{FRONT},calibrate,assign-bitwidths{{weights={bits}}}"
    return print_module(apply(network.module(), pipeline, network.data(4, 4)))


def with_weights_of(text: str, rounded: Module) -> Module:
    """The float network with the rounded constants of another module put in."""
    module = parse_module(text)
    part_resources(module)
    constants = {
        op.attributes["resource"].removesuffix("_q"): op
        for op in rounded.walk()
        if op.name == "tensor.constant"
    }
    for sum_ in sums_of_products(module):
        for constant in Columns.of(module, sum_).constants:
            name = constant.op.attributes["resource"]
            found = constants[name]
            element = element_of(found.result.type)
            assert isinstance(element, FixedType)
            reals = to_real(rounded.resources[found.attributes["resource"]], element)
            module.resources[name] = reals.astype(module.resources[name].dtype)
    return module


@settings(FEW, max_examples=15)
@given(networks(), st.integers(1, 4))
def test_the_outputs_are_never_further_than_by_the_records_alone(
    network: Network, bits: int
) -> None:
    text, data = formatted(network, bits), network.data(4, 4)
    samples = with_more([data], 0)
    (wanted,) = run_samples(parse_module(text), samples)
    classes = has_classes(parse_module(text))
    moved = []
    for quantize in (BOTH, FITTED):
        rounded = apply(parse_module(text), quantize, data)  # which verifies that all integers fit
        (found,) = run_samples(with_weights_of(text, rounded), samples)
        moved.append(divergence(wanted, found, classes))
    assert moved[1] <= moved[0] * (1 + 1e-6) + 1e-9


def test_the_same_data_give_the_same_integers() -> None:
    network = Network()
    texts = {
        print_module(apply(parse_module(formatted(network)), FITTED, network.data(4, 4)))
        for _ in range(2)
    }
    assert len(texts) == 1


@pytest.mark.parametrize("codes", ["midrise:1", "ternary", "integer:3"])
def test_rounded_weights_come_nearer(codes: str) -> None:
    """On a trained network, and data that nobody has seen."""
    arrays = dict(np.load(VOWELS / "vowels.npz"))
    front = f'{FRONT},calibrate,assign-bitwidths{{codes="{codes}" scale=row activations=12}}'
    text = print_module(
        apply(load_model(str(VOWELS / "vowels_h32.onnx")), front, arrays["x_train"])
    )
    errors = []
    for quantize in (BOTH, FITTED.replace("fits=3", "fits=8")):
        module = apply(parse_module(text), quantize, arrays["x_train"])
        (scores,) = run_reals(module, [arrays["x_test"]])
        errors.append(float(((scores - arrays["logits_test_h32"]) ** 2).mean()))
    assert errors[1] < 0.85 * errors[0]


def test_what_fits_need_is_named() -> None:
    network = Network()
    assert refusal(parse_module(formatted(network)), FITTED) == (
        "quantize: fits needs the calibration data: give --data FILE.npz, or fits=0"
    )
    for options in ("fits=-1 rounding=compensated", "fits=2"):
        with pytest.raises(Exception, match="fits"):
            apply(parse_module(formatted(network)), f"quantize{{{options}}}", network.data(4, 4))
