"""`isolate-sample` and `expand-cells` inside of loops over time: the same function, sample by sample."""

from __future__ import annotations

import numpy as np
import pytest

from lstmir.interpreter.run import run
from lstmir.ir.module import Module
from lstmir.syntax.parser import parse_module
from tests.passes.levels import FRONT, apply, refusal

FEEDS = {
    "x": np.random.default_rng(0).normal(size=(4, 3, 2)).astype(np.float32),
    "s": np.random.default_rng(1).normal(size=(3, 2)).astype(np.float32),
}
HEAD = """module @m attributes {interface = [
  {name = "x", kind = "input", dtype = "f32", shape = [-1, BATCH, 2], batch = 1, time = 0},
  {name = "s", kind = "input", dtype = "f32", shape = [BATCH, 2], batch = 0},
  {name = "y", kind = "output", dtype = "f32", shape = SHAPE, batch = AXIS}
]} {
  func @main(%x: tensor<?xBATCHx2xf32>, %s: tensor<BATCHx2xf32>) -> RESULT {
    %w = tensor.constant @w : tensor<2x2xf32>
    %same = tensor.constant @same : tensor<3x2xf32>
    %rows = tensor.constant @rows : tensor<3x2xf32>
BODY
    return %y : RESULT
  }
}
{-# resources: {
  w: "0x0000003f0000803f000080bf00000040",
  same: "0x0000803f000000400000803f000000400000803f00000040",
  rows: "0x0000803f000000400000803f000000400000803f00000000"
} #-}
"""
S, Y = "tensor<3x2xf32>", "tensor<?x3x2xf32>"
SEQUENCE, STATE = ("[-1, 3, 2]", 1, Y), ("[3, 2]", 0, S)


def module(body: str, result: tuple[str, int, str] = SEQUENCE) -> Module:
    shape, axis, type_ = result
    text = HEAD.replace("BODY", body).replace("SHAPE", shape).replace("AXIS", str(axis))
    return parse_module(text.replace("RESULT", type_).replace("BATCH", "3"), "m")


def cell(state: str, captured: str = "%w") -> str:
    """An Elman cell; the state begins as a value of the function."""
    kind = "tensor<2x2xf32>" if captured == "%w" else S
    made = (
        f"%z = linalg.linear %c, %hp : (tensor<2x2xf32>, {S}) -> {S}"
        if captured == "%w"
        else f"%z = arith.mul %c, %hp : {S}"
    )
    return f"""
    %ys, %h = rnn.scan (%xt = %x) state (%hp = {state}) capture (%c = {captured}) {{
      {made}
      %a = arith.add %z, %xt : {S}
      %ht = math.tanh %a : {S}
      rnn.yield state (%ht) emit (%ht) : {S}
    }} : ({Y}, {S}, {kind}) -> ({Y}, {S})"""


EVERY = {
    "a state that is fed in": (cell("%s") + f"\n%y = math.tanh %ys : {Y}", SEQUENCE),
    "a state that is the same at first": (cell("%same") + f"\n%y = math.tanh %ys : {Y}", SEQUENCE),
    "the last state": (cell("%s") + f"\n%y = math.tanh %h : {S}", STATE),
    "a captured value of each sample": (cell("%s", "%s") + f"\n%y = math.tanh %h : {S}", STATE),
    "a captured value of all": (
        f"""
    %h = rnn.scan (%xt = %x) state (%hp = %s) capture (%c = %w) {{
      %one = tensor.slice %c {{axis = 0, start = 0, size = 1}} : (tensor<2x2xf32>) -> tensor<1x2xf32>
      %n = arith.mul %xt, %one : ({S}, tensor<1x2xf32>) -> {S}
      rnn.yield state (%n) : {S}
    }} : ({Y}, {S}, tensor<2x2xf32>) -> {S}
    %y = math.tanh %h : {S}""",
        STATE,
    ),
    "a state that is the same at all times": (
        f"""
    %k, %h = rnn.scan (%xt = %x) state (%a = %w, %b = %s) {{
      %n = arith.add %a, %a : tensor<2x2xf32>
      %m = linalg.linear %n, %xt : (tensor<2x2xf32>, {S}) -> {S}
      %o = arith.add %m, %b : {S}
      rnn.yield state (%n, %o) : (tensor<2x2xf32>, {S}) -> ()
    }} : ({Y}, tensor<2x2xf32>, {S}) -> (tensor<2x2xf32>, {S})
    %y = math.tanh %h : {S}""",
        STATE,
    ),
    "a loop in a loop": (
        f"""
    %ys, %last = rnn.scan (%xt = %x) state (%hp = %s) {{
      %t = tensor.transpose %xt {{order = [1, 0]}} : ({S}) -> tensor<2x3xf32>
      %es = rnn.scan (%e = %t) capture (%h = %hp) {{
        %part = linalg.reduce %h {{kind = "max", axes = [1], keepdims = false}} : ({S}) -> tensor<3xf32>
        %f = arith.add %e, %part : tensor<3xf32>
        rnn.yield emit (%f) : tensor<3xf32>
      }} : (tensor<2x3xf32>, {S}) -> tensor<2x3xf32>
      %n = tensor.transpose %es {{order = [1, 0]}} : (tensor<2x3xf32>) -> {S}
      rnn.yield state (%n) emit (%n) : {S}
    }} : ({Y}, {S}) -> ({Y}, {S})
    %y = math.tanh %ys : {Y}""",
        SEQUENCE,
    ),
    "of constants only": (
        f"""
    %k = rnn.scan (%e = %w) {{
      %f = math.tanh %e : tensor<2xf32>
      rnn.yield emit (%f) : tensor<2xf32>
    }} : (tensor<2x2xf32>) -> tensor<2x2xf32>
    %one = tensor.slice %k {{axis = 0, start = 0, size = 1}} : (tensor<2x2xf32>) -> tensor<1x2xf32>
    %y = arith.mul %s, %one : ({S}, tensor<1x2xf32>) -> {S}""",
        STATE,
    ),
}


