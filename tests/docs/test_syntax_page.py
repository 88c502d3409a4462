"""What the page on the text of the IR shows is legal and prints as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

from lstmir.ir.equality import modules_equal
from lstmir.ir.verify import verify
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module

PAGE = Path(__file__).parents[2] / "docs" / "language" / "syntax.md"

PRETTY, GENERIC = re.findall(r"```mlir\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_the_example_prints_as_written() -> None:
    module = parse_module(PRETTY)
    verify(module)
    assert print_module(module) == PRETTY


def test_the_generic_form_is_the_same_module() -> None:
    module = parse_module(PRETTY)
    assert print_module(module, generic=True) == GENERIC
    assert modules_equal(parse_module(GENERIC), module)
