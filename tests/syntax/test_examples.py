"""Every operation has an example, which is legal, and prints as it is written."""

from __future__ import annotations

import pytest

from lstmir.ir.definition import OpDefinition
from lstmir.ir.verify import verify
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module
from tests.syntax.examples import example_module, with_examples


@pytest.mark.parametrize("definition", with_examples(), ids=lambda definition: definition.name)
def test_the_example_is_legal(definition: OpDefinition) -> None:
    assert definition.example
    module = parse_module(example_module(definition))
    verify(module)
    assert definition.name in {op.name for op in module.walk()}
    printed = " ".join(print_module(module).split())
    assert " ".join(definition.example.split()) in printed
