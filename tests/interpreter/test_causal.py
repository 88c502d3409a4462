"""What looks ahead in a sequence is refused by name, at its place; what does not keeps its axis."""

from __future__ import annotations

import pytest

from lstmir.interpreter.causal import Time, times_of
from lstmir.ir.diagnostics import UserError
from lstmir.ir.module import Module
from lstmir.syntax.parser import parse_module

HEAD = """module @m {
  func @main(%x: tensor<?x3xf32>, %k: tensor<3xf32>, %w: tensor<4x3xf32>, %v: tensor<?x3xf32>,
    %s: tensor<29x1x3xf32>, %h: tensor<2x3xf32>, %n: i64) -> f32 {
"""
TIMES: list[Time] = [0, "fixed", "fixed", "fixed", 0, "so far", "fixed"]
X, S = "tensor<?x3xf32>", "tensor<29x1x3xf32>"
SCAN = """%y, %f = rnn.scan (%t = %x) state (%a = %k) capture (%c = {capture}) {{
      rnn.yield state (%t) emit (%a) : (tensor<3xf32>, tensor<3xf32>) -> ()
    }} {attributes} : (tensor<?x3xf32>, tensor<3xf32>, {type}) -> (tensor<?x3xf32>, tensor<3xf32>)"""


def scan(capture: str = "%w", type_: str = "tensor<4x3xf32>", attributes: str = "") -> str:
    return SCAN.format(capture=capture, type=type_, attributes=attributes)


def module(body: str) -> Module:
    end = """
    %one = tensor.slice %k {axis = 0, start = 0, size = 1} : (tensor<3xf32>) -> tensor<1xf32>
    %end = tensor.reshape %one : (tensor<1xf32>) -> f32
    return %end : f32
  }
}"""
    return parse_module(f"{HEAD}    {body}{end}")


def times(body: str) -> dict[str | None, Time]:
    found = times_of(module(body).main, TIMES)
    return {value.name: time for value, time in found.items()}


TURNED = "%z = tensor.transpose %x {order = [1, 0]} : (tensor<?x3xf32>) -> tensor<3x?xf32>\n"
SUMMED = (
    '%y = linalg.reduce %z {{kind = "sum", axes = [0], keepdims = {keep}}} :'
    " (tensor<3x?xf32>) -> {result}"
)
KEPT: dict[str, tuple[str, Time]] = {
    "elementwise": (f"%y = arith.add %x, %k : ({X}, tensor<3xf32>) -> {X}", 0),
    "a function": (f"%y = math.tanh %x : {X}", 0),
    "the last step": (
        f"%y = tensor.slice %x {{axis = 0, start = -1, size = 1}} : ({X}) -> tensor<1x3xf32>", "so far"),
    "another axis": (
        f"%y = tensor.slice %x {{axis = 1, start = 1, size = 2}} : ({X}) -> tensor<?x2xf32>", 0),
    "transposed": (f"%y = tensor.transpose %x {{order = [1, 0]}} : ({X}) -> tensor<3x?xf32>", 1),
    "reshaped": (f"%y = tensor.reshape %x : ({X}) -> tensor<?x1x3xf32>", 0),
    "moved back by one": (f"%y = tensor.reshape %x : ({X}) -> tensor<1x?x3xf32>", 1),
    "of a known length": (f"%y = tensor.reshape %s : ({S}) -> tensor<29x3xf32>", 0),
    "beside itself": (f"%y = tensor.concat %x, %x {{axis = 1}} : ({X}, {X}) -> tensor<?x6xf32>", 0),
    "a dense layer": (f"%y = linalg.linear %w, %x : (tensor<4x3xf32>, {X}) -> tensor<?x4xf32>", 0),
    "a softmax of each step": (f"%y = linalg.softmax %x {{axis = 1}} : {X}", 0),
    "gathered features": (
        f"%y = tensor.gather %x {{axis = 1, indices = [2, 0]}} : ({X}) -> tensor<?x2xf32>", 0),
    "a normalization of each step": (f"%y = linalg.normalize %x {{axis = 1, epsilon = 0.1}} : {X}", 0),
    "the largest of each step": (f"%y = linalg.argmax %x {{axis = 1}} : ({X}) -> tensor<?xi64>", 0),
    "the largest, beside the steps": (
        f"{TURNED}%y = linalg.argmax %z {{axis = 0}} : (tensor<3x?xf32>) -> tensor<?xi64>", 0),
    "a sum of each step": (
        f"{TURNED}{SUMMED.format(keep='false', result='tensor<?xf32>')}", 0),
    "a sum whose axis stays": (
        f"{TURNED}{SUMMED.format(keep='true', result='tensor<1x?xf32>')}", 1),
    "a scan": (scan(), 0),
    "behind the sequence": ("%y = math.tanh %h : tensor<2x3xf32>", "so far"),
    "not of the sequence": (f"%y = math.tanh %v : {X}", "fixed"),
}  # fmt: skip


