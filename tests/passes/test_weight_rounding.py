"""`quantize` with `rounding=compensated` and `bias=correct`: formats, patterns, and what it brings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmir.flow.models import load_model
from lstmir.interpreter.run import run_reals
from lstmir.ir.module import Module
from lstmir.ir.operation import Operation
from lstmir.ir.types import element_of
from lstmir.numeric.arrays import to_real
from lstmir.numeric.fixed import FixedType
from lstmir.passes.formats.coded import encoding_of, is_coded
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module
from tests.passes.levels import FEW, FRONT, Recipe, apply, recipes, refusal
from tests.strategies.networks import Network, networks

ROOT = Path(__file__).parents[2]
VOWELS = ROOT / "examples" / "vowels"
DATA = ROOT / "tests" / "data"
COMPENSATED = "quantize{rounding=compensated}"
CORRECTED = "quantize{bias=correct}"
BOTH = "quantize{rounding=compensated bias=correct}"


def formatted(network: Network, recipe: Recipe) -> Module:
    """Calibrated at level 2, with formats."""
    pipeline = recipe.pipeline.removesuffix(",quantize,approximate-activations")
    return apply(network.module(), pipeline, network.data(12, 4))


def constants(module: Module) -> dict[str, Operation]:
    found = [op for op in module.walk() if op.name == "tensor.constant"]
    return {op.attributes["resource"].removesuffix("_q"): op for op in found}


def reals(module: Module) -> dict[str, np.ndarray]:
    """The values of all constants, by their names before quantization."""
    found = {}
    for name, op in constants(module).items():
        element, array = element_of(op.result.type), module.resources[op.attributes["resource"]]
        found[name] = to_real(array, element) if isinstance(element, FixedType) else array
    return found


@settings(FEW, max_examples=40)
@given(networks(), recipes(), st.sampled_from([COMPENSATED, CORRECTED, BOTH]))
def test_formats_and_patterns_are_kept(network: Network, recipe: Recipe, quantize: str) -> None:
    floats = formatted(network, recipe)
    text = print_module(floats)
    plain = constants(apply(parse_module(text), "quantize"))
    module = apply(floats, quantize)  # which verifies that all integers fit
    before = reals(parse_module(text))
    for name, op in constants(module).items():
        array = module.resources[op.attributes["resource"]]
        if is_coded(encoding_of(op.result)):
            assert encoding_of(op.result) == encoding_of(plain[name].result)
            continue  # which verifies as well that all integers have codes
        assert op.result.type == plain[name].result.type
        if getattr(op.result.type, "encoding", None):
            assert not array[before[name] == 0].any()
    assert not any(name.endswith(("_gram", "_histogram")) for name in module.resources)
    assert "histograms" not in module.main.attributes


@settings(FEW, max_examples=40)
@given(networks(), recipes())
def test_no_sum_changes_more_than_with_the_nearest(network: Network, recipe: Recipe) -> None:
    """Each row of the cell and of the head, over the calibration data."""
    floats = formatted(network, recipe)
    text, before = print_module(floats), reals(floats)
    groups = {"z": ("w", "r", "b"), "y": ("dense_W", "dense_B")}
    after = {
        quantize: reals(apply(parse_module(text), quantize))
        for quantize in ("quantize", COMPENSATED, CORRECTED)
    }
    for total, gram in grams(floats).items():
        slack = 1e-9 * np.abs(gram).max()
        plain, compensated, corrected = (
            together(found, groups[str(total)]) - together(before, groups[str(total)])
            for found in after.values()
        )
        weights = np.diag([1.0] * (len(gram) - 1) + [0.0])
        assert (change(compensated @ weights, gram) <= change(plain @ weights, gram) + slack).all()
        assert (change(corrected, gram) <= change(plain, gram) + slack).all()


def grams(module: Module) -> dict[str | None, np.ndarray]:
    found = [op for op in module.walk() if "gram" in op.attributes]
    return {op.result.name: module.resources[op.attributes["gram"]["resource"]] for op in found}


def together(arrays: dict[str, np.ndarray], names: Sequence[str]) -> np.ndarray:
    """Matrices and a bias, side by side, pruned or not."""
    found = [arrays.get(f"{name}_pruned", arrays.get(name)) for name in names]
    return np.concatenate([a.reshape(len(a), -1) for a in found if a is not None], axis=1)


def change(errors: np.ndarray, gram: np.ndarray) -> np.ndarray:
    return np.array([error @ gram @ error for error in errors])


def test_the_bias_takes_the_mean_change() -> None:
    network, recipe = Network(features=5, hidden=6), Recipe(weights=3, bias=24)
    floats = formatted(network, recipe)
    before = reals(floats)
    gram = grams(floats)["z"]
    text = print_module(floats)
    for quantize in (CORRECTED, BOTH):
        after = reals(apply(parse_module(text), quantize))
        errors = together(after, ("w", "r", "b")) - together(before, ("w", "r", "b"))
        bias = constants(parse_module(text))["b"].attributes["format"]
        assert np.abs(errors @ gram[:, -1] / gram[-1, -1]).max() <= bias.lsb * 0.51
        assert np.abs(errors[:, :-1]).max() > 0.01


SHARED = """module @shared attributes {form = "sample", interface = [
  {name = "a", kind = "input", dtype = "f32", shape = [-1, 2], batch = 0},
  {name = "b", kind = "input", dtype = "f32", shape = [-1, 2], batch = 0},
  {name = "y", kind = "output", dtype = "f32", shape = [-1, 2], batch = 0}
]} {
  func @main(%a: tensor<2xf32>, %b: tensor<2xf32>) -> tensor<2xf32> {
    %w = tensor.constant @w : tensor<2x2xf32>
    %u = linalg.matvec %w, %a : (tensor<2x2xf32>, tensor<2xf32>) -> tensor<2xf32>
    %v = linalg.matvec %w, %b : (tensor<2x2xf32>, tensor<2xf32>) -> tensor<2xf32>
    %y = arith.add %u, %v : tensor<2xf32>
    return %y : tensor<2xf32>
  }
}
{-# resources: {
  w: "0x0000003f9a99993e0000403f3333333f"
} #-}
"""


def test_a_matrix_that_two_products_read_is_rounded_to_the_nearest() -> None:
    inputs = {name: np.ones((9, 2)) for name in "ab"}
    pipeline = "calibrate,assign-bitwidths{weights=2}"
    plain = apply(parse_module(SHARED), f"{pipeline},quantize", inputs)
    module = apply(parse_module(SHARED), f"{pipeline},{BOTH}", inputs)
    assert print_module(module) == print_module(plain)


def test_without_a_bias_nothing_is_corrected() -> None:
    inputs = {name: np.ones((9, 2)) for name in "ab"}
    pipeline = "calibrate,assign-bitwidths{weights=2}"
    text = SHARED.replace("%w, %b :", "%w, %a :")  # canonicalize would make one product of two
    plain, corrected = (
        print_module(apply(parse_module(text), f"{pipeline},{q}", inputs))
        for q in ("quantize", CORRECTED)
    )
    assert corrected == plain


def test_wide_weights_are_rounded_to_the_nearest() -> None:
    text = print_module(formatted(Network(), Recipe(weights=40)))
    plain, module = (apply(parse_module(text), q) for q in ("quantize", COMPENSATED))
    assert print_module(module) == print_module(plain)


@pytest.mark.parametrize(
    ("pipeline", "complaint"),
    [
        ("calibrate{gram=false},assign-bitwidths", ("rounding=compensated and bias=correct need Gram "
         "matrices: run calibrate{gram=true} first, after whatever changes the weights")),
        ("calibrate", "the constant @w has no format: run assign-bitwidths first"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("quantize", [COMPENSATED, CORRECTED])
def test_what_is_missing_is_named(pipeline: str, complaint: str, quantize: str) -> None:
    network = Network()
    said = refusal(network.module(), f"{FRONT},{pipeline},{quantize}", network.data(3, 3))
    assert said == f"quantize: {complaint}"


@pytest.mark.parametrize("option", ["rounding=best", "bias=best"])
def test_what_is_no_choice_is_refused(option: str) -> None:
    with pytest.raises(Exception, match="must be one of"):
        apply(Network().module(), f"quantize{{{option}}}")


def vowels() -> tuple[np.ndarray, np.ndarray]:
    with np.load(VOWELS / "vowels.npz") as arrays:
        return arrays["x_train"], arrays["x_test"]


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Few: one half to calibrate with, the other to test."""
    with np.load(DATA / "digits_h64.npz") as arrays:
        samples = np.moveaxis(arrays["x"], 1, 0)
    return samples[::2], samples[1::2]


@pytest.mark.parametrize(
    ("model", "data"),
    [
        (VOWELS / "vowels_h32.onnx", vowels),
        (DATA / "vowels_h32_l2.onnx", vowels),
        (DATA / "digits_h64.onnx", digits),
    ],
    ids=lambda each: getattr(each, "stem", ""),
)
@pytest.mark.parametrize("bits", [4, 5, 6])
def test_the_logits_of_real_models_change_less_on_other_data(
    model: Path, data: Callable[[], tuple[np.ndarray, np.ndarray]], bits: int
) -> None:
    """At equal bits, less than half of the squared error."""
    module = apply(load_model(str(model)), FRONT)
    seen, others = data()
    (wanted,) = run_reals(module, [others])
    formats = f"calibrate,assign-bitwidths{{weights={bits} activations=10 operands=10}}"
    text = print_module(apply(module, formats, seen))
    errors = []
    for quantize in ("quantize", COMPENSATED, BOTH):
        fixed = apply(parse_module(text), quantize)
        errors.append(((run_reals(fixed, [others])[0] - wanted) ** 2).mean())
    plain, compensated, both = errors
    assert compensated < plain / 2
    assert both < plain / 2
