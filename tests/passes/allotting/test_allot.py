"""`measure-sensitivity` and `allot`: budgets are kept, figures are true, and what is wrong is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmir.flow.models import load_model
from lstmir.interpreter.run import run_samples
from lstmir.ir.diagnostics import UserError
from lstmir.ir.encodings import Empty, Storage
from lstmir.ir.module import Module
from lstmir.ir.operation import Operation
from lstmir.ir.types import TensorType
from lstmir.numeric.codes import Integer, Midrise, Ternary
from lstmir.numeric.divergence import divergence
from lstmir.passes.allot import Allot
from lstmir.passes.allotting.gate_rows import all_gate_rows, changed_arrays
from lstmir.passes.allotting.storages import USUAL, storages_of
from lstmir.passes.calibrate import Calibrate
from lstmir.passes.formats.coded import encoding_of
from lstmir.passes.refining.columns import Columns
from lstmir.passes.refining.samples import with_more
from lstmir.passes.sensitivity import Sensitivity, has_classes
from lstmir.passes.sums import sums_of_products
from lstmir.pipeline.passes import Context
from lstmir.pipeline.text import parse_pipeline
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module
from tests.passes.levels import FEW, FRONT, apply, refusal
from tests.strategies.networks import Network, networks

VOWELS = Path(__file__).parents[3] / "examples" / "vowels"
STORAGES = "none; midrise 1; ternary; bank<2, 1> midrise 2; integer 4; integer 8 by row"
MEASURED = f'{FRONT},calibrate,measure-sensitivity{{storages="{STORAGES}"}}'
QUANTIZED = (
    "calibrate{histograms=false},assign-bitwidths,"
    "quantize{rounding=compensated bias=correct},approximate-activations"
)


def matrices(module: Module) -> list[Operation]:
    """The constants that allot gives a storage, in order."""
    return list(dict.fromkeys(m.op for each in sums_of_products(module) for m in each.matrices))


def storages(op: Operation) -> tuple[Storage, ...]:
    type_ = op.result.type
    assert isinstance(type_, TensorType)
    assert type_.encoding is not None
    return type_.encoding.gates


def bits_of(constants: list[Operation]) -> int:
    """What is stored of matrices, all of whose gates have codes or are empty."""
    found = 0
    for op in constants:
        type_ = op.result.type
        assert isinstance(type_, TensorType)
        assert type_.encoding is not None
        rows, columns = type_.static_shape
        found += type_.encoding.stored_bits((rows, columns), 0)
    return found


def stored_bits(module: Module) -> int:
    return bits_of(matrices(module))


def weights(module: Module) -> int:
    return sum(module.resources[op.attributes["resource"]].size for op in matrices(module))


@settings(FEW, max_examples=20)
@given(networks(floats=True), st.floats(2, 9))
def test_the_budget_is_kept_and_the_figures_are_true(network: Network, bits: float) -> None:
    data = network.data(4, 4)
    module = apply(network.module(), MEASURED, data)
    original = apply(network.module(), f"{FRONT},calibrate", data)
    sensitivity = Sensitivity(Calibrate(), original, Context(data={"x": data}))
    apply(module, f"allot{{bits={bits}}}", data)
    assert stored_bits(module) <= bits * weights(module) * (1 + 1e-9)
    figures = module.attributes["allotted"]
    assert figures["bits"] == pytest.approx(stored_bits(module) / weights(module))
    chosen = [storages(op) for op in matrices(module)]
    # Weights as they are now, and the records of what they were.
    for old, new in zip(sums_of_products(original), sums_of_products(module), strict=True):
        names, arrays = Columns.of(original, old), Columns.of(module, new)
        original.resources |= names.named(arrays.weights)
    gates = all_gate_rows(Allot(), original)
    changed = {}
    for gate in gates:
        first = matrices(original).index(gate.sum.matrices[0].op)
        own = [chosen[first + k][gate.gate] for k in range(len(gate.blocks))]
        changed[gate] = gate.stored(own)
    found = sensitivity.of(changed_arrays(original, changed))
    assert figures["divergence"] == pytest.approx(found, rel=1e-3, abs=1e-9)


@settings(FEW, max_examples=12)
@given(networks(floats=True), st.sampled_from([1.5, 3.0, 6.0]))
def test_what_was_allotted_can_be_quantized(network: Network, bits: float) -> None:
    data = network.data(4, 4)
    module = apply(network.module(), f"{MEASURED},allot{{bits={bits + 4}}}", data)
    before = [storages(op) for op in matrices(module)]
    bits_before = stored_bits(module)
    apply(module, QUANTIZED, data)  # verified after each pass: every code holds
    coded = [op for op in module.walk() if op.name == "tensor.constant"
             and isinstance(op.result.type, TensorType) and op.result.type.encoding]  # fmt: skip
    after = {storages(op) for op in coded}
    assert {each for gates in before for each in gates} == {s for gates in after for s in gates}
    assert bits_of(coded) == bits_before


@settings(FEW, max_examples=10)
@given(networks(floats=True))
def test_alone_means_that_all_others_stay(network: Network) -> None:
    """Without a matrix of a gate, the best that is left is found by least squares, here spelled out."""
    data = network.data(4, 4)
    module = apply(
        network.module(),
        f'{FRONT},calibrate,measure-sensitivity{{storages="none; integer 8"}}',
        data,
    )
    context = Context(data={"x": data})
    sensitivity = Sensitivity(Calibrate(), module, context)
    for sum_ in sums_of_products(module):
        table = module.resources[sum_.total.attributes["sensitivity"]["resource"]]
        gram = sum_.gram(module)
        assert gram is not None
        names = [matrix.op.attributes["resource"] for matrix in sum_.matrices]
        arrays = [module.resources[name].astype(np.float64) for name in names]
        bias = None if sum_.bias is None else sum_.bias.op.attributes["resource"]
        if bias is not None:
            arrays.append(module.resources[bias].astype(np.float64)[:, np.newaxis])
        whole = np.concatenate(arrays, axis=1)
        system = gram[: whole.shape[1], : whole.shape[1]]
        system = system + 0.01 * np.trace(system) / len(system) * np.eye(len(system))
        ends = np.cumsum([array.shape[1] for array in arrays])
        for gate in range(table.shape[0]):
            height = len(whole) // table.shape[0]
            rows = slice(gate * height, (gate + 1) * height)
            for index in range(len(names)):
                gone = np.zeros(whole.shape[1], bool)
                gone[ends[index] - arrays[index].shape[1] : ends[index]] = True
                changed = whole.copy()
                changed[rows, gone] = 0
                left = ~gone
                wanted = (whole[rows] @ system)[:, left]
                changed[rows, left] = 0
                changed[np.ix_(np.arange(rows.start, rows.stop), left)] = np.linalg.solve(
                    system[np.ix_(left, left)], wanted.T
                ).T
                parts = np.split(changed, ends[:-1], axis=1)
                new = dict(zip(names, parts, strict=False))
                if bias is not None:
                    new[bias] = parts[-1][:, 0]
                dtype = module.resources[names[0]].dtype
                found = sensitivity.of({name: a.astype(dtype) for name, a in new.items()})
                assert table[gate, index, 0] == pytest.approx(found, rel=1e-3, abs=1e-6)


@settings(FEW, max_examples=12)
@given(networks(floats=True), st.floats(0, 3))
def test_fits_keep_the_patterns_and_never_move_the_outputs_further(
    network: Network, bits: float
) -> None:
    data = network.data(4, 4)
    original = apply(network.module(), MEASURED, data)
    text, samples = print_module(original), with_more([data], 0)
    with_fits, without = (
        apply(parse_module(text), f"allot{{bits={bits + 0.1} fits={fits}}}", data)
        for fits in (4, 0)
    )
    wanted, moved, before = (
        run_samples(module, samples)[0] for module in (original, with_fits, without)
    )
    classes = has_classes(original)
    most = divergence(wanted, before, classes)
    assert divergence(wanted, moved, classes) <= most * (1 + 1e-6) + 1e-9
    for one, other in zip(matrices(with_fits), matrices(without), strict=True):
        assert storages(one) == storages(other)
        array = with_fits.resources[one.attributes["resource"]]
        for rows, gate in zip(np.split(array, len(storages(one))), storages(one), strict=True):
            if gate.pattern is not None:
                kept = gate.pattern.cut(rows.shape).kept(rows.shape)
                assert np.count_nonzero(rows) <= kept


def test_fits_make_up_for_gates_that_go() -> None:
    """On a trained network, and data that nobody has seen."""
    arrays = dict(np.load(VOWELS / "vowels.npz"))
    errors = []
    for fits in (0, 4):
        module = load_model(str(VOWELS / "vowels_h32.onnx"))
        measured = f'{FRONT},calibrate,measure-sensitivity{{storages="none; midrise 2; integer 8"}}'
        apply(module, f"{measured},allot{{bits=3 fits={fits}}}", arrays["x_train"])
        assert any(isinstance(s.pattern, Empty) for op in matrices(module) for s in storages(op))
        (scores,) = run_samples(module, [arrays["x_test"]])
        errors.append(float(((scores - arrays["logits_test_h32"]) ** 2).mean()))
    assert errors[1] < 0.7 * errors[0]


def small(seed: int = 3) -> tuple[Network, np.ndarray]:
    network = Network(seed=seed, hidden=6, features=4)
    return network, network.data(12, 6)


def test_more_bits_move_the_outputs_less() -> None:
    network, data = small()
    moved = []
    for bits in (0.5, 1.5, 3, 8.5):
        module = apply(network.module(), f"{MEASURED},allot{{bits={bits}}}", data)
        moved.append(module.attributes["allotted"]["divergence"])
    assert moved == sorted(moved, reverse=True)
    assert moved[0] > 10 * moved[-1]


def test_a_bound_on_the_divergence_is_kept_with_few_bits() -> None:
    network, data = small()
    best = apply(network.module(), f"{MEASURED},allot{{bits=9}}", data).attributes["allotted"]
    bits = []
    for factor in (2, 20, 200):
        bound = factor * best["divergence"]
        module = apply(network.module(), f"{MEASURED},allot{{max-divergence={bound}}}", data)
        assert module.attributes["allotted"]["divergence"] <= bound
        bits.append(module.attributes["allotted"]["bits"])
    assert bits == sorted(bits, reverse=True)
    assert bits[-1] < bits[0]


def test_total_bits_are_those_of_all_matrices() -> None:
    network, data = small()
    module = apply(network.module(), f"{MEASURED},allot{{total-bits=500}}", data)
    assert 300 < stored_bits(module) <= 500


def test_the_usual_storages() -> None:
    found = storages_of(USUAL)
    assert found[0] == Storage(Empty())
    assert {type(each.code) for each in found[1:]} == {Integer, Midrise, Ternary}
    assert len(found) == len(set(found)) == 14


CODED = f"{FRONT},calibrate,assign-bitwidths{{bits=4}},measure-sensitivity,allot"
WHOLE = f"{FRONT},calibrate,prune{{shape=element aligned=false}},calibrate,measure-sensitivity"


def test_patterns_stay_and_storages_fill_them() -> None:
    network, data = small()
    sparse = f"{FRONT},calibrate,prune{{shape=bank size=4 ratio=0.5 by=obs}},calibrate"
    before = apply(network.module(), sparse, data)
    zeros = {
        op.result.name: before.resources[op.attributes["resource"]] == 0
        for op in matrices(before)
        if encoding_of(op.result) is not None
    }
    encodings = {op.result.name: encoding_of(op.result) for op in matrices(before)}
    patterns = {name: each.gates[0].pattern for name, each in encodings.items() if each}
    assert len(patterns) == 2  # the head is dense
    choices = (
        'measure-sensitivity{storages="none; midrise 1; ternary; integer 4; integer 8 by row"}'
    )
    module = apply(network.module(), f"{sparse},{choices},allot{{bits=2 rounds=2}}", data)
    assert stored_bits(module) <= 2 * weights(module)
    assert len({each.code for op in matrices(module) for each in storages(op)}) > 1
    for op in matrices(module):
        own = {each.pattern for each in storages(op)}
        assert own <= {patterns.get(op.result.name), Empty()}
        if op.result.name in zeros:
            now = module.resources[op.attributes["resource"]] == 0
            assert now[zeros[op.result.name]].all()
    apply(module, QUANTIZED, data)


@pytest.mark.parametrize(
    ("pipeline", "complaint"),
    [
        ("measure-sensitivity", "'rnn.lstm' is a whole network: run expand-cells first"),
        (f"{FRONT},measure-sensitivity", "there are no Gram matrices: run calibrate{gram=true} first"),
        (f"{FRONT},calibrate,allot", "there are no sensitivities: run measure-sensitivity first"),
        (f"{FRONT},calibrate,assign-bitwidths,quantize,measure-sensitivity",
         "there are no float matrices: run it before quantize"),
        (CODED, "the weights 'w' have codes already"),
        (WHOLE, "is a pattern of all gates together; prune gate by gate first"),
        (f"{MEASURED},calibrate,allot", "there are no sensitivities: run measure-sensitivity first"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(pipeline: str, complaint: str) -> None:
    network, data = small()
    assert complaint in refusal(network.module(), pipeline, data)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ("bits=0", "bits must be positive, not 0"),
        ("total-bits=-1", "total-bits must be positive, not -1"),
        ("max-divergence=-0.5", "max-divergence must be positive, not -0.5"),
        ("total-bits=9 max-divergence=0.5", "cannot both be the budget"),
        ("rounds=-1", "rounds must not be negative, not -1"),
    ],
)
def test_options_that_are_no_budget_are_refused(options: str, complaint: str) -> None:
    with pytest.raises(UserError, match=complaint):
        parse_pipeline(f"allot{{{options}}}")


def test_an_unreachable_budget_says_what_is_possible() -> None:
    network, data = small()
    only = f'{FRONT},calibrate,measure-sensitivity{{storages="integer 4; integer 8"}}'
    message = refusal(network.module(), f"{only},allot{{bits=2}}", data)
    assert "the weights need at least 4." in message
    assert "the budget is 2 (" in message
    message = refusal(network.module(), f"{only},allot{{max-divergence=1e-12}}", data)
    assert "even with the most bits, max-divergence is 1e-12" in message


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no storage to choose from"),
        ("octal 3", "'octal 3' is no storage, such as 'none', 'midrise 1'"),
        ("integer 1", "#code<integer, 1> must have 2 to 64 bits"),
        ("bank<4> midrise 1", "expected #sparse.bank<size, keep>"),
        ("midrise 1 by column", "'midrise 1 by column' is no storage"),
    ],
)
def test_storages_that_are_none(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        storages_of(text)
    assert complaint in str(caught.value)


def test_without_data_nothing_is_measured() -> None:
    network, data = small()
    module = apply(network.module(), f"{FRONT},calibrate", data)
    message = refusal(module, "measure-sensitivity")
    assert message.endswith("there is no calibration data: give --data FILE.npz")
