"""What has no form on fixed point is refused with the cut that leaves it to the host."""

from __future__ import annotations

import numpy as np
import pytest

from lstmir.interpreter.run import run_samples
from lstmir.ir.diagnostics import UserError
from lstmir.ir.types import is_fixed
from lstmir.numeric.fixed import FixedType
from lstmir.pipeline.passes import Context
from lstmir.pipeline.text import parse_pipeline
from lstmir.syntax.parser import parse_module
from tests.passes.levels import apply

DATA = np.linspace(-1, 1, 8).reshape(4, 2)
ADVICE = "cut the model before it, and leave the rest to the host"

HEAD = """module @m attributes {form = "sample", interface = [
  {name = "x", kind = "input", dtype = "f32", shape = [-1, 2], batch = 0},
  {name = "y", kind = "output", dtype = "f32", shape = [-1, 2], batch = 0}
]} {
  func @main(%x: tensor<2xf32>) -> RESULT {
    %w = tensor.constant @w : tensor<2x2xf32>
    %logits = linalg.matvec %w, %x : (tensor<2x2xf32>, tensor<2xf32>) -> tensor<2xf32>
BODY
    return %y : RESULT
  }
}
{-# resources: {w: "0x0000003f0000803f000080bf00000040"} #-}
"""

REFUSED = {
    "softmax": ("%y = linalg.softmax %logits {axis = 0} : tensor<2xf32>", "tensor<2xf32>"),
    "log_softmax": ("%y = linalg.log_softmax %logits {axis = 0} : tensor<2xf32>", "tensor<2xf32>"),
    "normalize": (
        "%y = linalg.normalize %logits {axis = 0, epsilon = 1e-05} : tensor<2xf32>",
        "tensor<2xf32>",
    ),
    "reduce": (
        '%y = linalg.reduce %logits {kind = "sum", axes = [0], keepdims = false} : (tensor<2xf32>) -> f32',
        "f32",
    ),
}
FORMATTED = "calibrate,assign-bitwidths"


def refusal(body: str, result: str) -> UserError:
    """The refusal of a function that ends with these operations."""
    module = parse_module(HEAD.replace("BODY", body).replace("RESULT", result), "m")
    apply(module, FORMATTED, DATA)
    (quantize,) = parse_pipeline("quantize")
    with pytest.raises(UserError) as error:
        quantize.run(module, Context())
    return error.value


@pytest.mark.parametrize("name", REFUSED)
def test_the_value_to_end_with_is_named(name: str) -> None:
    (found,) = refusal(*REFUSED[name]).diagnostics
    assert found.message == f"quantize: 'linalg.{name}' has no fixed-point form"
    assert list(found.notes) == [f"{ADVICE}: --outputs logits"]
    assert found.location is not None


def test_a_value_that_the_model_does_not_name_is_not(name: str = "softmax") -> None:
    body = (
        "%0 = math.tanh %logits : tensor<2xf32>\n%y = linalg.softmax %0 {axis = 0} : tensor<2xf32>"
    )
    (found,) = refusal(body, "tensor<2xf32>").diagnostics
    assert list(found.notes) == [ADVICE]


def test_what_a_lowering_has_put_between_is_looked_through() -> None:
    body = (
        "%0 = tensor.reshape %logits : (tensor<2xf32>) -> tensor<1x2xf32>\n"
        "%y = linalg.softmax %0 {axis = 1} : tensor<1x2xf32>"
    )
    (found,) = refusal(body, "tensor<1x2xf32>").diagnostics
    assert list(found.notes) == [f"{ADVICE}: --outputs logits"]


def test_inside_of_a_loop_there_is_no_such_cut() -> None:
    body = """
    %s = tensor.reshape %logits : (tensor<2xf32>) -> tensor<1x2xf32>
    %y = rnn.scan (%xt = %s) {
      %named = arith.add %xt, %xt : tensor<2xf32>
      %e = linalg.softmax %named {axis = 0} : tensor<2xf32>
      rnn.yield emit (%e) : tensor<2xf32>
    } : (tensor<1x2xf32>) -> tensor<1x2xf32>
    """
    (found,) = refusal(body, "tensor<1x2xf32>").diagnostics
    assert list(found.notes) == [ADVICE]


def test_what_only_compares_stays() -> None:
    body = "%y = linalg.argmax %logits {axis = 0} : (tensor<2xf32>) -> i64"
    module = parse_module(HEAD.replace("BODY", body).replace("RESULT", "i64"), "m")
    before = run_samples(module, [DATA])[0]
    apply(module, f"{FORMATTED},quantize", DATA)
    assert module.main.result_types == (FixedType(False, 1, 0),)
    assert np.array_equal(run_samples(module, [DATA])[0], before)
    assert len(set(before.tolist())) == 2


def test_what_only_arranges_elements_stays() -> None:
    body = """
    %g = tensor.gather %logits {axis = 0, indices = [1, 0, 1]} : (tensor<2xf32>) -> tensor<3xf32>
    %y = tensor.broadcast %g : (tensor<3xf32>) -> tensor<2x3xf32>
    """
    module = parse_module(HEAD.replace("BODY", body).replace("RESULT", "tensor<2x3xf32>"), "m")
    apply(module, f"{FORMATTED},quantize", DATA)
    assert all(is_fixed(value.type) for op in module.walk() for value in op.results)
