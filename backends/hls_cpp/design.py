"""Prints a module of level 4 as HLS C++."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

# The rules enter themselves.
from lstmir.backends.hls_cpp import arrays, loops, scalars  # noqa: F401
from lstmir.backends.hls_cpp.check import check
from lstmir.backends.hls_cpp.names import identifier
from lstmir.backends.hls_cpp.program import OWN_NAMES, Program
from lstmir.interpreter.streams import Part, StreamFormat
from lstmir.ir.module import Function, Module
from lstmir.ir.operation import Value
from lstmir.ir.steps import width_of
from lstmir.ir.types import element_of, shape_of
from lstmir.numeric.fixed import FixedType

TEMPLATES = Path(__file__).with_name("templates")
PRINTED = ("weights.h", "testbench.cpp", "Makefile", "vitis_hls.tcl")
"""The files that are filled in for a design, beside the two that bear its name."""

LIBRARY = ("packet.h", "stream.h", "tile.h")
"""The headers that are the same for every design."""

DEFAULT_PART = "xc7z020clg400-1"
DEFAULT_CLOCK_NS = 10.0

_TAKEN = {*OWN_NAMES, "hls", "main", "std", "stream", "testbench", "weights"}
_WIDE = 512


def design_name(module: Module) -> str:
    """The name of the top function, and of its files: the module's, as far as C++ allows it."""
    name = identifier(module.name)
    return f"{name}_design" if name in _TAKEN else name


def print_design(
    module: Module,
    *,
    part: str = DEFAULT_PART,
    clock_ns: float = DEFAULT_CLOCK_NS,
    vectors: str = "",
) -> dict[str, str]:
    """The files of a design, by name: C++14 for the vendor's tool, and for g++ with ap_fixed.h.

    `NAME.h` and `NAME.cpp` hold the function `NAME` (see `design_name`), which runs one packet.
    `weights.h` holds its constants, three headers what all designs share. `testbench.cpp` compares
    it with vectors; the `Makefile` runs that, and `vitis_hls.tcl` the vendor's tool for a `part`
    at a clock; the names of its vectors begin with `vectors`. The same module gives the same text.

    Raises `UserError` with every operation that has no HLS C++: what is printed is level 4 once
    matrices are packed, on fixed point.
    """
    check(module)
    name = design_name(module)
    program = Program(module, name)
    loops.read_packet(program, module.main.parameters)
    program.region(module.main.region)
    words = _words(program, module.main, name)
    words |= {"part": part, "clock_ns": f"{clock_ns:g}", "vectors": vectors}
    own = {f"{name}.h": "design.h", f"{name}.cpp": "design.cpp"}
    files = own | {file: file for file in (*PRINTED, *LIBRARY)}
    return {file: _filled(template, words) for file, template in files.items()}


def _words(program: Program, function: Function, name: str) -> dict[str, str]:
    parameters, results = function.parameters, program.sequences.results
    reshapes = [f"#pragma HLS {pragma}" for pragma in program.stored_pragmas()]
    return {
        "name": name,
        "guard": name.upper(),
        "step": str(sum(map(width_of, parameters))),
        "answer": _answer(program, results),
        "behind": ",\n// behind those of its whole steps" if program.answers_at_once else "",
        **_port("input", parameters, [width_of(value) for value in parameters]),
        **_port("output", results, _sizes(program, results)),
        "types": program.type.definitions(),
        "constants": program.constants.definitions(),
        "body": "\n".join([*reshapes, program.writer.text()]),
        "limit": _limit(program.type.widest),
        "most_steps": _limit_of_steps(program),
    }


def _answer(program: Program, results: Sequence[Value]) -> str:
    """How many beats leave, and what else there is to say of packets."""
    words = sum(_sizes(program, results))
    return f"{words} beats for each step" if program.sequences.gives_steps else f"{words} beats"


def _sizes(program: Program, results: Sequence[Value]) -> list[int]:
    """Words of each result, in a step where there are steps."""
    if program.sequences.gives_steps:
        return [width_of(value) for value in results]
    return [shape_of(value.type)[0] or 0 for value in results]


def _limit_of_steps(program: Program) -> str:
    """The room of buffers, for designs that must keep sequences."""
    if program.sequences.is_streamed:
        return ""
    return (
        "\n// Steps that a packet may have; a longer one is dropped like one that ends inside a step.\n"
        f"const int MOST_STEPS = {program.sequences.room()};\n"
    )


def _port(kind: str, values: Sequence[Value], sizes: Sequence[int]) -> dict[str, str]:
    parts = [Part(_format(value), size) for value, size in zip(values, sizes, strict=True)]
    told = [f"{size} of {element}" for element, size in parts]
    return {
        f"{kind}_format": ", then ".join(told) if told[1:] else str(parts[0].element),
        f"{kind}_width": str(StreamFormat(tuple(parts)).word_width),
    }


def _format(value: Value) -> FixedType:
    element = element_of(value.type)
    assert isinstance(element, FixedType)
    return element


def _limit(widest: int) -> str:
    """ap_fixed's own results are wider than ours; its headers allow 1024 bits unless told."""
    if widest <= _WIDE:
        return ""
    return "\n#ifndef AP_INT_MAX_W\n#define AP_INT_MAX_W 4096\n#endif\n"


def _filled(template: str, words: dict[str, str]) -> str:
    """The text of a template, with each `{{word}}` replaced."""
    text = (TEMPLATES / template).read_text("utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda match: words[match[1]], text)
