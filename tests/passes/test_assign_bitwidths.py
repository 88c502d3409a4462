"""`assign-bitwidths`: formats of the asked widths that cover the values, and a truthful `basis`."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from lstmir.interpreter.run import run_samples
from lstmir.ir.diagnostics import UserError
from lstmir.ir.module import Module
from lstmir.ir.operands import segment
from lstmir.ir.operation import Operation, Value
from lstmir.ir.types import element_of, is_float, shape_of
from lstmir.numeric.codes import Midrise
from lstmir.numeric.fixed import FixedType
from lstmir.passes.formats.coded import encoding_of, is_coded
from lstmir.passes.uses import users_of
from lstmir.pipeline.text import parse_pipeline
from tests.passes.levels import FEW, FRONT, Recipe, apply, recipes, refusal
from tests.strategies.networks import Network, networks

CODES = "expected midrise:1 to midrise:31, ternary, or integer:2 to integer:32"
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


@pytest.mark.parametrize("largest", [0.0, 0.7, 3.0])
@pytest.mark.parametrize("direction", ["forward", "reverse"])
def test_a_state_that_is_fed_has_the_format_of_the_state(direction: str, largest: float) -> None:
    network = Network(fed=True, direction=direction, result="final_h")
    states = np.linspace(-largest, largest, 6 * network.hidden).reshape(6, 1, network.hidden)
    feeds = {"x": network.data(6, 4), "h0": states}
    module = apply(network.module(), f"{FRONT},calibrate,assign-bitwidths", feeds)
    format_ = module.main.attributes["formats"][1]
    assert covers(format_, -max(largest, 0.5), max(largest, 0.5))
    assert format_.min_value > -2 * max(largest * MARGIN, 1)
    apply(module, "quantize")
    h0 = module.main.parameters[1]
    assert element_of(h0.type) == element_of(module.main.result_types[0]) == format_
    scan = next(op for op in module.walk() if op.name == "rnn.scan")
    assert format_ in [element_of(value.type) for value in segment(scan, "state")]
    assert all(op.name != "fx.requantize" for op, _ in users_of(h0))


@settings(FEW, max_examples=40)
@given(networks(), recipes())
def test_widths_are_those_asked_for(network: Network, recipe: Recipe) -> None:
    module = assigned(network, recipe)
    for op, format_ in formats(module).items():
        encoding = encoding_of(op.result)
        if is_coded(encoding):
            # Two bits have no room for a zero: the integers of the format are made of codes.
            assert encoding is not None
            assert {gate.code for gate in encoding.gates} == {Midrise(recipe.weights)}
            continue
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


def is_as_fine_as_can_be(format_: FixedType, lo: float, hi: float) -> bool:
    return covers(format_, lo, hi) and not (any((lo, hi)) and covers(finer(format_), lo, hi))


def seen(op: Operation, network: Network) -> tuple[float, float]:
    """The range of the values, and of what a state begins as."""
    lo, hi = op.attributes["range"]
    if op.result.name != "ct" or not network.states:
        return lo, hi
    initial = network.arrays["initial_c"]
    return min(lo, float(initial.min())), max(hi, float(initial.max()))


@settings(FEW, max_examples=40)
@given(networks(), recipes())
def test_ranges_are_covered_as_finely_as_can_be(network: Network, recipe: Recipe) -> None:
    module = assigned(network, recipe)
    main = module.main.attributes
    for format_, (lo, hi) in zip(main["formats"], main["ranges"], strict=True):
        assert is_as_fine_as_can_be(format_, MARGIN * lo, MARGIN * hi)
    states = [op for op in formats(module) if op.result.name == "ct"]
    assert len(states) == 1
    for op in states:
        lo, hi = (MARGIN * end for end in seen(op, network))
        format_, proven = op.attributes["format"], op.attributes["proven"]
        if op.attributes["basis"] == "sampled":
            assert is_as_fine_as_can_be(format_, lo, hi)
            assert proven == "unbounded" or not covers(format_, *proven)
        else:
            # It costs no bit more than the sampled range, and nothing saturates.
            assert covers(format_, *proven)
            assert not (
                any((lo, hi)) and covers(finer(format_), *proven) and covers(finer(format_), lo, hi)
            )


@settings(FEW, max_examples=40)
@given(networks(), recipes())
def test_operands_saturate_where_functions_are_flat(network: Network, recipe: Recipe) -> None:
    module = assigned(network, recipe)
    operands = [op for op in formats(module) if op.name in FLAT]
    assert len(operands) == 5
    for op in operands:
        source, limit = op.operands[0].op.attributes, FLAT[op.name]
        format_ = op.attributes["operand_format"]
        lo, hi = (min(max(MARGIN * end, -limit), limit) for end in source["range"])
        if is_as_fine_as_can_be(format_, lo, hi):
            continue
        # Finer than the sampled range asks for, since more than that is proven not to come.
        assert is_as_fine_as_can_be(format_, *source["proven"])


@settings(FEW, max_examples=40)
@given(networks(), recipes())
def test_no_constant_saturates(network: Network, recipe: Recipe) -> None:
    module = assigned(network, recipe)
    for op in constants(module):
        if is_coded(encoding_of(op.result)):
            continue  # how a code rounds is in tests/passes/formats
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
                # What floats round is not in the proof.
                room = 1 - 1e-5
                assert covers(value.op.attributes["format"], room * array.min(), room * array.max())

    (input_format,) = module.main.attributes["formats"]
    data = network.data(8, 6, scale=100.0)
    inside = np.clip(data, input_format.min_value, -input_format.min_value)
    run_samples(module, [inside], InTheirFormats())


def test_gates_are_proven_whatever_the_data() -> None:
    network = Network(seed=3)
    network.arrays["W"][:] *= 100
    found = []
    for scale in (0.5, 100.0):
        data = network.data(4, 4, scale)
        module = apply(network.module(), f"{FRONT},calibrate,assign-bitwidths", data)
        proven = [op for op in formats(module) if op.attributes["basis"] == "proven"]
        found.append(
            {op.result.name: op.attributes["format"] for op in proven if op.name[:6] != "tensor"}
        )
    assert found[0] == found[1]
    assert found[0].keys() == {"i", "o", "f", "g", "tanh_c", "ht"}


def test_a_proven_range_saves_bits_where_it_is_smaller_than_the_margin() -> None:
    """A state that is kept by a half stays below twice what comes in: 1.25 times that is too much."""
    network = Network(features=1, hidden=1, seed=1)
    for name, value in (("W", 0.0), ("R", 0.0), ("B", 0.0)):
        network.arrays[name][:] = value
    network.arrays["B"][0, 3] = 50.0  # the candidate is 1; the gates are 1/2
    module = apply(network.module(), f"{FRONT},calibrate,assign-bitwidths", network.data(2, 60))
    state = next(op for op in formats(module) if op.result.name == "ct")
    assert state.attributes["proven"][1] == pytest.approx(1.0, abs=1e-5)
    assert MARGIN * state.attributes["range"][1] > 1.2
    assert state.attributes["basis"] == "proven"
    assert state.attributes["format"] == FixedType(True, 16, 15)


def format_of(module: Module, name: str) -> FixedType:
    return next(format_ for op, format_ in formats(module).items() if op.result.name == name)


def test_gates_that_stay_small_are_finer() -> None:
    network = Network(bias=False)
    for name in ("W", "R"):
        network.arrays[name][:] *= 2.0**-8
    module = assigned(network, Recipe())
    candidate = next(op for op in formats(module) if op.result.name == "g")
    assert format_of(module, "g").frac > 7
    assert is_as_fine_as_can_be(format_of(module, "g"), *candidate.attributes["proven"])


def test_where_only_zeros_were_seen_formats_are_ordinary() -> None:
    module = assigned(Network(weights="zero", bias=False), Recipe())
    assert format_of(module, "g") == FixedType(True, 8, 7)
    assert format_of(module, "ht") == FixedType(True, 8, 7)
    assert format_of(module, "ct") == FixedType(True, 16, 15)


def test_no_proof_outlives_what_it_is_about() -> None:
    network = Network()
    data = network.data(4, 4)
    proven = apply(network.module(), f"{FRONT},calibrate,prove-ranges", data)
    assert any("proven" in op.attributes for op in proven.walk())
    for pipeline in ("prune", "calibrate", "calibrate,assign-bitwidths,quantize"):
        module = apply(network.module(), f"{FRONT},calibrate,prove-ranges,{pipeline}", data)
        assert not any("proven" in op.attributes for op in module.walk())


@pytest.mark.parametrize(("margin", "end"), [(1.0, 1.0), (1.25, 2.0), (3.0, 4.0)])
def test_the_margin_widens_what_is_declared(margin: float, end: float) -> None:
    network = Network(features=1, hidden=1, seed=1)
    network.arrays["W"][:] = 1.0
    module = apply(
        network.module(), f"{FRONT},calibrate,prove-ranges{{margin={margin}}}", np.ones((1, 2, 1))
    )
    product = next(op for op in module.walk() if op.result_names == ["zx"])
    assert product.attributes["proven"] == pytest.approx((-end, end))


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
        ("weights=0", "weights must be 1 to 64 bits, not 0"),
        ("codes=midrise", f"'midrise' is not a code; {CODES}"),
        ("codes=integer:1", f"'integer:1' is not a code; {CODES}"),
        ("codes=midrise:32", f"'midrise:32' is not a code; {CODES}"),
        ("scale=block", "scale must be one of row, gate, none, not 'block'"),
        ("rounding=up", "rounding must be one of nearest, compensated, not 'up'"),
        ("bits=-1", "bits must be positive, not -1"),
        ("total-bits=-5", "total-bits must be positive, not -5"),
        ("max-error=-0.5", "max-error must be positive, not -0.5"),
        ("bits=3 max-error=1", "bits and max-error are budgets; give one"),
        ("bits=3 codes=ternary", "codes are given, or chosen for a budget; not both"),
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
