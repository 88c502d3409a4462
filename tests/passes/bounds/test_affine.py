"""What values have in common narrows their intervals, and only what they do have."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from lstmir.ir.module import Module
from lstmir.ir.operation import Value
from lstmir.numeric.affine import Affine
from lstmir.numeric.boxes import Box, filled
from lstmir.passes.bounds import analysis
from lstmir.passes.bounds.analysis import prove
from lstmir.passes.bounds.linear import Correlations
from lstmir.passes.bounds.rules import sizes
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module
from tests.passes.bounds.models import declare, layer, named, outside
from tests.passes.bounds.test_bounds import body

W1 = np.array([[1.0, 1.0], [1.0, -1.0], [0.5, 0.0]])
W2 = np.array([[1.0, 1.0, 0.0], [1.0, -1.0, 0.0], [-1.0, -1.0, 4.0]])
"""W2 W1 is [[2, 0], [0, 2], [0, 0]]: its last row forgets what comes in."""


def program(shape: str, result: str, *lines: str, **constants: np.ndarray) -> Module:
    """A function of %x, given line by line; the last gives %y."""
    written = [
        f"%{name} = tensor.constant @{name} : tensor<{'x'.join(map(str, a.shape))}xf64>"
        for name, a in constants.items()
    ]
    return parse_module(
        f"module @main {{ func @main(%x: tensor<{shape}xf64>) -> tensor<{result}xf64> {{\n"
        + "\n".join([*written, *lines, f"return %y : tensor<{result}xf64>"])
        + "\n} }\n{-# resources: {"
        + ", ".join(f'{name}: "0x{a.tobytes().hex()}"' for name, a in constants.items())
        + "} #-}"
    )


def prove_within(module: Module, lo: float = -1.0, hi: float = 1.0) -> dict[Value, Box]:
    """What is proven for inputs in an interval, and true of many of them."""
    (source,) = module.main.parameters
    found = prove(module, [filled(sizes(source), lo, hi)])
    for seed, time in enumerate((1, 2, 3, 7)):
        random = np.random.default_rng(seed)
        shape = [time if size is None else size for size in getattr(source.type, "shape", ())]
        data = random.choice([lo, hi, random.uniform(lo, hi)], (60, *shape))
        assert outside(module, found, data, 1e-9) == {}
    return found


def highest(module: Module, found: Mapping[Value, Box]) -> list[float]:
    """The upper ends of %y, which are those of one element along a dynamic axis."""
    return [float(hi) for hi in found[named(module, "y")].hi.ravel()]


def linear(matrix: str, vector: str, old: str, result: str, rows: int) -> str:
    types = f"(tensor<{rows}x{old.split('x')[-1]}xf64>, tensor<{old}xf64>) -> tensor<{result}xf64>"
    return f"linalg.linear %{matrix}, %{vector} : {types}"


@pytest.mark.parametrize("lead", ["", "?x", "3x"])
def test_two_linear_layers_in_a_row(lead: str) -> None:
    """Each input comes to each output by three ways, which boxes add up."""
    module = program(
        f"{lead}2", f"{lead}3",
        f"%z = {linear('w1', 'x', f'{lead}2', f'{lead}3', 3)}",
        f"%y = {linear('w2', 'z', f'{lead}3', f'{lead}3', 3)}",
        w1=W1, w2=W2,
    )  # fmt: skip
    found = highest(module, prove_within(module))
    assert found[:3] == pytest.approx([2, 2, 0], abs=1e-12)


def test_what_is_taken_away_again() -> None:
    """3 x - 2 x, which would be up to 5 times what x is."""
    module = program(
        "?x2", "?x2",
        "%a = arith.mul %x, %three : (tensor<?x2xf64>, tensor<2xf64>) -> tensor<?x2xf64>",
        "%b = arith.mul %two, %x : (tensor<2xf64>, tensor<?x2xf64>) -> tensor<?x2xf64>",
        "%c = arith.neg %b : tensor<?x2xf64>",
        "%y = arith.add %a, %c : tensor<?x2xf64>",
        three=np.full(2, 3.0), two=np.full(2, 2.0),
    )  # fmt: skip
    assert highest(module, prove_within(module)) == pytest.approx([1, 1], abs=1e-12)


@pytest.mark.parametrize("kind", ["mean", "sum"])
def test_a_head_behind_a_difference(kind: str) -> None:
    """A layer over x - mean(x): the same mean goes out of every element."""
    head = np.array([[1.0, 1.0, 1.0, 1.0], [1.0, 0.0, 0.0, -1.0]])
    module = program(
        "?x4", "?x2",
        f'%m = linalg.reduce %x {{kind = "{kind}", axes = [1], keepdims = true}} '
        ": (tensor<?x4xf64>) -> tensor<?x1xf64>",
        "%d = arith.sub %x, %m : (tensor<?x4xf64>, tensor<?x1xf64>) -> tensor<?x4xf64>",
        f"%y = {linear('w', 'd', '?x4', '?x2', 2)}",
        w=head,
    )  # fmt: skip
    expected = [0.0, 2.0] if kind == "mean" else [12.0, 2.0]
    found = prove_within(module)
    assert highest(module, found) == pytest.approx(expected, abs=1e-12)
    if kind == "mean":
        assert found[named(module, "d")].ends == pytest.approx((-1.5, 1.5))


def test_what_is_added_to_all_elements_is_one_number() -> None:
    """(x + s) through a matrix whose rows sum up to nothing; s is the sigmoid of a number."""
    module = program(
        "2", "1",
        "%p = tensor.slice %x {axis = 0, start = 0, size = 1} : (tensor<2xf64>) -> tensor<1xf64>",
        "%s = math.sigmoid %p : tensor<1xf64>",
        "%d = arith.add %x, %s : (tensor<2xf64>, tensor<1xf64>) -> tensor<2xf64>",
        f"%y = {linear('w', 'd', '2', '1', 1)}",
        w=np.array([[1.0, -1.0]]),
    )  # fmt: skip
    assert highest(module, prove_within(module)) == pytest.approx([2], abs=1e-12)


def test_elements_moved_about_stay_what_they_are() -> None:
    """A permutation, by slices, concatenation, gather, transposition and reshape, taken away again."""
    module = program(
        "2x2", "4",
        "%t = tensor.transpose %x {order = [1, 0]} : (tensor<2x2xf64>) -> tensor<2x2xf64>",
        "%a = tensor.slice %t {axis = 0, start = 0, size = 1} : (tensor<2x2xf64>) -> tensor<1x2xf64>",
        "%b = tensor.slice %t {axis = 0, start = 1, size = 1} : (tensor<2x2xf64>) -> tensor<1x2xf64>",
        "%c = tensor.concat %b, %a {axis = 0} : (tensor<1x2xf64>, tensor<1x2xf64>) -> tensor<2x2xf64>",
        "%f = tensor.reshape %c : (tensor<2x2xf64>) -> tensor<4xf64>",
        "%g = tensor.gather %f {axis = 0, indices = [2, 0, 3, 1]} : (tensor<4xf64>) -> tensor<4xf64>",
        "%o = tensor.reshape %x : (tensor<2x2xf64>) -> tensor<4xf64>",
        "%y = arith.sub %o, %g : tensor<4xf64>",
    )  # fmt: skip
    found = prove_within(module)
    assert highest(module, found) == [0, 0, 0, 0]
    assert found[named(module, "g")].ends == (-1, 1)


LAST = "tensor.slice %x {axis = 0, start = -1, size = 1} : (tensor<?x2xf64>) -> tensor<1x2xf64>"
MEAN = 'linalg.reduce %x {kind = "mean", axes = [0], keepdims = true}'
LONG = "tensor.repeat %m, %x {axis = 0, along = 0}"
TAKEN = "%y = arith.sub %x, %m : (tensor<?x2xf64>, tensor<1x2xf64>) -> tensor<?x2xf64>"
ACROSS = {
    "the mean over time": (f"%m = {MEAN} : (tensor<?x2xf64>) -> tensor<1x2xf64>", TAKEN),
    "the last step": (f"%m = {LAST}", TAKEN),
    "the last step, repeated": (
        f"%m = {LAST}",
        f"%r = {LONG} : (tensor<1x2xf64>, tensor<?x2xf64>) -> tensor<?x2xf64>",
        "%y = arith.sub %x, %r : tensor<?x2xf64>",
    ),
}


@pytest.mark.parametrize("lines", ACROSS.values(), ids=ACROSS)
def test_steps_of_a_sequence_are_not_each_other(lines: tuple[str, ...]) -> None:
    module = program("?x2", "?x2", *lines)
    assert highest(module, prove_within(module)) == pytest.approx([2, 2])


def test_a_sequence_and_its_transpose_have_nothing_in_common() -> None:
    """x[t, s] - x[s, t], of which both lengths are dynamic, and of which one is."""
    for shape in ("?x?", "?x1"):
        turned = "x".join(reversed(shape.split("x")))
        module = program(
            shape, "?x?",
            f"%t = tensor.transpose %x {{order = [1, 0]}} "
            f": (tensor<{shape}xf64>) -> tensor<{turned}xf64>",
            f"%y = arith.sub %x, %t : (tensor<{shape}xf64>, tensor<{turned}xf64>) -> tensor<?x?xf64>",
        )  # fmt: skip
        (source,) = module.main.parameters
        found = prove(module, [filled(sizes(source), -1, 1)])
        data = np.random.default_rng(0).choice([-1.0, 1.0], (20, 4, 4 if shape == "?x?" else 1))
        assert outside(module, found, data, 1e-9) == {}


def test_functions_begin_new_symbols() -> None:
    """x - relu(x) is never more than 0, but that is no linear relation: it is not found."""
    module = program(
        "2", "2", "%r = math.relu %x : tensor<2xf64>", "%y = arith.sub %x, %r : tensor<2xf64>"
    )
    assert highest(module, prove_within(module)) == [1, 1]


def test_values_that_look_alike_are_not_each_other() -> None:
    """2 a - b, by a - b + a: the elements of a and b have the same intervals, but are others."""
    slice_ = "tensor.slice %x {{axis = 0, start = {}, size = 1}} : (tensor<2xf64>) -> tensor<1xf64>"
    module = program(
        "2", "1",
        f"%p = {slice_.format(0)}",
        f"%q = {slice_.format(1)}",
        "%a = math.tanh %p : tensor<1xf64>",
        "%b = math.tanh %q : tensor<1xf64>",
        "%d = arith.sub %a, %b : tensor<1xf64>",
        "%y = arith.add %d, %a : tensor<1xf64>",
    )  # fmt: skip
    assert highest(module, prove_within(module)) == pytest.approx([3 * np.tanh(1)])


def test_a_mean_begins_anew() -> None:
    """g + z (h - g) lies between g and h; what is taken from it twice cancels all the same."""
    types = " : tensor<1xf64>"
    module = program(
        "1", "1",
        f"%z = math.sigmoid %x{types}",
        f"%g = math.tanh %x{types}",
        f"%n = arith.neg %x{types}",
        f"%h = math.tanh %n{types}",
        f"%e = arith.sub %h, %g{types}",
        f"%p = arith.mul %z, %e{types}",
        f"%m = arith.add %g, %p{types}",
        f"%t = arith.add %m, %g{types}",
        f"%u = arith.sub %t, %g{types}",
        f"%y = arith.add %u, %m{types}",
    )  # fmt: skip
    top = np.tanh(1)
    assert highest(module, prove_within(module)) == pytest.approx([2 * top])


@pytest.mark.parametrize(("symbols", "numbers"), [(8, 2**20), (512, 40)])
def test_forms_have_no_more_symbols_than_they_may(
    symbols: int, numbers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """a + b - a, of which a and b would need five symbols each; the sum may have eight."""
    monkeypatch.setattr(analysis, "_SYMBOLS", symbols)
    monkeypatch.setattr(analysis, "_NUMBERS", numbers)
    made: list[int] = []
    affine = Affine.folded

    def folded(form: Affine, limit: int) -> Affine:
        made.append(len(affine(form, limit).symbols))
        return affine(form, limit)

    monkeypatch.setattr(Affine, "folded", folded)
    module = program(
        "5", "5",
        "%a = math.tanh %x : tensor<5xf64>",
        "%b = math.sigmoid %x : tensor<5xf64>",
        "%s = arith.add %a, %b : tensor<5xf64>",
        "%y = arith.sub %s, %a : tensor<5xf64>",
    )  # fmt: skip
    found = prove_within(module)
    assert made == [8, 8]
    assert found[named(module, "y")].ends[1] < 1 + 2 * np.tanh(1)


def test_loops_leave_the_forms_around_them() -> None:
    """What stands before a recurrence is still known behind it."""
    text = print_module(body("%ht = arith.add %xt, %hp"))
    text = text.replace("%ys,", "%double = arith.add %x, %x : tensor<?x1xf64>\n%ys,")
    text = text.replace("return", "%again = arith.sub %double, %x : tensor<?x1xf64>\nreturn")
    module = parse_module(text)
    found = declare(module, -0.5, 0.5)
    assert found[named(module, "again")].ends == pytest.approx((-1, 1))


def test_a_recurrence_that_forms_bound() -> None:
    """h' = (3 h - 2 h) / 2 + x: interval by interval, h would grow by 5 / 2 a step."""
    module = body(
        "%double = arith.add %hp, %hp",
        "%triple = arith.add %double, %hp",
        "%same = arith.sub %triple, %double",
        "%half = arith.mul %same, %k",
        "%ht = arith.add %half, %xt",
        one="0x000000000000e03f",
    )
    lo, hi = declare(module, -0.5, 0.5)[named(module, "ht")].ends
    assert (lo, hi) == pytest.approx((-2, 2), rel=1e-5)


