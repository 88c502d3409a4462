"""Whatever the text, the parser accepts it or says where it is wrong: nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lstmir.ir.definition import DEFINITIONS
from lstmir.ir.diagnostics import UserError
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module
from tests.strategies.modules import random_module
from tests.strategies.rtl import random_design
from tests.syntax.examples import example_module, with_examples

EXAMPLES = [definition.example for definition in with_examples()]
ATTRIBUTES = sorted({a.name for definition in DEFINITIONS.values() for a in definition.attributes})
TOKENS = [
    *"{}()<>[]:,=^\"\\%@#!?-/\n\r\t\x00\ud800é²٣", "->", "{-#", "#-}", "// ", "return", "func", "module",
    "true", "-1", "0", "1", "3", "64", "65", "1025", "9" * 25, "9" * 5000, "1e999", "-0.0", "0x", '"0x00"',
    "f32", "f13", "i1", "i32", "!fx.s<8,4>", "!fx.u<1025,0>", "!fx.s<0,0>", "!fx.s<8,2000>", "tensor<", "?x",
    "tensor<f32>", "tensor<0x4xf32>", "tensor<2x2xtensor<1xf32>>", "tensor<2x2xf32, #sparse.bank<2, 1>>",
    "tensor<2x?x!fx.s<8,4>>", "tensor<" + "1x" * 40 + "i1>", "tensor<99999999999x99999999999xf64>",
    "%x", "%0", "@w", "@main", "segments = [1, 1, 1]", "segments = []", "resource = \"w\"", "range = {}",
    "attributes {a = [[[]]]}", *(f"{name} = 0" for name in ATTRIBUTES), *(f"{n} = [-1]" for n in ATTRIBUTES),
    *(f"{name} = -3" for name in ATTRIBUTES), *DEFINITIONS, *(f'"{name}"()' for name in DEFINITIONS), *EXAMPLES,
]  # fmt: skip

_TOKEN = re.compile(r"[\w.%@!?#-]+|\s+|.", re.DOTALL)


def _mutated(random: Random, text: str) -> str:
    tokens = _TOKEN.findall(text)
    for _ in range(random.randint(1, 4)):
        random.choice(MUTATIONS)(random, tokens)
    return "".join(tokens)


def _span(random: Random, tokens: list[str]) -> slice:
    start = random.randrange(len(tokens) + 1)
    return slice(start, start + random.randint(0, 6))


def _delete(random: Random, tokens: list[str]) -> None:
    del tokens[_span(random, tokens)]


def _repeat(random: Random, tokens: list[str]) -> None:
    span = _span(random, tokens)
    tokens[span] = tokens[span] * 2


def _move(random: Random, tokens: list[str]) -> None:
    moved = tokens[_span(random, tokens)]
    tokens[_span(random, tokens)] = moved


def _insert(random: Random, tokens: list[str]) -> None:
    tokens.insert(random.randrange(len(tokens) + 1), random.choice(TOKENS))


def _replace(random: Random, tokens: list[str]) -> None:
    if tokens:
        tokens[random.randrange(len(tokens))] = random.choice(TOKENS)


def _borrow(random: Random, tokens: list[str]) -> None:
    """Names and types of the text itself, in other places."""
    if tokens:
        tokens[random.randrange(len(tokens))] = random.choice(tokens)


MUTATIONS: list[Callable[[Random, list[str]], None]] = [
    _delete, _repeat, _move, _insert, _replace, _borrow
]  # fmt: skip


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
    assert_parsed_or_refused(_mutated(random, text))


@settings(max_examples=150, deadline=None)
@given(random=st.randoms(use_true_random=False))
def test_mutated_designs(random: Random) -> None:
    text = print_module(random_design(random, "design", 6), generic=random.random() < 0.5)
    assert_parsed_or_refused(_mutated(random, text))


@settings(max_examples=200, deadline=None)
@given(random=st.randoms(use_true_random=False))
def test_mutated_examples_of_operations(random: Random) -> None:
    assert_parsed_or_refused(_mutated(random, example_module(random.choice(with_examples()))))


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
    ids=["braces", "lists", "dictionaries", "open loops", "loops", "types", "parameters", "escapes"],
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
    assert_parsed_or_refused(_mutated(random, text))