@pytest.mark.parametrize("name", EVERY)
def test_the_function_stays(name: str) -> None:
    network = module(*EVERY[name])
    wanted = run(network, FEEDS)["y"]
    for pass_ in ("isolate-sample", *FRONT.split(",")[1:]):
        apply(network, pass_)
        np.testing.assert_allclose(run(network, FEEDS)["y"], wanted, rtol=1e-6)
    assert not any(op.name == "linalg.linear" for op in network.walk())


REFUSED = {
    "a state of each sample that a constant gives": (
        cell("%rows") + f"\n%y = math.tanh %ys : {Y}",
        "'arith.add' %a",
    ),
    "a body that mixes": (
        f"""
    %y = rnn.scan (%xt = %x) {{
      %mixed = tensor.slice %xt {{axis = 0, start = 1, size = 1}} : ({S}) -> tensor<1x2xf32>
      %n = arith.add %xt, %mixed : ({S}, tensor<1x2xf32>) -> {S}
      rnn.yield emit (%n) : {S}
    }} : ({Y}) -> {Y}""",
        "'tensor.slice' %mixed",
    ),
    "a loop over samples": (
        f"""
    %t = tensor.transpose %x {{order = [1, 0, 2]}} : ({Y}) -> tensor<3x?x2xf32>
    %ys = rnn.scan (%xt = %t) {{
      rnn.yield emit (%xt) : tensor<?x2xf32>
    }} : (tensor<3x?x2xf32>) -> tensor<3x?x2xf32>
    %y = tensor.transpose %ys {{order = [1, 0, 2]}} : (tensor<3x?x2xf32>) -> {Y}""",
        "'rnn.scan' %ys",
    ),
    "a state whose samples wander": (
        f"""
    %square = tensor.slice %x {{axis = 2, start = 0, size = 1}} : ({Y}) -> tensor<?x3x1xf32>
    %m = arith.mul %square, %square : tensor<?x3x1xf32>
    %first = tensor.concat %s, %s, %s {{axis = 1}} : ({S}, {S}, {S}) -> tensor<3x6xf32>
    %wide = tensor.slice %first {{axis = 1, start = 0, size = 3}} : (tensor<3x6xf32>) -> tensor<3x3xf32>
    %h = rnn.scan (%xt = %m) state (%a = %wide) {{
      %n = tensor.transpose %a {{order = [1, 0]}} : tensor<3x3xf32>
      rnn.yield state (%n) : tensor<3x3xf32>
    }} : (tensor<?x3x1xf32>, tensor<3x3xf32>) -> tensor<3x3xf32>
    %part = tensor.slice %h {{axis = 1, start = 0, size = 2}} : (tensor<3x3xf32>) -> {S}
    %ys = tensor.reshape %part : ({S}) -> tensor<1x3x2xf32>
    %y = arith.add %x, %ys : ({Y}, tensor<1x3x2xf32>) -> {Y}""",
        "'rnn.scan' %h",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_mixes_is_named(name: str) -> None:
    body, culprit = REFUSED[name]
    assert f"isolate-sample: {culprit} mixes samples" in refusal(module(body), "isolate-sample")


def test_the_axis_of_one_sample_may_go_inside_of_a_loop() -> None:
    body = """
    %y = rnn.scan (%xt = %x) state (%hp = %s) {
      %flat = tensor.reshape %xt : (tensor<1x2xf32>) -> tensor<2x1x1xf32>
      %sum = linalg.reduce %flat {kind = "sum", axes = [0, 1], keepdims = false} :
        (tensor<2x1x1xf32>) -> tensor<1xf32>
      %n = arith.add %hp, %sum : (tensor<1x2xf32>, tensor<1xf32>) -> tensor<1x2xf32>
      rnn.yield state (%n) : tensor<1x2xf32>
    } : (tensor<?x1x2xf32>, tensor<1x2xf32>) -> tensor<1x2xf32>"""
    text = (
        HEAD.replace("BATCH", "1")
        .replace("BODY", body)
        .replace("SHAPE", "[1, 2]")
        .replace("AXIS", "0")
    )
    network = parse_module(text.replace("RESULT", "tensor<1x2xf32>"), "m")
    feeds = {"x": FEEDS["x"][:, :1], "s": FEEDS["s"][:1]}
    wanted = run(network, feeds)["y"]
    apply(network, FRONT)
    np.testing.assert_allclose(run(network, feeds)["y"], wanted, rtol=1e-6)
