"""No value ever leaves its proven interval, and what is known of cells is found."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings

from lstmir.interpreter.run import run_samples
from lstmir.ir.module import Module
from lstmir.ir.operation import Value
from lstmir.ir.types import F16, F32, I64, element_of
from lstmir.numeric.boxes import Box, filled
from lstmir.passes.bounds.analysis import prove
from lstmir.passes.bounds.rules import sizes
from lstmir.syntax.parser import parse_module
from tests.passes.bounds.models import (
    REAL,
    Guard,
    declare,
    inputs_of,
    layer,
    move_initial_states,
    named,
    outside,
    real_model,
)
from tests.passes.levels import FEW, FRONT, apply
from tests.strategies import modules
from tests.strategies.networks import Network, networks

CELLS = ("lstm", "gru", "simple_rnn")


def all_stay_inside(module: Module, found: dict[Value, Box], runs: int, tolerance: float) -> None:
    for run in range(2):
        data = inputs_of(module, found, runs // 2, run)
        assert outside(module, found, data, tolerance) == {}
        # In an invariant, a recurrence stays wherever it began.
        move_initial_states(module, found, run)


@settings(FEW, max_examples=20)
@given(networks(floats=True))
def test_no_value_of_a_network_leaves_its_interval(network: Network) -> None:
    module = apply(network.module(), FRONT)
    all_stay_inside(module, declare(module, -1.5, 1.0), 10, 1e-9)


@pytest.mark.parametrize("scale", [0.1, 1.0, 8.0])
@pytest.mark.parametrize("kind", CELLS)
def test_no_value_of_a_layer_leaves_its_interval(kind: str, scale: float) -> None:
    for seed in range(3):
        module = layer(kind, seed, scale)
        all_stay_inside(module, declare(module, -1.5, 1.0), 20, 1e-9)


@pytest.mark.parametrize("name", REAL)
def test_no_value_of_a_real_model_leaves_its_interval(name: str) -> None:
    module, data = real_model(name)
    found = declare(module, float(data.min()), float(data.max()))
    assert outside(module, found, data[:50], 1e-5) == {}
    all_stay_inside(module, found, 50, 1e-5)


def program_stays_inside(module: Module, seed: int) -> bool:
    """Whether anything was proven of a random program; if so, it must be true."""
    if {element_of(value.type) for op in module.walk() for value in op.results} & {F16, F32}:
        return False
    arrays = modules.inputs_of(module, seed, 6)
    boxes = [
        filled(sizes(value), array.min(initial=0), array.max(initial=0))
        for value, array in zip(module.main.parameters, arrays, strict=True)
    ]
    found = prove(module, boxes)
    guard = Guard(found, 1e-9)
    with np.errstate(all="ignore"):
        run_samples(module, arrays, guard)
    assert guard.outside == {}
    return not guard.is_over


def test_no_value_of_a_random_program_leaves_its_interval() -> None:
    programs = [modules.random_module(Random(seed), 2, 12) for seed in range(150)]
    assert sum(program_stays_inside(module, 7) for module in programs) >= 30


@pytest.mark.soak
def test_no_value_of_any_random_program_leaves_its_interval() -> None:
    for seed in range(20_000):
        program_stays_inside(modules.random_module(Random(seed), 2, 12), seed)


@pytest.mark.soak
@settings(FEW, derandomize=False, max_examples=600)
@given(networks(floats=True))
def test_no_value_of_any_network_leaves_its_interval(network: Network) -> None:
    module = apply(network.module(), FRONT)
    all_stay_inside(module, declare(module, -1.5, 1.0), 130, 1e-9)


@pytest.mark.soak
@pytest.mark.parametrize("name", REAL)
def test_no_value_of_a_real_model_ever_leaves_its_interval(name: str) -> None:
    for seed in range(100):
        module, data = real_model(name)
        found = declare(module, float(data.min()), float(data.max()))
        move_initial_states(module, found, seed)
        assert outside(module, found, inputs_of(module, found, 120, seed), 1e-5) == {}


@pytest.mark.parametrize("by", [1e-3, 0.5])
@pytest.mark.parametrize("name", ["h", "zx", "o", "ht"])
def test_a_wrong_interval_is_noticed(name: str, by: float) -> None:
    network = Network(hidden=3, seed=5)
    module = apply(network.module(), FRONT)
    found = declare(module, -1.5, 1.0)
    data = inputs_of(module, found, 200, 0)
    assert outside(module, found, data, 1e-6) == {}
    reached: dict[Value, np.ndarray] = {}

    class Largest:
        def see(self, value: Value, array: np.ndarray) -> None:
            reached[value] = np.maximum(reached.get(value, -np.inf), array.max())

    run_samples(module, [data], Largest())
    wrong, box = named(module, name), found[named(module, name)]
    cut = reached[wrong] - by
    found[wrong] = Box(np.minimum(box.lo, cut), np.minimum(box.hi, cut))
    assert list(outside(module, found, data, 1e-6)) == [repr(wrong)]


@pytest.mark.parametrize("scale", [0.1, 1.0, 4.0])
@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("kind", CELLS)
def test_h_never_leaves_the_unit_interval(kind: str, late: bool, scale: float) -> None:
    """From o * tanh(c), from tanh alone, and in a GRU because h is a mean of candidate and h."""
    if late and kind != "gru":
        return
    attributes = {"linear_before_reset": True} if late else {}
    for seed in range(3):
        module = layer(kind, seed, scale, **attributes)
        lo, hi = declare(module, -1.0, 1.0)[named(module, "ht")].ends
        assert -1 <= lo < hi <= 1


BODY = """\
module @main {{
  func @main(%x: tensor<?x1xf64>) -> tensor<1xf64> {{
    %one = tensor.constant @one : tensor<1xf64>
    %h0 = tensor.constant @h0 : tensor<1xf64>
    %ys, %h = rnn.scan (%xt = %x) state (%hp = %h0) capture (%k = %one) {{
{body}
      rnn.yield state (%ht) emit (%ht) : tensor<1xf64>
    }} : (tensor<?x1xf64>, tensor<1xf64>, tensor<1xf64>) -> (tensor<?x1xf64>, tensor<1xf64>)
    return %h : tensor<1xf64>
  }}
}}
{{-# resources: {{ one: "{one}", h0: "0x0000000000000000" }} #-}}
"""


ONE, TWO = "0x000000000000f03f", "0x0000000000000040"


def body(*lines: str, one: str = ONE) -> Module:
    """A recurrence whose body is written out; %k is 1."""
    types = [
        f"      {line}" if " : " in line else f"      {line} : tensor<1xf64>" for line in lines
    ]
    return parse_module(BODY.format(body="\n".join(types), one=one))


def test_a_mean_written_as_two_products_is_one() -> None:
    """(1 - z) n + z h, as exporters write it out."""
    module = body(
        "%z = math.sigmoid %xt",
        "%n = math.tanh %xt",
        "%rest = arith.sub %k, %z",
        "%kept = arith.mul %hp, %z",
        "%new = arith.mul %rest, %n",
        "%ht = arith.add %new, %kept",
    )
    lo, hi = declare(module, -64.0, 64.0)[named(module, "ht")].ends
    assert (lo, hi) == (-1, 1)


def test_weights_that_make_two_together_make_no_mean() -> None:
    """(2 - z) n + z h, which is more than the larger of n and h."""
    module = body(
        "%z = math.sigmoid %xt",
        "%n = math.tanh %xt",
        "%rest = arith.sub %k, %z",
        "%kept = arith.mul %hp, %z",
        "%new = arith.mul %rest, %n",
        "%ht = arith.add %new, %kept",
        one=TWO,
    )
    found = declare(module, -1.0, 1.0)
    assert found[named(module, "ht")].ends[1] > 1
    all_stay_inside(module, found, 20, 1e-9)


def test_both_ends_of_a_weight_count() -> None:
    """n + sigmoid(x) (2 - n): near n at one end, near 2 at the other."""
    module = body(
        "%z = math.sigmoid %xt",
        "%n = math.tanh %hp",
        "%difference = arith.sub %k, %n",
        "%change = arith.mul %z, %difference",
        "%ht = arith.add %n, %change",
        one=TWO,
    )
    found = declare(module, -3.2, 3.2)
    lo, hi = found[named(module, "ht")].ends
    assert (-1, 1.9) < (lo, hi) <= (1, 2)
    all_stay_inside(module, found, 40, 1e-9)


def test_a_weight_beyond_one_goes_beyond_both() -> None:
    """n + x (z - n) for x in -2 to 2."""
    module = body(
        "%z = math.sigmoid %hp",
        "%n = math.tanh %hp",
        "%difference = arith.sub %z, %n",
        "%change = arith.mul %difference, %xt",
        "%ht = arith.add %change, %n",
    )
    found = declare(module, -1.6, 1.6)
    assert found[named(module, "ht")].ends[1] > 1
    all_stay_inside(module, found, 200, 1e-9)


def test_products_that_are_no_mean_are_none() -> None:
    """(1 - z) n + w h, where z and w may both be large or small."""
    module = body(
        "%z = math.sigmoid %xt",
        "%w = math.sigmoid %z",
        "%n = math.tanh %xt",
        "%rest = arith.sub %k, %z",
        "%kept = arith.mul %hp, %w",
        "%new = arith.mul %rest, %n",
        "%ht = arith.add %new, %kept",
    )
    found = declare(module, -64.0, 64.0)
    assert found[named(module, "ht")].ends[1] > 1
    all_stay_inside(module, found, 20, 1e-9)


COMPARED = "(tensor<1xf64>, tensor<1xf64>) -> tensor<1xi1>"
CHOICE = "(tensor<1xi1>, tensor<1xf64>, tensor<1xf64>) -> tensor<1xf64>"
COMPOSITIONS = {
    "max": ('%t = arith.compare %xt, %k {predicate = "lt"}', "%t, %k, %xt", (1.0, 64.0)),
    "min": ('%t = arith.compare %xt, %k {predicate = "gt"}', "%t, %k, %xt", (-64.0, 1.0)),
    "min_turned": ('%t = arith.compare %k, %xt {predicate = "le"}', "%t, %k, %xt", (-64.0, 1.0)),
    "leaky": ('%t = arith.compare %xt, %zero {predicate = "lt"}', "%t, %leak, %xt", (-8.0, 64.0)),
    "folded": ('%t = arith.compare %xt, %zero {predicate = "lt"}', "%t, %fold, %xt", (0.0, 64.0)),
    "shifted": ('%t = arith.compare %xt, %zero {predicate = "lt"}', "%t, %more, %k", (-63.0, 1.0)),
    "equal": ('%t = arith.compare %xt, %k {predicate = "eq"}', "%t, %xt, %k", (1.0, 1.0)),
    "unequal": ('%t = arith.compare %xt, %k {predicate = "ne"}', "%t, %xt, %k", (-64.0, 64.0)),
    "never": ('%t = arith.compare %far, %k {predicate = "lt"}', "%t, %xt, %k", (1.0, 1.0)),
    "always": ('%t = arith.compare %far, %k {predicate = "ge"}', "%t, %k, %xt", (1.0, 1.0)),
}


@pytest.mark.parametrize("name", COMPOSITIONS)
def test_comparisons_narrow_what_is_chosen(name: str) -> None:
    compare, branches, expected = COMPOSITIONS[name]
    module = body(
        "%zero = arith.sub %k, %k",
        "%two = arith.add %k, %k",
        "%eight = arith.mul %two, %two",
        "%tiny = math.sigmoid %zero",
        "%quarter = arith.mul %tiny, %tiny",
        "%eighth = arith.mul %tiny, %quarter",
        "%leak = arith.mul %eighth, %xt",
        "%fold = arith.neg %leak",
        "%more = arith.add %xt, %k",
        "%square = arith.mul %xt, %xt",
        "%far = arith.add %square, %two",
        f"{compare} : {COMPARED}",
        f"%ht = arith.select {branches} : {CHOICE}",
    )
    found = declare(module, -51.2, 51.2)
    assert found[named(module, "ht")].ends == expected
    all_stay_inside(module, found, 20, 1e-9)


PROGRAMS = {
    "reshape": """
    %y = arith.add %x, %k : (tensor<?x2x3xf64>, tensor<2x1xf64>) -> tensor<?x2x3xf64>
    %r = tensor.reshape %y : (tensor<?x2x3xf64>) -> tensor<2x?x3xf64>
    return %r : tensor<2x?x3xf64>""",
    "sum": """
    %r = linalg.reduce %x {kind = "sum", axes = [0], keepdims = false} : \\
(tensor<?x2x3xf64>) -> tensor<2x3xf64>
    return %r : tensor<2x3xf64>""",
    "sum_of_known": """
    %r = linalg.reduce %x {kind = "sum", axes = [1, 2], keepdims = false} : \\
(tensor<?x2x3xf64>) -> tensor<?xf64>
    return %r : tensor<?xf64>""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_axes_of_unknown_length(name: str) -> None:
    text = PROGRAMS[name].replace("\\\n", "")
    result = text.rsplit(" : ", 1)[1]
    module = parse_module(
        f"module @main {{ func @main(%x: tensor<?x2x3xf64>) -> {result} {{\n"
        f"%k = tensor.constant @k : tensor<2x1xf64> {text} }} }}\n"
        '{-# resources: { k: "0x00000000000059400000000000000000" } #-}'
    )
    found = prove(module, [filled((1, 2, 3), -1, 1)])
    data = np.random.default_rng(0).choice([-1.0, 1.0], (20, 4, 2, 3))
    assert outside(module, found, data, 1e-9) == {}
    assert found[named(module, "r")].ends[1] == (101 if name == "reshape" else np.inf) or (
        name == "sum_of_known" and found[named(module, "r")].ends[1] == pytest.approx(6)
    )


def test_two_axes_of_unknown_length() -> None:
    """Where rows have become columns, an element is no longer where it was."""
    module = parse_module(
        "module @main { func @main(%x: tensor<?x2x?xf64>) -> tensor<?x?x2xf64> {\n"
        "%k = tensor.constant @k : tensor<2x1xf64>\n"
        "%y = arith.add %x, %k : (tensor<?x2x?xf64>, tensor<2x1xf64>) -> tensor<?x2x?xf64>\n"
        "%r = tensor.reshape %y : (tensor<?x2x?xf64>) -> tensor<?x?x2xf64>\n"
        "return %r : tensor<?x?x2xf64> } }\n"
        '{-# resources: { k: "0x00000000000059400000000000000000" } #-}'
    )
    found = prove(module, [filled((1, 2, 1), -1, 1)])
    data = np.random.default_rng(0).choice([-1.0, 1.0], (20, 4, 2, 3))
    assert outside(module, found, data, 1e-9) == {}


def test_a_recurrence_without_a_step_gives_its_initial_state() -> None:
    module = body("%z = math.sigmoid %xt", "%ht = arith.add %z, %k")
    found = declare(module, -1.0, 1.0)
    assert found[named(module, "ht")].ends[0] > 1
    assert found[named(module, "h")].ends[0] == 0


def test_behind_its_length_a_recurrence_emits_zeros() -> None:
    module = body("%z = math.sigmoid %xt", "%ht = arith.add %z, %k")
    scan = named(module, "ys").op
    assert declare(module, -1.0, 1.0)[named(module, "ys")].ends[0] > 1
    length = scan.parent.add_argument(I64, "n")
    operands = scan.operands
    scan.parent.set_operands(scan, [operands[0], length, *operands[1:]])
    scan.attributes["segments"] = (1, 1, *scan.attributes["segments"][2:])
    found = prove(module, [filled((1, 1), -1, 1), filled((), -1, 1)])
    assert found[named(module, "ys")].ends[0] == 0


@pytest.mark.parametrize("bias", [-3.0, 0.0, 2.0, 7.0])
def test_the_cell_state_is_bounded_by_the_forget_gate(bias: float) -> None:
    network = Network(hidden=2, features=1, seed=1, bias=True)
    network.arrays["R"][:], network.arrays["W"][:] = 0, 0
    network.arrays["B"][:] = 0
    network.arrays["B"][0, 4:6] = bias
    network.arrays["B"][0, 6:8] = 50.0  # the candidate is 1, the input gate 1/2
    module = apply(network.module(), FRONT)
    lo, hi = declare(module, -1.0, 1.0)[named(module, "ct")].ends
    limit = 0.5 / (1 - 1 / (1 + np.exp(-bias)))
    assert limit * (1 - 1e-9) <= hi <= limit * (1 + 1e-4)
    assert lo <= 0.5


def test_a_forget_gate_that_can_be_one_is_reported() -> None:
    network = Network(hidden=2, features=1, seed=1)
    network.arrays["B"][0, 4:6] = 60.0
    data = network.data(4, 5)
    module = apply(network.module(), f"{FRONT},calibrate,prove-ranges", data)
    by_name = {op.result.name: op for op in module.walk() if "proven" in op.attributes}
    assert by_name["ct"].attributes["proven"] == "unbounded"
    lo, hi = by_name["ht"].attributes["proven"]
    assert -1 <= lo < hi <= 1
    assigned = apply(network.module(), f"{FRONT},calibrate,assign-bitwidths", data)
    assert named(assigned, "ct").op.attributes["basis"] == "sampled"
    assert named(assigned, "ht").op.attributes["basis"] == "proven"
