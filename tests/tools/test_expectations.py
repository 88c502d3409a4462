"""Announced errors: every way to say where, and every way to be wrong about it."""

from __future__ import annotations

import pytest

from lstmir.ir.diagnostics import Diagnostic, Location, Source
from lstmir.tools.expectations import differences, split_pieces


def said(text: str, *errors: tuple[str, int] | str) -> list[str]:
    """What differs between a text's announcements and errors at offsets of it (or nowhere)."""
    source = Source("f", text)
    found = [
        Diagnostic(error)
        if isinstance(error, str)
        else Diagnostic(error[0], Location(source, error[1]), notes=("try again", "or not"))
        for error in errors
    ]
    return [str(difference).splitlines()[0] for difference in differences(source, found)]


WRONG = "wrong number"

FITTING = {
    "this line": "ab // expected-error {{wrong}}\n",
    "this line, column": "ab // expected-error@:2 {{wrong number}}\n",
    "no blanks": "ab//expected-error@:2{{wrong}}\n",
    "blanks": "ab //   expected-error@:2  {{wrong}}\n",
    "step down": "ab\n// expected-error@-1 {{number}}\n",
    "step down, column": "ab\n// expected-error@-1:2 {{number}}\n",
    "above": "ab\n// expected-error@above {{number}}\n",
    "above, column": "ab\n// expected-error@above:2 {{number}}\n",
    "no step": "ab // expected-error@+0:2 {{wrong}}\n",
    "note": "ab // expected-error@:2 {{wrong}} // expected-note {{again}}\n",
    "both notes": "ab // expected-error {{wrong}} expected\n"
    "// expected-note@above:2 {{or not}} // expected-note@-1 {{try}}\n",
    "carriage return": "ab // expected-error@:2 {{wrong}}\r\n",
}


@pytest.mark.parametrize("case", FITTING)
def test_what_was_announced(case: str) -> None:
    assert said(FITTING[case], (WRONG, 1)) == []


def test_announced_above_its_line() -> None:
    for where in ("+1", "below", "+1:2", "below:2"):
        text = f"// expected-error@{where} {{{{wrong}}}}\nab\n"
        assert said(text, (WRONG, text.index("b\n"))) == []


def test_announced_without_a_place() -> None:
    assert said("// expected-error@unknown {{wrong}}", WRONG) == []
    assert said("// expected-error {{wrong}}", WRONG) == [
        "error: unexpected error: wrong number",
        "f:1:1: error: expected error was not produced: wrong",
    ]


def test_another_column_is_told() -> None:
    assert said("ab // expected-error@:1 {{wrong}}", (WRONG, 1)) == [
        "f:1:2: error: found in column 2, not 1: wrong number"
    ]


def test_another_line_is_no_match() -> None:
    assert said("ab\n// expected-error@:2 {{wrong}}", (WRONG, 1)) == [
        "f:1:2: error: unexpected error: wrong number",
        "f:2:1: error: expected error was not produced: wrong",
    ]


def test_another_text_is_no_match() -> None:
    assert said("ab // expected-error@:2 {{right}}", (WRONG, 1)) == [
        "f:1:2: error: unexpected error: wrong number",
        "f:1:4: error: expected error was not produced: right",
    ]


def test_each_announcement_is_for_one_error() -> None:
    one = "abcdefgh // expected-error {{wrong}}"
    assert said(one, (WRONG, 1), (WRONG, 2)) == ["f:1:3: error: unexpected error: wrong number"]
    # The one that says most is taken first, so that the other is left for what only it fits.
    both = f"{one} // expected-error@:2 {{{{number}}}}"
    assert said(both, (WRONG, 1), ("wrong", 2)) == []
    assert said(both, (WRONG, 2), ("number", 1)) == []


def test_a_note_that_nobody_gave() -> None:
    text = "ab // expected-error {{wrong}} // expected-note {{give up}}"
    assert said(text, (WRONG, 1)) == ["f:1:32: error: expected note was not produced: give up"]
    assert said("ab\n// expected-note {{try}}", (WRONG, 1))[1:] == [
        "f:2:1: error: expected note was not produced: try"
    ]


MALFORMED = [
    "expected-error@foo {{x}}",
    "expected-error@ {{x}}",
    "expected-error@: {{x}}",
    "expected-error@:0 {{x}}",
    "expected-error@:a {{x}}",
    "expected-error@1 {{x}}",
    "expected-error@+1: {{x}}",
    "expected-error@+1:2:3 {{x}}",
    "expected-error@abovebelow {{x}}",
    "expected-error@unknown:1 {{x}}",
    "expected-error@ +1 {{x}}",
    "expected-errors {{x}}",
    "expected-error-re {{x}}",
    "expected-error {{}}",
    "expected-error {{x}",
    "expected-error {{x\n}}",
    "expected-error {x}",
    "expected-error",
    "expected-error: x",
]


@pytest.mark.parametrize("text", MALFORMED)
def test_an_announcement_that_cannot_be_read_is_an_error(text: str) -> None:
    for kind in ("error", "note"):
        written = text.replace("error", kind)
        assert said(f"ab // {written}") == [
            f"f:1:7: error: an announcement reads '// expected-{kind}@LINE:COLUMN {{{{text}}}}'"
        ]


def test_pieces_keep_their_line_numbers() -> None:
    pieces = split_pieces("a\n// -----\nb\n// -----  \r\n\nc // -----\n// ------\n")
    assert pieces == ["a\n", "\n\nb\n", "\n\n\n\n\nc // -----\n// ------\n"]
