"""The registers of a design as a host sees them: the one table that hardware, driver and manual share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from lstmir.interpreter.streams import beat_width
from lstmir.numeric.fixed import FixedType
from lstmir.passes.machine.program import Program

ADDRESS_BITS = 8
WORD_BYTES = 4
IDENTIFICATION = int.from_bytes(b"LSTM", "big")
VERSION = 1


@dataclass(frozen=True)
class Field:
    """Neighbouring bits of a register."""

    name: str
    low: int
    width: int
    what: str


@dataclass(frozen=True)
class Register:
    """A word of 32 bits. `access` is `read` or `read and write`; `reset` what it holds after a reset.

    A constant of the design has no `reset`: `constants` says what it is.
    """

    name: str
    address: int
    what: str
    access: str = "read"
    reset: int | None = 0
    fields: tuple[Field, ...] = ()


_FORMAT = (
    Field("width", 0, 8, "bits of an element"),
    Field("beat", 8, 8, "bits of a word, to which an element is extended by its sign or by zeros"),
    Field("fraction", 16, 15, "fraction bits, a number in two's complement"),
    Field("signed", 31, 1, "1: two's complement; 0: natural numbers"),
)

MEMORY_MAP = (
    Register("identification", 0x00, 'the letters "LSTM", the first one highest', reset=None),
    Register("version", 0x04, "the version of this memory map", reset=None),
    Register(
        "control", 0x08, "what the design does", "read and write", 0b1,
        (
            Field("enable", 0, 1, "1: beats are accepted. 0: none is, and what is under way goes on"),
            Field("once", 1, 1, "1: `enable` becomes 0 behind the last beat of the next packet"),
            Field("watch", 2, 1, "1: saturations are counted"),
            Field("clear", 3, 1, "write 1: what is under way is lost, as in a reset; reads as 0"),
            Field("clear_counts", 4, 1, "write 1: all counts become 0; reads as 0"),
        ),
    ),
    Register(
        "status", 0x0C, "what the design is doing; neither bit: it waits for a packet", reset=0,
        fields=(
            Field("idle", 0, 1, "nothing is under way, and nothing is accepted"),
            Field("busy", 1, 1, "from a packet's first beat in to its last beat out"),
        ),
    ),
    Register("packets_answered", 0x10, "packets whose result has left"),
    Register("packets_refused", 0x14, "malformed packets that were answered by a beat of zeros"),
    Register("cycles_last", 0x18, "cycles in which the last packet was under way, and none before it"),
    Register(
        "cycles_total_low", 0x1C, "cycles in which packets were under way: the low word. "
        "Reading it keeps the high word of that moment",
    ),
    Register("cycles_total_high", 0x20, "the high word, as it was when the low one was last read"),
    Register("saturations", 0x24, "values of the tails that were clipped to the ends of their format"),
    Register("input_format", 0x28, "the elements of the first input", reset=None, fields=_FORMAT),
    Register("output_format", 0x2C, "the elements of the first result", reset=None, fields=_FORMAT),
    Register("input_length", 0x30, "beats of a step", reset=None),
    Register(
        "output_length", 0x34, "beats of a result", reset=None,
        fields=(
            Field("beats", 0, 31, "beats"),
            Field("every_step", 31, 1, "1: each step has a result; 0: a packet has one"),
        ),
    ),
)  # fmt: skip
"""All registers, in the order of their addresses, without gaps."""


def constants(program: Program) -> dict[str, int]:
    """What the registers hold that a design cannot change."""
    result = program.result
    return {
        "identification": IDENTIFICATION,
        "version": VERSION,
        "input_format": format_word(*program.input_types),
        "output_format": format_word(*program.result_types),
        "input_length": program.beats_in,
        "output_length": program.beats_out | result.every_step << 31,
    }


def format_word(element: FixedType, *others: FixedType) -> int:
    """The format of a stream's first port as the registers tell it; a word holds those of `others`."""
    fraction = element.frac & 0x7FFF
    width = beat_width(element, *others)
    return element.width | width << 8 | fraction << 16 | element.signed << 31


def as_json(known: Mapping[str, int]) -> dict[str, Any]:
    """The memory map as data; `known` are a design's constants."""
    registers = [{**asdict(register), "value": known.get(register.name)} for register in MEMORY_MAP]
    return {"address_bits": ADDRESS_BITS, "word_bytes": WORD_BYTES, "registers": registers}


def as_markdown(name: str, known: Mapping[str, int]) -> str:
    """The memory map as a page."""
    lines = [
        f"# The registers of {name}", "",
        f"An AXI4-Lite subordinate of {8 * WORD_BYTES} bits with {ADDRESS_BITS} bits of address, of which",
        "the low two are ignored. Any other address answers SLVERR, as does writing what can only be",
        "read. Counts wrap around.",
        "", "| address | register | access | after reset | what |", "| --- | --- | --- | --- | --- |",
    ]  # fmt: skip
    for each in MEMORY_MAP:
        value = known.get(each.name, each.reset)
        lines.append(
            f"| 0x{each.address:02X} | `{each.name}` | {each.access} | 0x{value:08X} | {each.what} |"
        )
    for each in MEMORY_MAP:
        if each.fields:
            lines += ["", f"## {each.name}", "", "| bits | field | what |", "| --- | --- | --- |"]
            lines += [
                f"| {_bits(field)} | `{field.name}` | {field.what} |" for field in each.fields
            ]
    return "\n".join(lines) + "\n"


def _bits(field: Field) -> str:
    high = field.low + field.width - 1
    return str(high) if field.width == 1 else f"{high}:{field.low}"
