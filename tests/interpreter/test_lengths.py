"""`rnn.scan` with a length: each sample of a batch is what it would be alone, without the rest."""

from __future__ import annotations

import numpy as np
import pytest

from lstmir.interpreter.run import run_samples
from lstmir.ir.diagnostics import UserError
from lstmir.ir.module import Module
from lstmir.syntax.parser import parse_module

SCAN = """module @m {{
  func @main(%x: tensor<?x{t}>, {n}%h0: tensor<{t}>) -> (tensor<?x{t}>, tensor<{t}>) {{
    %ys, %h = rnn.scan (%xt = %x) {length}state (%hp = %h0) {{
      {body}
      rnn.yield state (%ht) emit (%yt) : tensor<{t}>
    }} {{direction = "{direction}"}} :
      (tensor<?x{t}>, {type}tensor<{t}>) -> (tensor<?x{t}>, tensor<{t}>)
    return %ys, %h : (tensor<?x{t}>, tensor<{t}>) -> ()
  }}
}}
"""
FLOATS = """%ht = arith.mul %hp, %xt : tensor<2xf64>
      %yt = arith.add %ht, %xt : tensor<2xf64>"""
FIXED = """%s = arith.add %hp, %xt :
        (tensor<2x!fx.s<6,2>>, tensor<2x!fx.s<6,2>>) -> tensor<2x!fx.s<7,2>>
      %ht = fx.requantize %s {rounding = "floor", overflow = "wrap"} :
        (tensor<2x!fx.s<7,2>>) -> tensor<2x!fx.s<6,2>>
      %yt = fx.requantize %s {rounding = "floor", overflow = "saturate"} :
        (tensor<2x!fx.s<7,2>>) -> tensor<2x!fx.s<6,2>>"""
CASES = {"f64": FLOATS, "!fx.s<6,2>": FIXED}


def module(element: str, direction: str, integer: str = "") -> Module:
    parts = {"n": "", "length": "", "type": ""}
    if integer:
        parts = {"n": f"%n: {integer}, ", "length": "length (%n) ", "type": f"{integer}, "}
    text = SCAN.format(t=f"2x{element}", direction=direction, body=CASES[element], **parts)
    return parse_module(text, "m")


def data(element: str, samples: int, steps: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(steps)
    if element == "f64":
        return rng.normal(size=(samples, steps, 2)), rng.normal(size=(samples, 2))
    return rng.integers(-32, 32, (samples, steps, 2)), rng.integers(-32, 32, (samples, 2))


@pytest.mark.parametrize("integer", ["i32", "i64"])
@pytest.mark.parametrize("direction", ["forward", "reverse"])
@pytest.mark.parametrize("element", CASES)
def test_a_sample_ends_at_its_length(element: str, direction: str, integer: str) -> None:
    lengths, steps = np.array([5, 3, 1, 4, 5, 2]), 5
    x, h0 = data(element, len(lengths), steps)
    ys, h = run_samples(module(element, direction, integer), [x, lengths, h0])
    assert ys.shape == (len(lengths), steps, 2)
    for sample, n in enumerate(lengths):
        alone = slice(sample, sample + 1)
        expected = run_samples(module(element, direction), [x[alone, :n], h0[alone]])
        assert np.array_equal(ys[alone, :n], expected[0])
        assert np.array_equal(h[alone], expected[1])
        assert not ys[sample, n:].any()


@pytest.mark.parametrize("direction", ["forward", "reverse"])
def test_one_length_and_one_state_for_all_samples(direction: str) -> None:
    x, h0 = data("f64", 3, 4)
    ys, h = run_samples(module("f64", direction, "i32"), [x, np.array([2]), h0[:1]])
    expected = run_samples(module("f64", direction), [x[:, :2], h0[:1]])
    assert np.array_equal(ys[:, :2], expected[0])
    assert not ys[:, 2:].any()
    assert np.array_equal(h, expected[1])


def test_lengths_of_their_own_with_one_input_for_all_samples() -> None:
    x, h0 = data("f64", 1, 3)
    ys, h = run_samples(module("f64", "forward", "i32"), [x, np.array([0, 1, 3]), h0])
    assert np.array_equal(h[0], h0[0])
    assert np.array_equal(h[1], h0[0] * x[0, 0])
    assert np.array_equal(ys[1, 0], ys[2, 0])
    assert not ys[0].any()


@pytest.mark.parametrize("wrong", [-1, 4, 1.5])
def test_a_length_that_is_none(wrong: float) -> None:
    x, h0 = data("f64", 2, 3)
    with pytest.raises(UserError) as refused:
        run_samples(module("f64", "forward", "i32"), [x, np.array([3, wrong]), h0])
    assert str(refused.value).splitlines()[0] == (
        f"m:3:15: error: '%n' of 'rnn.scan' is {wrong}; a length is a whole number from 0 to 3,"
        " the number of steps"
    )
