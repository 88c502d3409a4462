"""What a program can do wrong while it runs is said at its operation."""

from __future__ import annotations

import numpy as np
import pytest

from lstmir.interpreter.run import run_samples
from lstmir.ir.diagnostics import UserError
from lstmir.syntax.parser import parse_module

ROOT = """module @m {
  func @main(%x: !fx.s<8,4>) -> !fx.u<8,4> {
    %y = math.sqrt %x : (!fx.s<8,4>) -> !fx.u<8,4>
    return %y : !fx.u<8,4>
  }
}
"""
SUM = """module @m {
  func @main(%x: tensor<?xf32>, %s: f32) -> f32 {
    %e = rnn.scan (%xt = %x) state (%sp = %s) {
      %n = arith.add %xt, %sp : f32
      rnn.yield state (%n) : (f32) -> ()
    } : (tensor<?xf32>, f32) -> f32
    return %e : f32
  }
}
"""


def test_the_root_of_a_negative_number() -> None:
    with pytest.raises(UserError, match=r"^m:3:10: error: 'math\.sqrt': "):
        run_samples(parse_module(ROOT, "m"), [np.array([-16])])


def test_a_sequence_without_steps() -> None:
    module = parse_module(SUM, "m")
    with pytest.raises(UserError, match=r"^m:3:10: error: a sequence needs at least one step"):
        run_samples(module, [np.zeros((2, 0), np.float32), np.zeros(2, np.float32)])


MEAN = """module @m {
  func @main(%x: tensor<?x?xf32>) -> tensor<?xf32> {
    %y = linalg.reduce %x {kind = "sum", axes = [1], keepdims = false} : (tensor<?x?xf32>) -> tensor<?xf32>
    return %y : tensor<?xf32>
  }
}
"""


def test_a_sum_of_no_elements() -> None:
    module = parse_module(MEAN, "m")
    message = r"^m:3:10: error: 'linalg\.reduce' needs at least one element along axis 1"
    with pytest.raises(UserError, match=message):
        run_samples(module, [np.zeros((2, 3, 0), np.float32)])
    assert run_samples(module, [np.zeros((2, 0, 3), np.float32)])[0].shape == (2, 0)
