"""What is said of constants and their resources, and where."""

from __future__ import annotations

import pytest

from tests.syntax.refusals import RETURN, body, refusals

CASES = {
    "unknown resource": (
        body(
            "%w = tensor.constant @w_i : tensor<1xf32>",
            RETURN,
            resources='{-# resources: {w_ih: "0x00"} #-}',
        ),
        ["3:10: error: there is no resource @w_i; did you mean '@w_ih'?"],
    ),
    "unused resource": (
        body(RETURN, resources='{-# resources: {w: "0x00"} #-}'),
        ["6:20: error: no operation uses the resource 'w'"],
    ),
    "resource twice": (
        body(RETURN, resources='{-# resources: {w: "0x00", w: "0x00"} #-}'),
        ["6:28: error: 'w' is given twice"],
    ),
    "resource of another size": (
        body(
            "%w = tensor.constant @w : tensor<1xf32>",
            RETURN,
            resources='{-# resources: {w: "0x00"} #-}',
        ),
        ["7:20: error: the resource 'w' is no tensor<1xf32>: it has 1 bytes, expected 4"],
    ),
    "resource in another base": (
        body(
            "%w = tensor.constant @w : tensor<1xi1>",
            RETURN,
            resources='{-# resources: {w: "0x0g"} #-}',
        ),
        ["7:20: error: the resource 'w' is no tensor<1xi1>: expected '0x' and hexadecimal digits"],
    ),
    "elements that break their format": (
        body(
            "%w = tensor.constant @w : tensor<1x!fx.s<3,0>>",
            RETURN,
            resources='{-# resources: {w: "0x04"} #-}',
        ),
        ["3:10: error: resource @w holds integers from 4 to 4, which do not fit !fx.s<3,0>"],
    ),
    "not a number among the elements": (
        body(
            "%w = tensor.constant @w : tensor<1xf32>",
            RETURN,
            resources='{-# resources: {w: "0x0000c07f"} #-}',
        ),
        ["3:10: error: resource @w holds NaN or infinity"],
    ),
    "elements that break their encoding": (
        body(
            "%w = tensor.constant @w : tensor<1x2xi1, #sparse.bank<2, 1>>",
            RETURN,
            resources='{-# resources: {w: "0x0101"} #-}',
        ),
        [
            (
                "3:10: error: resource @w breaks #sparse.bank<2, 1>: "
                "row 0, bank 0 has more than 1 non-zero elements"
            )
        ],
    ),
    "one of the elements is not a number": (
        body(
            "%w = tensor.constant @w : tensor<2xf32>",
            RETURN,
            resources='{-# resources: {w: "0x000000000000c07f"} #-}',
        ),
        ["3:10: error: resource @w holds NaN or infinity"],
    ),
    "elements neither true nor false": (
        body(
            "%w = tensor.constant @w : tensor<2xi1>",
            RETURN,
            resources='{-# resources: {w: "0x0102"} #-}',
        ),
        ["3:10: error: resource @w holds bytes that are neither true nor false"],
    ),
    "encoding of a result": (
        body(
            "%w = tensor.constant @w : tensor<1x2xi1, #sparse.bank<2, 1>>",
            "%n = arith.not %w : tensor<1x2xi1, #sparse.bank<2, 1>>",
            RETURN,
            resources='{-# resources: {w: "0x0001"} #-}',
        ),
        ["4:10: error: an encoding says how a constant is stored; no other value has one"],
    ),
    "encoding of no constant": (
        "module @m {\n  func @main(%x: tensor<2x2xf32, #sparse.bank<2, 1>>) {\n return : () -> () } }",
        ["2:8: error: an encoding says how a constant is stored; no other value has one"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_message_and_place(case: str) -> None:
    text, expected = CASES[case]
    assert refusals(text) == expected
