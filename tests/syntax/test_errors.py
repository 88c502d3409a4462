"""What is said of text that no file would hold: too long, or too deep.

All other mistakes, with what is said and where, stand in tests/filetests/errors.
"""

from __future__ import annotations

import pytest

from lstmir.ir.diagnostics import UserError
from lstmir.syntax.parser import parse_module

DEEP = 10_000

RETURN = "return : () -> ()"
LOOP = ("tile.for index (%i) {", "tile.yield : () -> ()", "} {trip = 1} : () -> ()")
GENERIC_LOOP = (
    '"tile.for"() ({^(%i: i32):',
    '"tile.yield"() : () -> ()',
    "}) {trip = 1, segments = [0, 0]} : () -> ()",
)


def body(*lines: str) -> str:
    """A function of a float; the first of the lines is line 3."""
    inner = "\n".join(f"    {line}" for line in lines)
    return f"module @m {{\n  func @main(%x: f32) {{\n{inner}\n  }}\n}}\n"


def nested(depth: int, loop: tuple[str, str, str] = LOOP) -> str:
    """Loops in loops; each begins a line."""
    begin, end, close = loop
    return body(*[begin] * depth, end, *[f"{close}\n{end}"] * (depth - 1), close, RETURN)


def attribute(value: str) -> str:
    """A module with an attribute; its value begins in column 27."""
    return f"module @m attributes {{a = {value}}} {{}}"


def refusals(text: str) -> list[str]:
    """The first line of each error, from the line's number on; never more than a person reads."""
    with pytest.raises(UserError) as error:
        parse_module(text, "f")
    lines = [str(diagnostic).splitlines()[0] for diagnostic in error.value.diagnostics]
    assert len(lines) <= 100
    assert all(len(line) < 300 for line in lines)
    return [line.removeprefix("f:") for line in lines]


NINES = "9" * 5000
PINNED = {
    "width of many digits": (
        body(f"%z = rtl.literal {{integer = 0}} : !fx.u<{NINES},0>", RETURN),
        "3:38: error: 99999999999999999999… is too large a number for a type",
    ),
    "axis of many digits": (
        body(f"%z = arith.neg %x : tensor<{NINES}xf32>", RETURN),
        "3:25: error: 99999999999999999999… is too large a number for a type",
    ),
    "attribute of many digits": (
        attribute(NINES),
        "1:27: error: an integer has at most 1000 digits",
    ),
    "deep regions": (nested(DEEP), "67:5: error: regions are nested deeper than 64"),
    "deep regions in the generic form": (
        nested(DEEP, GENERIC_LOOP),
        "67:5: error: regions are nested deeper than 64",
    ),
    "a region too deep": (nested(65), "67:5: error: regions are nested deeper than 64"),
    "deep lists": (
        attribute("[" * DEEP + "]" * DEEP),
        "1:23: error: attributes are nested too deep",
    ),
    "a list too deep": (
        attribute("[" * 64 + "]" * 64),
        "1:23: error: attributes are nested too deep",
    ),
}


@pytest.mark.parametrize("case", PINNED)
def test_message_and_place(case: str) -> None:
    text, expected = PINNED[case]
    assert refusals(text)[0] == expected


# Each is written on one line: what is unexpected in it depends on the grammar, its line does not.
DEEP_TEXTS = {
    "dictionaries": (1, attribute("{a = " * DEEP + "1" + "}" * DEEP)),
    "lists without end": (1, "module @m attributes {a = " + "[" * DEEP),
    "braces": (1, "module @m " + "{" * DEEP),
    "parentheses": (3, body(f"%z = arith.neg {'(' * DEEP}%x{')' * DEEP} : f32", RETURN)),
    "parentheses of types": (3, body(f"%z = arith.neg %x : {'(' * DEEP}f32{')' * DEEP}", RETURN)),
    "parts": (3, body(f"%z = rnn.scan {'(%a = %x) ' * DEEP}{{ {RETURN} }} : f32", RETURN)),
    "tensors": (3, body(f"%z = arith.neg %x : {'tensor<2x' * DEEP}f32{'>' * DEEP}", RETURN)),
    "angles": (3, body(f"%z = arith.neg %x : tensor<{'<' * DEEP}{'>' * DEEP}", RETURN)),
    "generic regions": (3, body(f'"tile.for"() {"({^(): " * DEEP}', RETURN)),
}


@pytest.mark.parametrize("case", DEEP_TEXTS)
def test_depth_is_refused_where_it_is(case: str) -> None:
    line, text = DEEP_TEXTS[case]
    assert refusals(text)[0].startswith(f"{line}:")


def test_regions_without_end() -> None:
    assert refusals(body(*[LOOP[0]] * DEEP))


def test_what_is_just_deep_enough_is_legal() -> None:
    for text in (nested(64), nested(64, GENERIC_LOOP), attribute("[" * 63 + "]" * 63)):
        parse_module(text)


def test_the_character_zero() -> None:
    assert refusals(body("%z = \x00", RETURN))[0].startswith(
        "3:10: error: unexpected the character U+0000; expected "
    )
