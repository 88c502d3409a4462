"""What Verilog means, as terms of z3: Yosys reads it, and each cell of its netlist is one term.

Yosys' front end decides what the text says: widths, signs, what an `always` block does. Cells mean
what Yosys' manual says of them. Only the dozen kinds that plain Verilog becomes are known here, and
any other is refused. A wire that nothing drives, or that may be unknown, is a variable of its own:
what is proven holds whatever it is.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import count, groupby
from pathlib import Path
from typing import Any, NamedTuple

import z3

from lstmir.flow.toolchain import yosys_worker
from lstmir.flow.toolchain.process import run
from tests.formal.cells import BINARY, LOGIC, UNARY, Cell
from tests.formal.machine import (
    RESET,
    Machine,
    Memory,
    address_bits,
    content,
    extended,
    part,
    side_by_side,
)
from tests.formal.names import Names

CLOCK = "clk"
PASSES = ("proc", "flatten -noscopeinfo", "memory_collect")
"""From processes to multiplexers and flip-flops, from modules to one, from reads and writes to memories."""

Net = dict[str, Any]


class Unsupported(Exception):
    """Something in a netlist that plain clocked Verilog has no need of."""


def read_verilog(files: Sequence[Path], top: str) -> Net:
    """The netlist of a design, as Yosys' `write_json` has it. Images are looked up in the files' folder."""
    folder = files[0].resolve().parent
    netlist = folder / f"{top}.netlist.json"
    passes = [
        *(f'read_verilog -nomem2reg "{file.resolve()}"' for file in files),
        f"hierarchy -check -top {top}",
    ]
    passes += [*PASSES, f'write_json "{netlist}"']
    command = [sys.executable, "-P", yosys_worker.__file__, "8", *passes]
    run("pyosys", command, folder=folder)
    found: Net = json.loads(netlist.read_text())["modules"][top]
    return found


def meaning(net: Net, names: Names, widths: Mapping[str, int]) -> Machine:
    """A netlist whose registers are exactly those of `widths`, by path."""
    return _Meaning(net, names, widths).machine()


class _Source(NamedTuple):
    """The term that drives a bit, and which bit of it."""

    key: tuple[str, str]
    place: int


class _Meaning:
    def __init__(self, net: Net, names: Names, widths: Mapping[str, int]) -> None:
        self.net, self.names = net, names
        self.cells = {name: Cell.read(name, cell) for name, cell in net["cells"].items()}
        self.memory_cells = {
            cell.text("MEMID"): cell for cell in self.cells.values() if cell.type == "$mem_v2"
        }
        self.contents = {
            path: content(path, address_bits(cell.number("SIZE")), cell.number("WIDTH"))
            for path, cell in self.memory_cells.items()
        }
        self.sources: dict[int, _Source] = {}
        self.terms: dict[tuple[str, str], z3.BitVecRef] = {}
        self.fresh = (f"unknown_{index}" for index in count())
        self.flops = self.flip_flops()
        self.registers = {path: self.register(path, width) for path, width in widths.items()}
        self.inputs = {name: self.port(name) for name in (RESET, *names.inputs.values())}
        self.clock = self.net["ports"][CLOCK]["bits"]
        self.connect()

    # -- what drives each bit ---------------------------------------------------------------

    def variable(self, name: str, bits: Sequence[int]) -> z3.BitVecRef:
        """A variable that drives some bits."""
        key = ("variable", name)
        self.terms[key] = z3.BitVec(name, len(bits))
        self.drive(key, bits)
        return self.terms[key]

    def drive(self, key: tuple[str, str], bits: Sequence[int | str]) -> None:
        for index, bit in enumerate(bits):
            if isinstance(bit, str) or bit in self.sources:
                raise Unsupported(f"{key} drives what is driven already")
            self.sources[bit] = _Source(key, index)

    def port(self, name: str) -> z3.BitVecRef:
        return self.variable(name, self.net["ports"][name]["bits"])

    def register(self, path: str, width: int) -> z3.BitVecRef:
        bits = self.net["netnames"][path]["bits"]
        if len(bits) != width:
            raise Unsupported(f"the register {path} has {len(bits)} bits, not {width}")
        return self.variable(path, bits)

    def flip_flops(self) -> dict[int | str, int | str]:
        """What each bit of a flip-flop takes at the clock edge."""
        taken: dict[int | str, int | str] = {}
        for cell in self.cells.values():
            if cell.type != "$dff":
                continue
            if cell.pins["CLK"] != self.net["ports"][CLOCK]["bits"] or not cell.number(
                "CLK_POLARITY"
            ):
                raise Unsupported(f"{cell.name} has a clock of its own")
            taken |= dict(zip(cell.pins["Q"], cell.pins["D"], strict=True))
        return taken

    def connect(self) -> None:
        """Cells drive the rest."""
        for cell in self.cells.values():
            if cell.type == "$mem_v2":
                width = cell.number("WIDTH")
                for port in range(cell.number("RD_PORTS")):
                    bits = cell.pins["RD_DATA"][port * width : (port + 1) * width]
                    self.drive((cell.name, str(port)), bits)
            elif cell.type != "$dff":
                self.drive((cell.name, "Y"), cell.pins["Y"])

    # -- terms ------------------------------------------------------------------------------

    def term(self, bits: Sequence[int | str]) -> z3.BitVecRef:
        """Some wires side by side, given lowest first."""
        parts = [self.run(sources) for sources in _runs([self.source(bit) for bit in bits])]
        return side_by_side(parts[::-1])

    def source(self, bit: int | str) -> _Source:
        if isinstance(bit, str) and bit in "01":
            return _Source(("constant", bit), 0)
        if isinstance(bit, str) or bit not in self.sources:
            if bit in self.flops:
                raise Unsupported(f"a register that is not listed: {self.name(bit)}")
            unknown = _Source(("variable", next(self.fresh)), 0)
            self.terms[unknown.key] = z3.BitVec(unknown.key[1], 1)
            if isinstance(bit, str):
                return unknown
            self.sources[bit] = unknown
        return self.sources[bit]

    def name(self, bit: int | str) -> str:
        """A net that has this bit; one that the text names, if there is one."""
        names: list[str] = [
            name for name, net in self.net["netnames"].items() if bit in net["bits"]
        ]
        return min(names, key=lambda name: "$" in name)

    def run(self, sources: list[_Source]) -> z3.BitVecRef:
        key, lowest = sources[0]
        if key[0] == "constant":
            return z3.BitVecVal(int(key[1]) * ((1 << len(sources)) - 1), len(sources))
        if key not in self.terms:
            self.terms[key] = self.driven(*key)
        return part(self.terms[key], lowest, len(sources))

    def driven(self, name: str, port: str) -> z3.BitVecRef:
        cell = self.cells[name]
        if cell.type == "$mem_v2":
            return self.read(cell, int(port))
        width = len(cell.pins["Y"])
        operands = {pin: self.term(cell.pins[pin]) for pin in ("A", "B", "S") if pin in cell.pins}
        if cell.type in BINARY:
            return BINARY[cell.type](cell, operands["A"], operands["B"], width)
        if cell.type in UNARY:
            return UNARY[cell.type](cell, operands["A"], width)
        if cell.type in LOGIC:
            return LOGIC[cell.type](operands["A"], operands["B"], operands["S"])
        raise Unsupported(f"{name} is a {cell.type}")

    # -- memories ---------------------------------------------------------------------------

    def read(self, cell: Cell, port: int) -> z3.BitVecRef:
        """What a memory holds now; unknown beyond its last word."""
        bits = cell.number("ABITS")
        if cell.digit("RD_CLK_ENABLE", port) != "0":
            raise Unsupported(f"{cell.name} is read at a clock edge")
        address = self.term(cell.pins["RD_ADDR"][port * bits : (port + 1) * bits])
        memory = self.contents[cell.text("MEMID")]
        word = memory(extended(address, memory.domain(0).size(), signed=False))
        if 1 << bits <= cell.number("SIZE"):
            return word
        unknown = z3.BitVec(next(self.fresh), word.size())
        return z3.If(z3.ULT(address, cell.number("SIZE")), word, unknown)

    def memory(self, path: str) -> Memory:
        """A memory with what it starts as, and what it becomes."""
        cell = self.memory_cells[path]
        if cell.number("OFFSET"):
            raise Unsupported(f"{path} does not begin at address 0")
        words, width, image = cell.number("SIZE"), cell.number("WIDTH"), cell.parameters["INIT"]
        digits = [
            image[len(image) - width * (n + 1) : len(image) - width * n] for n in range(words)
        ]
        if any(set(word) - set("01") for word in digits):
            raise Unsupported(f"{path} starts with words that are unknown")
        initial = tuple(int(word, 2) for word in digits)
        memory = self.contents[path]
        return Memory(memory, words, initial, lambda at: self.written(cell, memory(at), at))

    def written(self, cell: Cell, word: z3.BitVecRef, address: z3.BitVecRef) -> z3.BitVecRef:
        """What becomes of the word at an address; where writes meet, the last one wins."""
        bits, width = cell.number("ABITS"), cell.number("WIDTH")
        for port in range(cell.number("WR_PORTS")):
            self.check_write(cell, port)
            target = self.term(cell.pins["WR_ADDR"][port * bits : (port + 1) * bits])
            lanes = slice(port * width, (port + 1) * width)
            data, mask = (
                self.term(cell.pins["WR_DATA"][lanes]),
                self.term(cell.pins["WR_EN"][lanes]),
            )
            common = max(bits, address.size())
            same = extended(target, common, signed=False) == extended(address, common, signed=False)
            word = z3.If(same, (data & mask) | (word & ~mask), word)
        return word

    def check_write(self, cell: Cell, port: int) -> None:
        ports = cell.number("WR_PORTS")
        if cell.digit("WR_CLK_ENABLE", port) != "1" or cell.digit("WR_CLK_POLARITY", port) != "1":
            raise Unsupported(f"{cell.name} is written at no rising edge")
        if cell.pins["WR_CLK"][port] != self.clock[0]:
            raise Unsupported(f"{cell.name} has a clock of its own")
        if any(
            cell.digit("WR_PRIORITY_MASK", port * ports + before) != "1" for before in range(port)
        ):
            raise Unsupported(f"{cell.name} has writes without an order")

    # -- the whole --------------------------------------------------------------------------

    def machine(self) -> Machine:
        """All states, and the outputs by the names of the ports."""
        outputs = {
            name: self.term(self.net["ports"][name]["bits"]) for name in self.names.outputs.values()
        }
        following = {
            path: self.term(
                [self.flops.get(bit, bit) for bit in self.net["netnames"][path]["bits"]]
            )
            for path in self.registers
        }
        memories = {path: self.memory(path) for path in self.memory_cells}
        return Machine(self.inputs, self.registers, memories, outputs, following)


def _runs(sources: Sequence[_Source]) -> Iterator[list[_Source]]:
    """Neighbouring bits of one driver, and equal constants, together."""

    def place(item: tuple[int, _Source]) -> tuple[tuple[str, str], int]:
        index, source = item
        return source.key, 0 if source.key[0] == "constant" else source.place - index

    for _, group in groupby(enumerate(sources), place):
        yield [source for _, source in group]
