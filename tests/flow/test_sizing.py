"""What goes where, in designs of a few operations: as it is counted, and as Yosys finds it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from lstmir import dialects
from lstmir.backends.verilog.printer import print_design
from lstmir.flow.sizing.choices import choice_luts
from lstmir.flow.sizing.counting import Counting
from lstmir.flow.sizing.memories import cheapest
from lstmir.flow.sizing.netlist import Netlist
from lstmir.flow.sizing.roms import distinct_bits, varying_bits
from lstmir.flow.sizing.rules import RULES
from lstmir.flow.synthesis import Synthesis, synthesize
from lstmir.interpreter.rtl_design import read_design
from lstmir.ir.module import Module
from lstmir.syntax.parser import parse_module
from lstmir.targets import PARTS


@dataclass(frozen=True)
class Design:
    """Lines between the inputs a, b, c, d, of 8 bits, and the next values of registers.

    `kinds` is what is counted on 7-series; `cells` are LUTs, flip-flops, DSP and memory blocks there.
    `words` are those of the constant memory @words, in hexadecimal.
    """

    lines: str
    result: str
    type: str
    nexts: dict[str, str]
    kinds: dict[str, int]
    cells: tuple[int, int, int, int] | None = None
    ports: str = field(
        default="%a: !fx.s<8,0>, %b: !fx.s<8,0>, %c: !fx.s<8,0>, %d: !fx.s<8,0>, %n: i1"
    )
    words: str = ""

    def module(self) -> Module:
        """The design, at level 5."""
        dialects.load()
        nexts = ", ".join(f"%{state} = %{value}" for state, value in self.nexts.items())
        types = dict(re.findall(r"%(\w+) = rtl.reg : (\S+)", self.lines))
        pairs = "".join(f", {types[state]}, {types[state]}" for state in self.nexts)
        body = "\n    ".join(line.strip() for line in self.lines.strip().splitlines())
        resources = (
            f'{{-# resources: {{\n  words: "0x{self.words}"\n}} #-}}\n' if self.words else ""
        )
        return parse_module(
            "module @few {\n"
            f'  func @few({self.ports}) -> ({self.type}) attributes {{outputs = ["q"]}} {{\n'
            f"    {body}\n"
            f"    rtl.next output (%{self.result}) update ({nexts}) : ({self.type}{pairs}) -> ()\n  }}\n}}\n"
            + resources
        )


def chain(names: str, bits: int = 8) -> str:
    """Registers."""
    return "".join(f"%{name} = rtl.reg : !fx.s<{bits},0>\n" for name in names.split())


MUL = "(!fx.s<8,0>, !fx.s<8,0>) -> !fx.s<16,0>"
ADD = "(!fx.s<16,0>, !fx.s<16,0>) -> !fx.s<17,0>"
DESIGNS = {
    "registers in a row are a shift register": Design(
        chain("p q r s"), "s", "!fx.s<8,0>", {"p": "a", "q": "p", "r": "q", "s": "r"},
        {"shift": 8, "ff_logic": 0, "ff_delay": 0}, (8, 0, 0, 0),
    ),
    "two are none": Design(
        chain("p q"), "q", "!fx.s<8,0>", {"p": "a", "q": "p"}, {"shift": 0}, (0, 16, 0, 0),
    ),
    "all of a shift register may wait": Design(
        chain("p q r") + """
        %x = arith.select %n, %a, %p : (i1, !fx.s<8,0>, !fx.s<8,0>) -> !fx.s<8,0>
        %y = arith.select %n, %p, %q : (i1, !fx.s<8,0>, !fx.s<8,0>) -> !fx.s<8,0>
        %z = arith.select %n, %q, %r : (i1, !fx.s<8,0>, !fx.s<8,0>) -> !fx.s<8,0>
        """, "r", "!fx.s<8,0>", {"p": "x", "q": "y", "r": "z"}, {"shift": 8}, (8, 0, 0, 0),
    ),
    "one that waits alone ends it": Design(
        chain("p q r") + """
        %z = arith.select %n, %q, %r : (i1, !fx.s<8,0>, !fx.s<8,0>) -> !fx.s<8,0>
        """, "r", "!fx.s<8,0>", {"p": "a", "q": "p", "r": "z"}, {"shift": 0}, (0, 24, 0, 0),
    ),
    "a block has a sum and the registers around it": Design(
        chain("x y") + chain("p", 16) + chain("s", 17) + f"""
        %m = arith.mul %x, %y : {MUL}
        %w = fx.requantize %c {{rounding = "floor", overflow = "wrap"}} : (!fx.s<8,0>) -> !fx.s<16,0>
        %t = arith.add %p, %w : {ADD}
        """, "s", "!fx.s<17,0>", {"x": "a", "y": "b", "p": "m", "s": "t"},
        {"sum": 0, "product_sum": 17, "ff_logic": 0, "ff_product": 0}, (0, 0, 1, 0),
    ),
    "a block adds one of two products": Design(
        chain("p q", 16) + chain("s", 17) + f"""
        %m = arith.mul %a, %b : {MUL}
        %o = arith.mul %c, %d : {MUL}
        %t = arith.add %p, %q : {ADD}
        """, "s", "!fx.s<17,0>", {"p": "m", "q": "o", "s": "t"}, {"sum": 0, "product_sum": 17}, (0, 0, 2, 0),
    ),
    "a product that waits twice is added outside": Design(
        chain("p q r u", 16) + chain("s", 17) + f"""
        %m = arith.mul %a, %b : {MUL}
        %w = fx.requantize %c {{rounding = "floor", overflow = "wrap"}} : (!fx.s<8,0>) -> !fx.s<16,0>
        %t = arith.add %q, %u : {ADD}
        """, "s", "!fx.s<17,0>", {"p": "m", "q": "p", "u": "w", "r": "q", "s": "t"},
        {"sum": 17, "product_sum": 0, "ff_delay": 0},
    ),
    "the highest bits of a sum that wraps are not made": Design(
        chain("s") + """
        %m = arith.add %a, %b : (!fx.s<8,0>, !fx.s<8,0>) -> !fx.s<9,0>
        %t = fx.requantize %m {rounding = "floor", overflow = "wrap"} : (!fx.s<9,0>) -> !fx.s<8,0>
        """, "s", "!fx.s<8,0>", {"s": "t"}, {"sum": 8, "ff_logic": 8}, (8, 8, 0, 0),
    ),
    "above a natural number only a carry is added": Design(
        chain("s", 17) + """
        %t = arith.add %a, %b : (!fx.s<16,0>, !fx.u<6,0>) -> !fx.s<17,0>
        """, "s", "!fx.s<17,0>", {"s": "t"}, {"sum": 6, "step": 11}, (6, 17, 0, 0),
        ports="%a: !fx.s<16,0>, %b: !fx.u<6,0>",
    ),
    "a sign is added up to the top": Design(
        chain("s", 17) + """
        %t = arith.add %a, %b : (!fx.s<16,0>, !fx.s<6,0>) -> !fx.s<17,0>
        """, "s", "!fx.s<17,0>", {"s": "t"}, {"sum": 17, "step": 0},
        ports="%a: !fx.s<16,0>, %b: !fx.s<6,0>",
    ),
    "where a term ends in zeros a sum is wires": Design(
        chain("s", 17) + """
        %z = rtl.literal {integer = 0} : !fx.u<4,0>
        %w = rtl.concat %b, %z : (!fx.u<6,0>, !fx.u<4,0>) -> !fx.u<10,0>
        %t = arith.add %a, %w : (!fx.s<16,0>, !fx.u<10,0>) -> !fx.s<17,0>
        """, "s", "!fx.s<17,0>", {"s": "t"}, {"sum": 6, "step": 7}, (6, 17, 0, 0),
        ports="%a: !fx.s<16,0>, %b: !fx.u<6,0>",
    ),
    "a table's words end in zeros, too, behind registers": Design(
        "%m = tensor.constant @words : tensor<4x!fx.u<10,0>>\n%w = rtl.reg : !fx.u<10,0>\n"
        + chain("s", 17) + """
        %r = rtl.read %m, %b : (tensor<4x!fx.u<10,0>>, !fx.u<2,0>) -> !fx.u<10,0>
        %t = arith.add %a, %w : (!fx.s<16,0>, !fx.u<10,0>) -> !fx.s<17,0>
        """, "s", "!fx.s<17,0>", {"w": "r", "s": "t"}, {"sum": 5, "step": 8}, (5, 19, 0, 0),
        ports="%a: !fx.s<16,0>, %b: !fx.u<2,0>",
        words="1000b0025001f003",
    ),
    "a counter takes no tables": Design(
        "%s = rtl.reg : !fx.u<8,0>\n%one = rtl.literal {integer = 1} : !fx.u<1,0>\n" + """
        %m = arith.add %s, %one : (!fx.u<8,0>, !fx.u<1,0>) -> !fx.u<9,0>
        %t = fx.requantize %m {rounding = "floor", overflow = "wrap"} : (!fx.u<9,0>) -> !fx.u<8,0>
        """, "s", "!fx.u<8,0>", {"s": "t"}, {"sum": 0, "step": 8}, (0, 8, 0, 0),
    ),
    "three terms are two sums": Design(
        chain("s", 10) + """
        %t = arith.add %a, %b, %c : (!fx.s<8,0>, !fx.s<8,0>, !fx.s<8,0>) -> !fx.s<10,0>
        """, "s", "!fx.s<10,0>", {"s": "t"}, {"sum": 20, "step": 0},
    ),
    "a sum that is a term of another one has no chain of its own": Design(
        chain("s", 10) + """
        %t = arith.add %a, %b : (!fx.s<8,0>, !fx.s<8,0>) -> !fx.s<9,0>
        %u = arith.add %t, %c : (!fx.s<9,0>, !fx.s<8,0>) -> !fx.s<10,0>
        """, "s", "!fx.s<10,0>", {"s": "u"}, {"sum": 10, "carry_save": 9},
    ),
    "one that is held in between has": Design(
        chain("p", 9) + chain("s", 10) + """
        %t = arith.add %a, %b : (!fx.s<8,0>, !fx.s<8,0>) -> !fx.s<9,0>
        %u = arith.add %p, %c : (!fx.s<9,0>, !fx.s<8,0>) -> !fx.s<10,0>
        """, "s", "!fx.s<10,0>", {"p": "t", "s": "u"}, {"sum": 19, "carry_save": 0},
    ),
    "registers that wait together are told so once": Design(
        chain("p q") + """
        %x = arith.select %n, %a, %p : (i1, !fx.s<8,0>, !fx.s<8,0>) -> !fx.s<8,0>
        %y = arith.select %n, %b, %q : (i1, !fx.s<8,0>, !fx.s<8,0>) -> !fx.s<8,0>
        %t = rtl.concat %p, %q : (!fx.s<8,0>, !fx.s<8,0>) -> !fx.u<16,0>
        """, "t", "!fx.u<16,0>", {"p": "x", "q": "y"}, {"control": 1, "ff_logic": 16},
    ),
}  # fmt: skip


def test_a_constant_memory_has_the_bits_that_vary() -> None:
    words = np.array([0b0101, 0b0101, 0b0110])
    assert varying_bits(words, 4) == 3  # a fourth word, of zeros, fills it up
    assert distinct_bits(words, 4) == 3
    assert distinct_bits(np.array([0b11, 0b00]), 2) == 1


def test_a_choice_beyond_what_was_measured_is_in_proportion() -> None:
    measured = RULES["xc7"].choices
    assert choice_luts(16, measured) == measured[16]
    assert choice_luts(2 * (len(measured) - 1), measured) == 2 * measured[-1]


MEMORIES = {  # words, bits: blocks of 18 Kbit
    (512, 36): 1,
    (2048, 9): 1,
    (4096, 64): 15,  # two rows of 2048 words, whose 128 bits share blocks
    (16384, 32): 29,
    (16384, 64): 58,  # 29 of 36 Kbit: the more rows, the more is to be chosen from
}


@pytest.mark.parametrize("shape", MEMORIES, ids=str)
def test_a_memory_takes_the_blocks_that_yosys_finds_cheapest(shape: tuple[int, int]) -> None:
    assert cheapest(*shape, RULES["xc7"].shapes).blocks == MEMORIES[shape]


def counting(design: Design) -> Counting:
    module = design.module()
    return Counting(Netlist(read_design(module.main), module.resources), RULES["xc7"])


def counted(module: Module, part: str, folder: Path) -> Synthesis:
    """What Yosys finds."""
    files = print_design(module)
    for name, text in files.items():
        (folder / name).write_text(text)
    return synthesize([folder / name for name in files if name.endswith(".v")], "few", PARTS[part])


@pytest.mark.parametrize("name", DESIGNS)
def test_what_is_counted(name: str) -> None:
    design = DESIGNS[name]
    found = counting(design).kinds
    assert {kind: found[kind] for kind in design.kinds} == design.kinds


@pytest.mark.needs("pyosys")
@pytest.mark.parametrize("name", [name for name, design in DESIGNS.items() if design.cells])
def test_so_does_yosys(name: str, tmp_path: Path) -> None:
    found = counted(DESIGNS[name].module(), "xc7z020", tmp_path)
    assert (found.lut, found.ff, found.dsp, found.bram) == DESIGNS[name].cells, found.reason


@pytest.mark.needs("pyosys")
@pytest.mark.parametrize(
    ("name", "luts"),
    [
        ("a sum that is a term of another one has no chain of its own", 10 + 2 * 8),
        ("one that is held in between has", 10 + 10),
    ],
)
def test_yosys_saves_the_carries_of_terms(name: str, luts: int, tmp_path: Path) -> None:
    assert counted(DESIGNS[name].module(), "ecp5-85k", tmp_path).lut == luts
