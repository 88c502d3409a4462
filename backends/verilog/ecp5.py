"""Multipliers and memories of ECP5, with the registers that they have inside.

Lattice describes the blocks in FPGA-TN-02205 (sysDSP) and FPGA-TN-02204 (memory). What is used of
them: MULT18X18D with operands in the highest of 18 signed bits, registers on both inputs or on none, and
one on the product; DP16KD as two memories that are only read, with or without the register on their
outputs. All registers share the clock, take a value in each cycle, and are never reset.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

from lstmir.backends.verilog.blocks import Multiplier, ReadOnlyMemory, Signal
from lstmir.backends.verilog.lines import INDENT
from lstmir.backends.verilog.names import Names

FAMILY = "ecp5"
_OPERAND, _PRODUCT = 18, 36
_ROWS, _ROW, _ADDRESS_PINS = 1024, 18, 14
"""A DP16KD has so many rows of so many bits, or twice as many of half as many."""
_WORDS_A_PARAMETER, _PADDED = 16, 20
_COLUMNS = 100


def multiplier(block: Multiplier, names: Names) -> list[str] | None:
    """A MULT18X18D; None if its numbers are too wide for it. `names` knows those of the ports.

    Zeros below the operands need no routes, as signs above them would; they shift the product.
    """
    widths = [type_.width + (not type_.signed) for _, type_ in block.factors]
    if max(widths) > _OPERAND or block.product[1].width > sum(widths):
        return None
    low = sum(_OPERAND - width for width in widths)
    inputs = '"CLK0"' if block.registered else '"NONE"'
    parameters = {
        "REG_INPUTA_CLK": inputs, "REG_INPUTB_CLK": inputs, "REG_OUTPUT_CLK": '"CLK0"',
        "GSR": '"DISABLED"',
    }  # fmt: skip
    ports = {"CLK0": "clk", "CE0": "1'b1", "RST0": "1'b0", "SIGNEDA": "1'b1", "SIGNEDB": "1'b1",
             "SOURCEA": "1'b0", "SOURCEB": "1'b0"}  # fmt: skip
    a, b, p = (names.take(name) for name in "abp")
    ports |= _pins("A", a, _OPERAND) | _pins("B", b, _OPERAND)
    ports |= _pins("P", p, block.product[1].width, first=low)
    return [
        *(_raised(wire, factor) for wire, factor in zip((a, b), block.factors, strict=True)),
        *result(p, block.product),
        *_instance("MULT18X18D", parameters, names.take("block"), ports, 1),
    ]


def result(wire: str, signal: Signal) -> list[str]:
    """The wires that blocks drive, and the port that they are."""
    name, type_ = signal
    return [
        f"{INDENT}wire [{type_.width - 1}:0] {wire};",
        f"{INDENT}assign {name} = {wire};",
        "",
    ]


def memory(
    block: ReadOnlyMemory, words: Sequence[int], wire: str, names: Names, depth: int
) -> list[str] | None:
    """As many DP16KD as the words are wide, which drive a wire; None if there are too many words.

    `names` are those that are taken, `depth` is that of the text.
    """
    width = block.word[1].width
    rows, row = (_ROWS, _ROW) if len(words) <= _ROWS else (2 * _ROWS, _ROW // 2)
    if len(words) > rows:
        return None
    # Few words leave half of the rows to the second port.
    ports = 2 if 2 * len(words) <= rows else 1
    mode = '"OUTREG"' if block.cycles == 2 else '"NOREG"'
    fixed = {"DATA_WIDTH_A": str(row), "DATA_WIDTH_B": str(row), "REGMODE_A": mode,
             "REGMODE_B": mode, "GSR": '"DISABLED"'}  # fmt: skip
    lines: list[str] = []
    for number, low in enumerate(range(0, width, ports * row)):
        lows = range(low, min(width, low + ports * row), row)
        pins: dict[str, str] = {}
        for upper, (port, bit) in enumerate(zip("AB", lows, strict=False)):
            pins |= _read_port(port, block.address, rows, is_upper=upper == 1)
            pins |= _pins(f"DO{port}", wire, min(row, width - bit), bit)
        initial = _initial(_content(words, lows, rows, row), row)
        lines += _instance("DP16KD", fixed | initial, names.take(f"block_{number}"), pins, depth)
    return lines


def _read_port(port: str, address: Signal, rows: int, *, is_upper: bool) -> dict[str, str]:
    """A port that reads in every cycle, from the upper half of the rows or from the lower one."""
    name, type_ = address
    width = rows.bit_length() - 1
    wires = [name] if type_.width == 1 else [f"{name}[{bit}]" for bit in range(type_.width)]
    wires += ["1'b0"] * (width - type_.width)
    if is_upper:
        wires[-1] = "1'b1"
    wires = ["1'b0"] * (_ADDRESS_PINS - width) + wires
    pins = {f"CLK{port}": "clk", f"CE{port}": "1'b1", f"OCE{port}": "1'b1", f"WE{port}": "1'b0",
            f"RST{port}": "1'b0"}  # fmt: skip
    pins |= {f"CS{port}{index}": "1'b0" for index in range(3)}
    return pins | {f"AD{port}{index}": wire for index, wire in enumerate(wires)}


def _content(words: Sequence[int], lows: range, rows: int, row: int) -> list[int]:
    """The rows of a block: those of its first port, in the upper half those of the second."""
    content = [0] * rows
    for upper, low in enumerate(lows):
        for index, word in enumerate(words):
            content[upper * rows // 2 + index] = word >> low & (1 << row) - 1
    return content


def _initial(content: list[int], row: int) -> dict[str, str]:
    """Parameters that have 16 words of 18 bits each, with two zeros above every one."""
    if row < _ROW:
        pairs = zip(content[::2], content[1::2], strict=True)
        content = [low | high << row for low, high in pairs]
    found = {}
    for number, start in enumerate(range(0, len(content), _WORDS_A_PARAMETER)):
        part = content[start : start + _WORDS_A_PARAMETER]
        value = sum(word << _PADDED * index for index, word in enumerate(part))
        if value:
            found[f"INITVAL_{number:02X}"] = f"320'h{value:080x}"
    return found


# Bits are taken of wires without a sign: Yosys looks up a block that a signed one is connected to.


def _raised(wire: str, signal: Signal) -> str:
    """An operand of the multiplier: zeros stand below it, and its sign above, if it has none."""
    name, type_ = signal
    sign = "" if type_.signed else "1'b0, "
    less = _OPERAND - type_.width - (not type_.signed)
    zeros = f", {less}'b0" if less else ""
    text = f"{{{sign}{name}{zeros}}}" if sign or zeros else name
    return f"{INDENT}wire [{_OPERAND - 1}:0] {wire} = {text};"


def _pins(name: str, wire: str, count: int, low: int = 0, first: int = 0) -> dict[str, str]:
    """Pins from the `first` one on, connected to the bits of a wire from the `low` one on."""
    return {f"{name}{first + index}": f"{wire}[{low + index}]" for index in range(count)}


def _instance(
    kind: str, parameters: dict[str, str], name: str, ports: dict[str, str], depth: int
) -> Iterator[str]:
    margin = INDENT * depth
    yield f"{margin}{kind} #("
    rows = [f"{margin}{INDENT}.{key}({value})" for key, value in parameters.items()]
    yield from (f"{row}," for row in rows[:-1])
    yield rows[-1]
    yield f"{margin}) {name} ("
    connected = ", ".join(f".{port}({wire})" for port, wire in ports.items())
    inner = margin + INDENT
    yield from wrap(connected, _COLUMNS, initial_indent=inner, subsequent_indent=inner)
    yield f"{margin});"
