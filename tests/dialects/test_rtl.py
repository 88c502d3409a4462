"""What the verifier refuses at level 5."""

from __future__ import annotations

import pytest

from lstmir.ir.diagnostics import UserError
from lstmir.syntax.parser import parse_module

MEMORY = "tensor<4x!fx.s<8,0>>"
READ = f"({MEMORY}, !fx.u<2,0>) -> !fx.s<8,0>"
WRITE = f"({MEMORY}, !fx.u<2,0>, !fx.s<8,0>, i1) -> {MEMORY}"
END = "rtl.next output (%x) : (!fx.s<8,0>) -> ()"


def parse(body: str, resources: str = "") -> None:
    parameters = "%x: !fx.s<8,0>, %a: !fx.u<2,0>, %e: i1"
    parse_module(f"module {{\nfunc @f({parameters}) {{\n{body}\n}}\n}}\n{resources}")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("%q = rtl.reg {init = 2} : i1", "the initial integer 2 is not in i1"),
        ("%q = rtl.reg {init = 8} : !fx.s<4,0>", "the initial integer 8 is not in !fx.s<4,0>"),
        ("%q = rtl.reg : f32", "f32 is no signal: expected i1 or fixed point"),
        ("%y = rtl.literal {integer = 2} : i1", "the integer 2 is not in i1"),
        ("%y = rtl.literal {integer = -9} : !fx.s<4,0>", "the integer -9 is not in !fx.s<4,0>"),
        (f'%m = rtl.ram {{style = "huge"}} : {MEMORY}', "the style must be one of block, distributed"),
        ("%m = rtl.ram : tensor<4xf32>", "f32 is no signal"),
        ("%m = rtl.ram : tensor<2x2xi1>", "a memory is a tensor with one axis"),
        ("%y = rtl.concat : () -> !fx.u<1,0>", "'rtl.concat' takes 1 or more operand"),
        ("%y = rtl.concat %x, %a : (!fx.s<8,0>, !fx.u<2,0>) -> !fx.u<11,0>", "the result is !fx.u<10,0>"),
        ("%y = rtl.bits %x {low = 4, width = 4} : (!fx.s<8,0>) -> !fx.u<5,0>", "the result is !fx.u<4,0>"),
        ("%y = rtl.bits %x {low = 4, width = 5} : (!fx.s<8,0>) -> !fx.u<5,0>", "bits 4 to 8 are not all in"),
        (
            f"%m = rtl.ram : {MEMORY}\n%y = rtl.read %m, %a : ({MEMORY}, !fx.u<2,0>) -> !fx.s<9,0>",
            "the result is !fx.s<8,0>, not !fx.s<9,0>",
        ),
    ],
)  # fmt: skip
def test_what_no_wires_can_be(body: str, message: str) -> None:
    with pytest.raises(UserError, match=message.replace("(", r"\(")):
        parse(f"{body}\n{END}")


def test_constants_are_not_written() -> None:
    text = f"%t = tensor.constant @t : {MEMORY}\n%w = rtl.write %t, %a, %x, %e : {WRITE}\n{END}"
    with pytest.raises(UserError, match=r"only a memory can be written, not 'tensor\.constant'"):
        parse(text, '{-# resources: { t: "0x00000000" } #-}')


def test_constants_of_reals_are_not_read() -> None:
    text = f"""%t = tensor.constant @t : tensor<2xf32>
      %y = rtl.read %t, %a : (tensor<2xf32>, !fx.u<2,0>) -> f32
      {END}"""
    with pytest.raises(UserError, match="f32 is no signal"):
        parse(text, '{-# resources: { t: "0x0000000000000000" } #-}')


def test_a_memory_becomes_only_itself() -> None:
    text = f"""%m = rtl.ram : {MEMORY}
      %n = rtl.ram : {MEMORY}
      %w = rtl.write %m, %a, %x, %e : {WRITE}
      rtl.next update (%m = %m, %n = %w) : ({MEMORY}, {MEMORY}, {MEMORY}, {MEMORY}) -> ()"""
    with pytest.raises(UserError, match="a memory becomes itself, with words written"):
        parse(text)


def test_memories_may_be_read_between_writes() -> None:
    parse(f"""%m = rtl.ram : {MEMORY}
      %v = rtl.write %m, %a, %x, %e : {WRITE}
      %y = rtl.read %v, %a : {READ}
      %w = rtl.write %v, %a, %y, %e : {WRITE}
      rtl.next output (%y) update (%m = %w) : (!fx.s<8,0>, {MEMORY}, {MEMORY}) -> ()""")
