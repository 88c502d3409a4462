"""What is said of regions, their terminators, and how operands enter them."""

from __future__ import annotations

import pytest

from lstmir.ir.diagnostics import UserError
from lstmir.syntax.parser import parse_module
from tests.syntax.refusals import RETURN, body, refusals

SCAN = """module @m {{
  func @main(%x: tensor<?x4xf32>, %h: tensor<4xf32>, %k: tensor<4xf32>) {{
    %y, %s = rnn.scan (%xt = %x) state (%hp = %h) {clause} {{
      %z = arith.add %xt, {inside} : tensor<4xf32>
      rnn.yield state ({next}) emit (%z) : {yielded}
    }} : {signature}
    return : () -> ()
  }}
}}
"""
SIGNATURE = "(tensor<?x4xf32>, tensor<4xf32>) -> (tensor<?x4xf32>, tensor<4xf32>)"


def scan(
    clause: str = "", inside: str = "%hp", next: str = "%z", yielded: str = "tensor<4xf32>",
    signature: str = SIGNATURE,
) -> str:  # fmt: skip
    """A loop with a mistake in it."""
    return SCAN.format(
        clause=clause, inside=inside, next=next, yielded=yielded, signature=signature
    )


CASES = {
    "terminator in the middle": (
        body(RETURN, "%z = arith.neg %x : f32", RETURN),
        ["3:5: error: 'return' may stand only at the end of a region"],
    ),
    "no terminator": (
        body("%z = arith.neg %x : f32"),
        ["2:8: error: function @main has no terminator"],
    ),
    "terminator of a loop": (
        body("tile.yield %x : f32"),
        ["3:5: error: a function ends with 'return' or 'rtl.next', not 'tile.yield'"],
    ),
    "capture missing": (
        scan(inside="%k"),
        ["4:27: error: %k is not defined in this region"],
    ),
    "state without equation": (
        scan(clause="capture (%k)", inside="%k"),
        ["3:14: error: 'capture' of 'rnn.scan' is written (%a = %b, …)"],
    ),
    "unknown part": (
        scan(clause="captures (%q = %k)"),
        ["3:14: error: the parts of 'rnn.scan' are '', 'state', 'capture', in this order"],
    ),
    "state of another type": (
        scan(next="%z, %z"),
        [
            (
                "3:14: error: states are (tensor<4xf32>) but the body yields "
                "(tensor<4xf32>, tensor<4xf32>)"
            )
        ],
    ),
    "results of another type": (
        scan(signature=SIGNATURE.replace("-> (tensor<?x", "-> (tensor<5x")),
        [
            (
                "3:14: error: 'rnn.scan' gives (tensor<?x4xf32>, tensor<4xf32>), "
                "not (tensor<5x4xf32>, tensor<4xf32>)"
            )
        ],
    ),
    "segments that do not add up": (
        body('"rnn.yield"(%x) {segments = [2, 0]} : (f32) -> ()'),
        ["3:5: error: the 'segments' of 'rnn.yield' do not add up to its operands"],
    ),
    "segments that are no sizes": (
        body('"rnn.yield"(%x) {segments = [2, -1]} : (f32) -> ()'),
        ["3:5: error: the 'segments' of 'rnn.yield' do not add up to its operands"],
    ),
    "segments that are no integers": (
        body('"rnn.yield"(%x) {segments = [1.0, 0]} : (f32) -> ()'),
        ["3:5: error: the 'segments' of 'rnn.yield' do not add up to its operands"],
    ),
    "segments in the pretty form": (
        body("rnn.yield emit (%x) {segments = [0, 1]} : (f32) -> ()"),
        ["3:5: error: the attribute 'segments' belongs to the generic form"],
    ),
    "half a pair": (
        body('"rtl.next"(%x) {segments = [0, 1]} : (f32) -> ()'),
        ["3:5: error: the 'segments' of 'rtl.next' cut a pair in two"],
    ),
    "operands outside of the parts": (
        body("rnn.yield %x emit (%x) : (f32, f32) -> ()"),
        ["3:5: error: the operands of 'rnn.yield' stand in parentheses"],
    ),
    "operands in parentheses": (
        body("%z = arith.neg (%x) : f32", RETURN),
        ["3:10: error: the operands of 'arith.neg' stand without parentheses"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_message_and_place(case: str) -> None:
    text, expected = CASES[case]
    assert refusals(text) == expected


def test_regions_nest_to_a_limit() -> None:
    def nested(depth: int) -> str:
        return body(
            *["tile.for index (%i) {"] * depth,
            "tile.yield : () -> ()",
            *["} {trip = 1} : () -> ()\ntile.yield : () -> ()"] * (depth - 1),
            "} {trip = 1} : () -> ()",
            RETURN,
        )

    parse_module(nested(64))
    with pytest.raises(UserError, match="67:5: error: regions are nested deeper than 64"):
        parse_module(nested(65), "f.lstmir")