def test_each_step_has_symbols_of_its_own() -> None:
    """h' = x - h / 2 has its h from the step before, so nothing cancels with what comes in."""
    module = body(
        "%kept = arith.mul %hp, %k",
        "%ht = arith.sub %xt, %kept",
        one="0x000000000000e03f",
    )
    lo, hi = declare(module, -0.5, 0.5)[named(module, "ht")].ends
    assert (lo, hi) == pytest.approx((-2, 2), rel=1e-5)


@pytest.mark.parametrize("kind", ["lstm", "gru", "simple_rnn"])
def test_a_cell_as_it_is_makes_no_forms(kind: str) -> None:
    """They could narrow nothing there, and would be costly in a large one."""
    module = layer(kind, 0)
    (scan,) = [op for op in module.walk() if op.name == "rnn.scan"]
    found = Correlations(scan.regions[0], analysis.Analysis(module))
    assert found.made == found.gain == set()


def test_a_wide_layer_is_followed_as_far_as_symbols_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last row of the product is nothing but what the folded inputs leave."""
    columns, ends = 40, np.linspace(0.1, 4.0, 40)
    once = np.random.default_rng(0).normal(size=(8, columns)) * ends
    module = program(
        f"{columns}", "1",
        f"%z = {linear('w1', 'x', str(columns), '8', 8)}",
        f"%a = {linear('w2', 'z', '8', '1', 1)}",
        f"%b = {linear('w3', 'x', str(columns), '1', 1)}",
        "%y = arith.sub %a, %b : tensor<1xf64>",
        w1=once, w2=np.ones((1, 8)), w3=once.sum(axis=0, keepdims=True),
    )  # fmt: skip
    widths = []
    for limit in (0, 10, 30, 40):
        monkeypatch.setattr(analysis, "_SYMBOLS", limit)
        widths += highest(module, prove_within(module))
    assert widths == sorted(widths, reverse=True)
    assert widths[0] > 2 * widths[2] > 1
    assert widths[-1] < 1e-9
