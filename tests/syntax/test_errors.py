"""What a reader is told, and where: each typical mistake with its message, line and column."""

from __future__ import annotations

import pytest

from lstmir.ir.diagnostics import UserError
from lstmir.syntax.parser import parse_module
from tests.syntax.refusals import RETURN, body, refusals

CASES = {
    "undefined value": (
        body("%gate = arith.add %x, %y : f32", "%z = arith.neg %gates : f32", RETURN),
        ["4:20: error: %gates is not defined in this region; did you mean '%gate'?"],
    ),
    "undefined value is reported once": (
        body("%z = arith.add %x, %v : f32", "%w = arith.add %z, %z : f32", RETURN),
        ["3:24: error: %v is not defined in this region"],
    ),
    "redefined value": (
        body("%x = arith.neg %y : f32", RETURN),
        ["3:5: error: %x is defined twice"],
    ),
    "unknown operation": (
        body("%z = arith.sum %x, %y : f32", RETURN),
        ["3:10: error: unknown operation 'arith.sum'; did you mean 'arith.sub'?"],
    ),
    "wrong operand type": (
        body("%z = arith.add %x, %y : (f32, f64) -> f32", RETURN),
        ["3:24: error: %y is f32, not f64"],
    ),
    "too few types": (
        body("%z = arith.add %x, %y : (f32) -> f32", RETURN),
        ["3:10: error: 'arith.add' has 2 operand(s) but 1 operand type(s)"],
    ),
    "too many operands": (
        body("%z = arith.neg %x, %y : f32", RETURN),
        ["3:10: error: 'arith.neg' takes 1 operand(s) (source), got 2"],
    ),
    "missing attribute": (
        body("%z = arith.compare %x, %y : (f32, f32) -> i1", RETURN),
        ["3:10: error: 'arith.compare' needs the attribute 'predicate'"],
    ),
    "unknown attribute": (
        body(
            '%z = arith.compare %x, %y {predicate = "lt", predicat = 1} : (f32, f32) -> i1', RETURN
        ),
        ["3:10: error: 'arith.compare' has no attribute 'predicat'; did you mean 'predicate'?"],
    ),
    "attribute of another kind": (
        body("%z = arith.compare %x, %y {predicate = 3} : (f32, f32) -> i1", RETURN),
        ["3:10: error: the attribute 'predicate' of 'arith.compare' must be a string"],
    ),
    "attribute twice": (
        body(
            '%z = arith.compare %x, %y {predicate = "lt", predicate = "le"} : (f32, f32) -> i1',
            RETURN,
        ),
        ["3:50: error: 'predicate' is given twice"],
    ),
    "missing colon": (
        body("%z = arith.add %x, %y f32", RETURN),
        ["4:5: error: unexpected 'return'; expected '('"],
    ),
    "end of the file": (
        "module @m {\n  func @main() {\n    return : () -> ()\n  }\n",
        ["4:3: error: unexpected end of the file; expected 'func' or '}'"],
    ),
    "strange character": (
        body("%z = arith.neg %x : ;", RETURN),
        ["3:25: error: unexpected ';'; expected '(' or a type"],
    ),
    "control character": (
        body("%z = \x00", RETURN),
        ["3:10: error: unexpected the character U+0000; expected a string or an operation"],
    ),
    "width of zero": (
        body("%z = rtl.literal {integer = 0} : !fx.u<0,0>", RETURN),
        ["3:38: error: width must be 1 to 1024 bits, not 0"],
    ),
    "width of 1025": (
        body("%z = rtl.literal {integer = 0} : !fx.u<1025,0>", RETURN),
        ["3:38: error: width must be 1 to 1024 bits, not 1025"],
    ),
    "width of five thousand digits": (
        body(f"%z = rtl.literal {{integer = 0}} : !fx.u<{'9' * 5000},0>", RETURN),
        ["3:38: error: 99999999999999999999… is too large a number for a type"],
    ),
    "unknown type": (
        body("%z = arith.neg %x : f31", RETURN),
        ["3:25: error: there is no type f31; widths are 16, 32, 64"],
    ),
    "half a type": (
        body("%z = arith.neg %x : tensor<4>", RETURN),
        ["3:25: error: '4' is not a type; expected tensor<…>, !fx.s<W,F>, !fx.u<W,F>, f32, i1, …"],
    ),
    "result too narrow": (
        "module @m { func @main(%x: !fx.s<8,0>) {\n%z = arith.add %x, %x : !fx.s<8,0>\nreturn : () -> () } }",
        [
            (
                "2:6: error: result 0 of 'arith.add' is !fx.s<8,0>, which does not hold every possible "
                "value: it needs !fx.s<9,0>"
            )
        ],
    ),
    "shapes that do not fit": (
        (
            "module @m { func @main(%a: tensor<2x3xf32>, %b: tensor<2xf32>) {\n"
            "%z = linalg.matvec %a, %b : (tensor<2x3xf32>, tensor<2xf32>) -> tensor<2xf32>\n"
            "return : () -> () } }"
        ),
        ["2:6: error: tensor<2x3xf32> cannot multiply tensor<2xf32>"],
    ),
    "several errors": (
        body(
            "%z = arith.adds %x : f32", "%w = arith.neg %v : f32", "%x = arith.neg %x : f32", RETURN
        ),
        [
            "3:10: error: unknown operation 'arith.adds'; did you mean 'arith.add'?",
            "4:20: error: %v is not defined in this region",
            "5:5: error: %x is defined twice",
        ],
    ),
    "several findings of the verifier": (
        body("%a = arith.and %x : f32", "%b = arith.not %y : f32", RETURN),
        [
            "3:10: error: expected truth values (i1), not f32",
            "4:10: error: expected truth values (i1), not f32",
        ],
    ),
    "declared results": (
        "module @m {\n  func @main(%x: f32) -> f64 {\n    return %x : f32\n  }\n}\n",
        ["2:8: error: @main declares the results (f64) but gives (f32)"],
    ),
    "function twice": (
        "module @m {\n  func @f() {\n return : () -> () }\n  func @f() {\n return : () -> () }\n}\n",
        ["4:8: error: function @f is defined twice"],
    ),
    "too many axes": (
        body(f"%z = arith.neg %x : tensor<{'1x' * 33}f32>", RETURN),
        ["3:25: error: a tensor has at most 32 axes, not 33"],
    ),
    "unknown length": (
        (
            "module @m { func @main(%a: tensor<2x?x!fx.s<8,0>>, %b: tensor<?x!fx.s<8,0>>) {\n"
            "%z = linalg.matvec %a, %b : (tensor<2x?x!fx.s<8,0>>, tensor<?x!fx.s<8,0>>) -> "
            "tensor<2x!fx.s<99,0>>\nreturn : () -> () } }"
        ),
        ["2:6: error: on fixed point a matrix has a known number of columns"],
    ),
    "no bank": (
        (
            "module @m { func @main(%a: tensor<4x!fx.s<8,7>>, %b: tensor<2x2x!fx.u<2,0>>) {\n"
            "%z = tile.gather %a, %b {banks = 0} : "
            "(tensor<4x!fx.s<8,7>>, tensor<2x2x!fx.u<2,0>>) -> tensor<2x2x!fx.s<8,7>>\n"
            "return : () -> () } }"
        ),
        ["2:6: error: a window has at least one bank"],
    ),
    "endless attribute": (
        f"module @m attributes {{a = {'9' * 5000}}} {{}}",
        ["1:27: error: an integer has at most 1000 digits"],
    ),
    "infinite attribute": (
        "module @m attributes {a = 1e999} {}",
        ["1:27: error: 1e999 is too large for a number"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_message_and_place(case: str) -> None:
    text, expected = CASES[case]
    assert refusals(text) == expected


def test_the_line_is_shown_with_a_caret() -> None:
    with pytest.raises(UserError) as error:
        parse_module(body("%z = arith.add %x, %v : f32", RETURN), "f.lstmir")
    assert str(error.value) == (
        "f.lstmir:3:24: error: %v is not defined in this region\n"
        "      %z = arith.add %x, %v : f32\n"
        "                         ^"
    )
