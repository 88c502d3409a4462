"""`quantize` and `approximate-activations`: what the formats say, and not a bit besides."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from lstmir.interpreter.run import run_samples
from lstmir.ir.module import Module
from lstmir.ir.operands import constant_of
from lstmir.ir.operation import Value
from lstmir.ir.types import element_of, is_float
from lstmir.numeric.arrays import to_real
from lstmir.numeric.fixed import FixedType
from lstmir.numeric.functions import evaluate
from lstmir.passes.formats.coded import encoding_of, is_coded
from lstmir.syntax.printer import print_module
from tests.passes.levels import FEW, FRONT, Recipe, apply, outputs, recipes, refusal
from tests.strategies.networks import Network, networks

LEVEL_3 = ("arith.", "fx.", "tensor.", "linalg.matvec", "rnn.scan", "rnn.yield", "return")
SCALES = (1.0, 30.0)
"""Data as they were calibrated with, and data that saturate."""


class InTheirTypes:
    """A listener that looks for an integer which the type of its value does not have."""

    def __init__(self) -> None:
        self.saturated = 0

    def see(self, value: Value, array: np.ndarray) -> None:
        type_ = element_of(value.type)
        if isinstance(type_, FixedType) and array.size:
            lo, hi = int(array.min()), int(array.max())
            assert type_.contains_int(lo, hi), f"{value} is {type_}, and was {lo} to {hi}"
            if value.op.name == "fx.requantize":
                self.saturated += lo == type_.min_int or hi == type_.max_int


def quantized(network: Network, recipe: Recipe) -> Module:
    pipeline, _, _ = recipe.pipeline.rpartition(",")
    return apply(network.module(), pipeline, network.data(4, 4))


@settings(FEW, max_examples=40)
@given(networks(), recipes())
def test_values_stay_in_their_types_and_tables_change_no_bit(
    network: Network, recipe: Recipe
) -> None:
    module = quantized(network, recipe)
    assert {op.name for op in module.walk() if op.name.startswith("math.")}
    data = [network.data(3, 4, scale, seed=1) for scale in SCALES]
    listener = InTheirTypes()
    wanted = [run_samples(module, [d], listener)[0] for d in data]
    apply(module, "approximate-activations")
    for d, expected in zip(data, wanted, strict=True):
        assert run_samples(module, [d], listener)[0].tolist() == expected.tolist()
    assert all(op.name.startswith(LEVEL_3) for op in module.walk())
    assert not any(is_float(value.type) for op in module.walk() for value in op.results)


def test_results_are_rounded_half_up_and_saturate() -> None:
    found = [op for op in quantized(Network(), Recipe()).walk() if op.name == "fx.requantize"]
    assert len(found) >= 7
    for op in found:
        assert (op.attributes["rounding"], op.attributes["overflow"]) == ("half_up", "saturate")


def test_the_data_of_these_tests_do_saturate() -> None:
    network, listener = Network(seed=1), InTheirTypes()
    module = quantized(network, Recipe())
    run_samples(module, [network.data(8, 4, SCALES[1])], listener)
    assert listener.saturated > 0


@settings(FEW, max_examples=40)
@given(networks(), recipes())
def test_tables_hold_the_function_at_every_integer(network: Network, recipe: Recipe) -> None:
    module = recipe.fixed_point(network)
    lookups = [op for op in module.walk() if op.name == "fx.lookup"]
    assert len(lookups) == 5
    for op in lookups:
        table, index = op.operands
        source, target = element_of(index.type), element_of(op.result.type)
        entries = constant_of(table, module.resources)
        assert entries is not None
        assert isinstance(source, FixedType)
        assert isinstance(target, FixedType)
        integers = np.arange(source.min_int, source.max_int + 1)
        function = "tanh" if op.result.name in ("g", "tanh_c") else "sigmoid"
        wanted = evaluate(function, integers, source, target)
        assert entries[integers].tolist() == wanted.tolist()
        assert len(entries) == len(integers)


def test_functions_of_the_same_formats_share_a_table() -> None:
    module = Recipe().fixed_point(Network())
    tables = {op.attributes["resource"] for op in module.walk() if "resource" in op.attributes}
    assert sum(name.startswith("sigmoid") for name in tables) <= 3
    gates = [
        op for op in module.walk() if op.name == "fx.lookup" and op.result.name in ("i", "o", "f")
    ]
    formats = {element_of(op.operands[1].type) for op in gates}
    assert len({op.operands[0] for op in gates}) == len(formats)


@settings(FEW, max_examples=40)
@given(networks(), recipes())
def test_constants_are_rounded_to_the_nearest(network: Network, recipe: Recipe) -> None:
    pipeline = f"{FRONT},calibrate,{recipe.formats}"
    floats = apply(network.module(), pipeline, network.data(4, 4))
    arrays, formats = {}, {}
    for op in floats.walk():
        if op.name == "tensor.constant" and not is_coded(encoding_of(op.result)):
            name = op.attributes["resource"]
            arrays[f"{name}_q"], formats[f"{name}_q"] = (
                floats.resources[name],
                op.attributes["format"],
            )
    fixed = apply(floats, "quantize").resources
    # How a code rounds is in tests/passes/formats.
    assert fixed.keys() == arrays.keys() or recipe.weights == 2
    for name, array in arrays.items():
        format_ = formats[name]
        inside = np.clip(array.astype(np.float64), format_.min_value, format_.max_value)
        assert np.abs(to_real(fixed[name], format_) - inside).max() <= format_.lsb / 2


@settings(FEW, max_examples=25)
@given(networks())
def test_many_bits_are_nearly_the_network_itself(network: Network) -> None:
    recipe = Recipe(weights=20, bias=24, activations=20, operands=16, state=28)
    data = network.data(4, 4)
    wanted = outputs(network.module(), network, data)
    module = apply(network.module(), recipe.pipeline, data)
    error = np.abs(outputs(module, network, data) - wanted).max()
    assert error <= 2e-3 * max(1.0, np.abs(wanted).max())


def test_the_order_of_the_passes_is_told() -> None:
    network = Network()
    data = network.data(2, 2)
    assert refusal(network.module(), f"{FRONT},quantize") == (
        "quantize: there are no formats: run assign-bitwidths first"
    )
    assert refusal(
        network.module(), "isolate-sample,calibrate,assign-bitwidths,quantize", data
    ) == ("quantize: 'rnn.lstm' is a whole network: run expand-cells first")
    assert refusal(network.module(), f"{FRONT},approximate-activations") == (
        "approximate-activations: 'math.sigmoid' is still in floats: run quantize first"
    )


@pytest.mark.parametrize("operands", [17, 32])
def test_an_operand_may_have_sixteen_bits(operands: int) -> None:
    network = Network()
    recipe = Recipe(operands=operands)
    said = refusal(network.module(), recipe.pipeline, network.data(2, 2))
    assert said.startswith(f"approximate-activations: 'math.sigmoid' of !fx.s<{operands},")
    assert said.endswith("has no table: its operand may have 16 bits")


def test_a_second_look_up_pass_has_nothing_to_do() -> None:
    module = Recipe().fixed_point(Network())
    before = print_module(module)
    assert print_module(apply(module, "approximate-activations")) == before
