"""Structural equality tells apart what prints differently, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from lstmir.ir.equality import modules_equal
from lstmir.ir.module import Module
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module
from tests.strategies.modules import modules

TEXT = """module @m attributes {a = [1, 0.0], b = {c = "x"}} {
  func @main(%x: tensor<2xf32>, %y: tensor<2xf32>, %f: !fx.s<8,4>) -> tensor<2xf32> {
    %t = math.tanh %f : (!fx.s<8,4>) -> !fx.s<8,7>
    %w = tensor.constant @w : tensor<2xf32>
    %a = arith.mul %x, %y {range = [0, 1]} : tensor<2xf32>
    %b = arith.mul %y, %x : tensor<2xf32>
    %c = tile.for index (%i) carry (%s = %a) capture (%k = %w) {
      %n = arith.add %s, %k : tensor<2xf32>
      tile.yield %n : tensor<2xf32>
    } {trip = 2} : tensor<2xf32>
    return %c : tensor<2xf32>
  }
}
{-# resources: {
  w: "0x0000000000000000"
} #-}
"""

CHANGES = {
    "module's name": ("@m ", "@n "),
    "int and float": ("[1, 0.0]", "[1.0, 0.0]"),
    "int and truth": ("[1, 0.0]", "[true, 0.0]"),
    "sign of zero": ("0.0]", "-0.0]"),
    "list and its element": ("[1, 0.0]", "[[1], 0.0]"),
    "key": ("{c =", "{d ="),
    "function": ("@main", "@other"),
    "operand": ("arith.mul %x, %y", "arith.mul %x, %x"),
    "order of operands": ("arith.mul %y, %x", "arith.mul %x, %y"),
    "operation": ("%b = arith.mul", "%b = arith.sub"),
    "record": ("[0, 1]", "[0, 2]"),
    "record left out": (" {range = [0, 1]}", ""),
    "result's type": ("!fx.s<8,7>", "!fx.s<8,6>"),
    "attribute": ("trip = 2", "trip = 3"),
    "inside of a body": ("arith.add %s, %k", "arith.add %s, %s"),
    "result": ("return %c", "return %b"),
    "resource's content": ("0x00", "0x01"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_makes_modules_differ(what: str) -> None:
    old, new = CHANGES[what]
    changed = TEXT.replace(old, new)
    assert changed != TEXT
    assert not modules_equal(parse_module(TEXT), parse_module(changed))


def test_names_count_only_as_long_as_they_are_asked_for() -> None:
    renamed = parse_module(TEXT.replace("%n", "%next").replace("%a", "%product"))
    assert not modules_equal(parse_module(TEXT), renamed)
    assert modules_equal(parse_module(TEXT), renamed, hints=False)


def test_the_order_of_independent_operations_counts() -> None:
    lines = TEXT.splitlines()
    lines[4], lines[5] = lines[5], lines[4]
    assert not modules_equal(parse_module(TEXT), parse_module("\n".join(lines)))


def test_unused_resources_do_not_count() -> None:
    module = parse_module(TEXT)
    module.add_resource("unused", module.resources["w"])
    assert modules_equal(parse_module(TEXT), module)


@settings(max_examples=60, deadline=None)
@given(a=modules(level=2, operations=2), b=modules(level=2, operations=2))
def test_equal_modules_print_the_same_text(a: Module, b: Module) -> None:
    for other in (a, b, parse_module(print_module(a, generic=True))):
        assert modules_equal(a, other) == (print_module(a) == print_module(other))
