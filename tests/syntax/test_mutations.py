"""Whatever the text, the parser accepts it or says where it is wrong: nothing else."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lstmir.ir.diagnostics import UserError
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module
from tests.strategies.modules import random_module
from tests.strategies.rtl import random_design
from tests.syntax.examples import example_module, with_examples
from tests.syntax.mutations import TOKENS, mutated


def assert_parsed_or_refused(text: str) -> None:
    """What is accepted must print as text that is accepted."""
    try:
        module = parse_module(text)
    except UserError as error:
        assert all(diagnostic.location is not None for diagnostic in error.diagnostics)
        assert str(error)
        return
    printed = print_module(module)
    assert print_module(parse_module(printed)) == printed


@pytest.mark.parametrize("generic", [False, True], ids=["pretty", "generic"])
@settings(max_examples=300, deadline=None)
@given(random=st.randoms(use_true_random=False))
def test_mutated_modules(generic: bool, random: Random) -> None:
    text = print_module(random_module(random, operations=4), generic=generic)
    assert_parsed_or_refused(mutated(random, text))


@settings(max_examples=150, deadline=None)
@given(random=st.randoms(use_true_random=False))
def test_mutated_designs(random: Random) -> None:
    text = print_module(random_design(random, "design", 6), generic=random.random() < 0.5)
    assert_parsed_or_refused(mutated(random, text))


@settings(max_examples=200, deadline=None)
@given(random=st.randoms(use_true_random=False))
def test_mutated_examples_of_operations(random: Random) -> None:
    assert_parsed_or_refused(mutated(random, example_module(random.choice(with_examples()))))


@settings(max_examples=200, deadline=None)
@given(text=st.lists(st.sampled_from(TOKENS), max_size=30).map(" ".join))
@example(text="")
def test_random_tokens(text: str) -> None:
    assert_parsed_or_refused(text)


DEEP = 10_000


@pytest.mark.parametrize(
    "text",
    [
        "{" * DEEP,
        "module @m attributes {a = " + "[" * DEEP + "]" * DEEP + "} {}",
        "module @m attributes " + "{a = " * DEEP + "1" + "}" * DEEP + " {}",
        "module @m { func @f() { " + "tile.for index (%i) { " * DEEP + "}" * DEEP + "} }",
        "module @m { func @f() {\n"
        + "tile.for index (%i) {\n" * DEEP
        + "tile.yield : () -> ()\n"
        + "} {trip = 1} : () -> ()\ntile.yield : () -> ()\n" * (DEEP - 1)
        + "} {trip = 1} : () -> ()\nreturn : () -> ()\n} }",
        "module @m { func @f(%x: " + "tensor<" * DEEP + ">" * DEEP + ") { return : () -> () } }",
        "module @m { func @f(" + ", ".join(f"%{i}: f32" for i in range(DEEP)) + ")",
        '"' + "\\" * DEEP,
    ],
    ids=[
        "braces",
        "lists",
        "dictionaries",
        "open loops",
        "loops",
        "types",
        "parameters",
        "escapes",
    ],
)
def test_ten_thousand_of_a_kind(text: str) -> None:
    with pytest.raises(UserError) as error:
        parse_module(text)
    assert error.value.diagnostics[0].location is not None


@pytest.mark.soak
@settings(max_examples=30_000, deadline=None)
@given(random=st.randoms(use_true_random=False))
def test_mutated_modules_for_long(random: Random) -> None:
    text = print_module(random_module(random), generic=random.random() < 0.5)
    assert_parsed_or_refused(mutated(random, text))