@pytest.mark.parametrize("case", KEPT)
def test_what_may_be_cut(case: str) -> None:
    body, time = KEPT[case]
    assert times(body)["y"] == time


def test_a_final_state_sums_up_the_steps_so_far() -> None:
    assert times(scan())["f"] == "so far"


LAST = """%z = tensor.slice %x {axis = 0, start = -1, size = 1} : (tensor<?x3xf32>) -> tensor<1x3xf32>
    %y = arith.sub %x, %z : (tensor<?x3xf32>, tensor<1x3xf32>) -> tensor<?x3xf32>"""
PAIRS = """%z = tensor.reshape %x : (tensor<?x3xf32>) -> tensor<?x1x3xf32>
    %y = arith.add %z, %x : (tensor<?x1x3xf32>, tensor<?x3xf32>) -> tensor<?x?x3xf32>"""
ACROSS = """%z = tensor.transpose %s {order = [1, 0, 2]} : (tensor<29x1x3xf32>) -> tensor<1x29x3xf32>
    %y = rnn.scan (%t = %z) {
      rnn.yield emit (%t) : tensor<29x3xf32>
    } : (tensor<1x29x3xf32>) -> tensor<1x29x3xf32>"""

AHEAD = {
    "a certain step": (
        f"%y = tensor.slice %s {{axis = 0, start = 28, size = 1}} : ({S}) -> tensor<1x1x3xf32>",
        "'tensor.slice' takes certain steps",
    ),
    "a sum of all steps": (
        f'%y = linalg.reduce %x {{kind = "sum", axes = [0], keepdims = true}} : ({X}) -> tensor<1x3xf32>',
        "'linalg.reduce' takes the steps together",
    ),
    "a softmax over time": (
        f"%y = linalg.softmax %x {{axis = 0}} : {X}",
        "'linalg.softmax' takes the steps together",
    ),
    "a normalization over time": (
        f"%y = linalg.normalize %x {{axis = 0, epsilon = 0.1}} : {X}",
        "'linalg.normalize' takes the steps together",
    ),
    "the largest step": (
        f"%y = linalg.argmax %x {{axis = 0}} : ({X}) -> tensor<3xi64>",
        "'linalg.argmax' takes the steps together",
    ),
    "one sequence after the other": (
        f"%y = tensor.concat %s, %s {{axis = 0}} : ({S}, {S}) -> tensor<58x1x3xf32>",
        "'tensor.concat' brings different steps together",
    ),
    "steps and features in one axis": (
        f"%y = tensor.reshape %s : ({S}) -> tensor<87xf32>",
        "'tensor.reshape' rearranges the steps",
    ),
    "steps and the last one": (
        LAST,
        "'arith.sub' brings different steps together",
    ),
    "a constant for each step": (
        f"%y = arith.add %x, %v : ({X}, {X}) -> {X}",
        "'arith.add' treats steps differently",
    ),
    "every step with every other": (
        PAIRS,
        "'arith.add' brings different steps together",
    ),
    "a scan in reverse": (
        scan(attributes='{direction = "reverse"}'),
        "'rnn.scan' begins at the end",
    ),
    "a scan with a length": (
        scan()
        .replace("(%t = %x)", "(%t = %x) length (%n)")
        .replace(f"({X}, tensor", f"({X}, i64, tensor", 1),
        "'rnn.scan' has a length",
    ),
    "a scan that knows the whole sequence": (
        scan("%x", X),
        "'rnn.scan' needs the whole sequence before its first step",
    ),
    "a scan over the features": (
        ACROSS,
        "'rnn.scan' brings different steps together",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", AHEAD)
def test_what_may_not_be_cut(case: str) -> None:
    body, message = AHEAD[case]
    with pytest.raises(UserError) as caught:
        times(body)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.message == f"{message}: the sequence cannot be run in pieces"
    assert diagnostic.location is not None
