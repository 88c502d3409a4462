"""Functions and their resources."""

from __future__ import annotations

import numpy as np

from lstmir.ir.module import Module
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module


def test_the_next_states_of_a_clocked_function_do_not_leave_it() -> None:
    text = """module @m {
  func @main(%d: !fx.u<4,0>) -> i1 {
    %q = rtl.reg {init = 0} : !fx.u<4,0>
    %t = arith.compare %q, %d {predicate = "lt"} : (!fx.u<4,0>, !fx.u<4,0>) -> i1
    rtl.next output (%t) update (%q = %d) : (i1, !fx.u<4,0>, !fx.u<4,0>) -> ()
  }
}
"""
    module = parse_module(text)
    assert [value.name for value in module.main.results] == ["t"]
    assert print_module(module) == text


def test_a_resource_keeps_its_name_if_it_can() -> None:
    module = Module()
    zeros, ones = np.zeros(2, np.float32), np.ones(2, np.float32)
    assert module.add_resource("w", zeros) == "w"
    assert module.add_resource("w", zeros.copy()) == "w"
    assert module.add_resource("w", ones) == "w_1"
    assert module.add_resource("w", -zeros) == "w_2"
    assert module.add_resource("w", np.zeros(2, np.int32)) == "w_3"
    assert module.add_resource("w", ones) == "w_1"
    assert set(module.resources) == {"w", "w_1", "w_2", "w_3"}
    module.drop_unused_resources()
    assert not module.resources
