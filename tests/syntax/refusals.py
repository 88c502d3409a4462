"""Texts with a mistake in them, and what is said of it."""

from __future__ import annotations

import pytest

from lstmir.ir.diagnostics import UserError
from lstmir.syntax.parser import parse_module

RETURN = "return : () -> ()"


def body(*lines: str, resources: str = "") -> str:
    """A function of two floats; the first of the lines is line 3."""
    inner = "\n".join(f"    {line}" for line in lines)
    return f"module @m {{\n  func @main(%x: f32, %y: f32) {{\n{inner}\n  }}\n}}\n{resources}"


def refusals(text: str) -> list[str]:
    """The first line of each error, from the line's number on."""
    with pytest.raises(UserError) as error:
        parse_module(text, "f.lstmir")
    lines = [str(diagnostic).splitlines()[0] for diagnostic in error.value.diagnostics]
    assert all(line.startswith("f.lstmir:") for line in lines)
    return [line.removeprefix("f.lstmir:") for line in lines]
