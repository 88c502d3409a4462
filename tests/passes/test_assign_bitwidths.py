"""`assign-bitwidths`: formats of the asked widths that cover the values, and a truthful `basis`."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from lstmir.interpreter.run import run_samples
from lstmir.ir.diagnostics import UserError
from lstmir.ir.module import Module
from lstmir.ir.operation import Operation, Value
from lstmir.ir.types import element_of, is_float, shape_of
from lstmir.numeric.fixed import FixedType
from lstmir.pipeline.text import parse_pipeline
from tests.passes.levels import FEW, FRONT, Recipe, apply, recipes, refusal
from tests.strategies.networks import Network, networks

MARGIN = 1.25
FLAT = {"math.sigmoid": 8.0, "math.tanh": 4.0}


def assigned(network: Network, recipe: Recipe) -> Module:
    pipeline = f"{FRONT},calibrate,{recipe.formats}"
    return apply(network.module(), pipeline, network.data(4, 4))


def formats(module: Module) -> dict[Operation, FixedType]:
    return {op: op.attributes["format"] for op in module.walk() if "format" in op.attributes}


def array_of(module: Module, op: Operation) -> np.ndarray:
    return module.resources[op.attributes["resource"]]


def covers(format_: FixedType, lo: float, hi: float) -> bool:
    """Whether both ends are in the format; the positive one may saturate by one unit."""
    return format_.min_value <= lo and hi <= format_.max_value + format_.lsb


def finer(format_: FixedType) -> FixedType:
    return FixedType(format_.signed, format_.width, format_.frac + 1)


def constants(module: Module) -> list[Operation]:
    return [op for op in module.walk() if op.name == "tensor.constant" and is_float(op.result.type)]


@settings(FEW, max_examples=40)
@given(networks(), recipes())
def test_widths_are_those_asked_for(network: Network, recipe: Recipe) -> None:
    module = assigned(network, recipe)
    for op, format_ in formats(module).items():
        if op.name == "tensor.constant":
            name = (op.result.name or "").partition("_")[0]
            asked = {"h0": recipe.activations, "c0": recipe.state, "b": recipe.bias}
            matrix = len(shape_of(op.result.type)) == 2
            assert format_.width <= (recipe.weights if matrix else asked.get(name, recipe.bias))
            continue
        assert format_.width == (recipe.state if op.result.name == "ct" else recipe.activations)
        if op.name.startswith("math."):
            assert op.attributes["operand_format"].width == recipe.operands
    assert {format_.width for format_ in module.main.attributes["formats"]} == {recipe.activations}


@settings(FEW, max_examples=40)
@given(networks(), recipes())
def test_sampled_ranges_are_covered_as_finely_as_can_be(network: Network, recipe: Recipe) -> None:
    module = assigned(network, recipe)
    main = module.main.attributes
    sampled = list(zip(main["formats"], main["ranges"], strict=True))
    # Where a function is flat, its operand may saturate.
    for op in module.walk():
        if (limit := FLAT.get(op.name)) is not None:
            lo, hi = op.operands[0].op.attributes["range"]
            cut = (max(lo, -limit / MARGIN), min(hi, limit / MARGIN))
            sampled.append((op.attributes["operand_format"], cut))
        elif op.attributes.get("basis") == "sampled" and op.result.name == "ct":
            lo, hi = op.attributes["range"]
            if network.states:
                initial = network.arrays["initial_c"]
                lo, hi = min(lo, float(initial.min())), max(hi, float(initial.max()))
            sampled.append((op.attributes["format"], (lo, hi)))
    assert len(sampled) == 7
    for format_, (lo, hi) in sampled:
        assert covers(format_, MARGIN * lo, MARGIN * hi)
        if lo or hi:
            assert not covers(finer(format_), MARGIN * lo, MARGIN * hi)


@settings(FEW, max_examples=40)
@given(networks(), recipes())
def test_no_constant_saturates(network: Network, recipe: Recipe) -> None:
    module = assigned(network, recipe)
    for op in constants(module):
        array, format_ = array_of(module, op), op.attributes["format"]
        slack = format_.lsb if op.result.name in ("h0", "c0") else format_.lsb / 2
        assert format_.min_value - slack <= array.min()
        assert array.max() <= format_.max_value + slack


@settings(FEW, max_examples=25)
@given(networks(), recipes())
def test_proven_formats_hold_for_any_input(network: Network, recipe: Recipe) -> None:
    module = assigned(network, recipe)
    basis = {op.result: op.attributes["basis"] for op in formats(module)}
    assert {value.name for value, what in basis.items() if what == "sampled"} <= {"ct", "c0"}

    class InTheirFormats:
        def see(self, value: Value, array: np.ndarray) -> None:
            if basis.get(value) == "proven" and value.op.name != "tensor.constant":
                assert covers(value.op.attributes["format"], array.min(), array.max())

    run_samples(module, [network.data(8, 6, scale=100.0)], InTheirFormats())


def test_proven_formats_do_not_depend_on_the_data() -> None:
    network = Network(seed=3)
    found = []
    for scale in (0.1, 100.0):
        data = network.data(4, 4, scale)
        module = apply(network.module(), f"{FRONT},calibrate,assign-bitwidths", data)
        proven = [op for op in formats(module) if op.attributes["basis"] == "proven"]
        found.append(
            {op.result.name: op.attributes["format"] for op in proven if op.name[:6] != "tensor"}
        )
    assert found[0] == found[1]
    assert found[0].keys() == {"i", "o", "f", "g", "tanh_c", "ht"}


def test_initial_states_beyond_the_later_ones_are_covered() -> None:
    network = Network(states=True)
    network.arrays["initial_h"][:], network.arrays["initial_c"][:] = 5.0, -300.0
    module = assigned(network, Recipe())
    by_name = {op.result.name: format_ for op, format_ in formats(module).items()}
    assert covers(by_name["ht"], -5.0, 5.0)
    assert covers(by_name["ct"], -300.0, 300.0)
    assert (by_name["h0"], by_name["c0"]) == (by_name["ht"], by_name["ct"])


@pytest.mark.parametrize("scale", [2.0**-140, 2.0**-40, 2.0**40, 2.0**100])
@pytest.mark.parametrize("name", ["W", "R", "B", "dense_W", "dense_B"])
def test_weights_of_any_size_fit_an_accumulator(name: str, scale: float) -> None:
    network = Network()
    network.arrays[name][:] *= scale
    module = apply(assigned(network, Recipe()), "quantize,approximate-activations,tile")
    sums = [element_of(op.result.type) for op in module.walk() if op.name == "tile.mac"]
    assert sums
    for type_ in sums:
        assert isinstance(type_, FixedType)
        assert type_.width <= 64


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ("weights=1", "weights must be 2 to 64 bits, not 1"),
        ("bias=0", "bias must be 2 to 64 bits, not 0"),
        ("activations=65", "activations must be 2 to 64 bits, not 65"),
        ("operands=-8", "operands must be 2 to 64 bits, not -8"),
        ("state=100", "state must be 2 to 64 bits, not 100"),
        ("margin=0", "margin must be positive, not 0"),
    ],
)
def test_options_out_of_their_range_are_refused(options: str, complaint: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_pipeline(f"assign-bitwidths{{{options}}}")
    assert caught.value.diagnostics[0].message == f"assign-bitwidths: {complaint}"


def test_ranges_must_have_been_recorded() -> None:
    missing = "assign-bitwidths: a value has no recorded range: run calibrate first"
    network = Network()
    assert refusal(network.module(), f"{FRONT},assign-bitwidths") == missing
    data = network.data(2, 2)
    assert refusal(network.module(), f"{FRONT},calibrate,prune,assign-bitwidths", data) == missing
