"""The grammar of larger tokens says the same of a text as the language's own, but for the errors."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lark import Lark
from lark.exceptions import UnexpectedInput

from lstmir.syntax.fast import fast_parser
from lstmir.syntax.grammar import OWN, open_grammar
from lstmir.syntax.printer import print_module
from lstmir.syntax.tokens import MalformedToken
from lstmir.syntax.tree_builder import TreeBuilder
from tests.strategies.modules import random_module
from tests.strategies.rtl import random_design
from tests.syntax.examples import example_module, with_examples
from tests.syntax.mutations import mutated, spread

REFUSED = "refused"
SEEDS = st.integers(0, 2**32).map(Random)


@cache
def _own_parser() -> Lark:
    return open_grammar(OWN, TreeBuilder())


def _tree(parser: Lark, text: str) -> Any:
    """Everything that a parser finds in a text, places of operations included."""
    try:
        return _plain(parser.parse(text, start="module"))
    except (UnexpectedInput, MalformedToken):
        return REFUSED


def _plain(node: Any) -> Any:
    """A syntax tree of lists and strings: tokens and plain strings are the same."""
    if isinstance(node, str):
        return str(node)
    if isinstance(node, dict):
        return [[str(key), _plain(value)] for key, value in node.items()]
    if isinstance(node, int | float) or node is None:
        return repr(node)
    try:
        return [_plain(item) for item in node]
    except TypeError:  # a type
        return str(node)


def assert_same(text: str) -> str:
    """Both grammars find the same; gives `REFUSED` or nothing."""
    found = _tree(fast_parser(), text)
    assert found == _tree(_own_parser(), text)
    return REFUSED if found == REFUSED else ""


def _random_text(random: Random) -> str:
    generic = random.random() < 0.5
    if random.random() < 0.3:
        return print_module(random_design(random, "design", 6), generic=generic)
    return print_module(random_module(random, operations=5), generic=generic)


@settings(max_examples=100, deadline=None)
@given(random=SEEDS)
def test_of_what_was_printed(random: Random) -> None:
    assert assert_same(_random_text(random)) != REFUSED


@settings(max_examples=150, deadline=None)
@given(random=SEEDS)
def test_of_what_was_written_in_another_manner(random: Random) -> None:
    assert assert_same(spread(random, _random_text(random))) != REFUSED


@settings(max_examples=400, deadline=None)
@given(random=SEEDS)
def test_of_mistakes(random: Random) -> None:
    text = mutated(random, _random_text(random))
    assert_same(spread(random, text) if random.random() < 0.3 else text)


@pytest.mark.parametrize("definition", with_examples(), ids=lambda definition: definition.name)
def test_of_examples(definition: Any) -> None:
    assert assert_same(example_module(definition)) != REFUSED


HEAD = "module @m { func @f(%x: f32) { "


@pytest.mark.parametrize(
    "operation",
    [
        "%y=arith.neg%x:f32",
        "%y, %z = arith.add %x ,%x : ( f32 , f32 )->( f32 , f32 )",
        "%y // = arith.mul %x : f32\n = // :\n arith.neg // %x\n %x // f64\n : // (\n f32 // end",
        '%y = "arith.neg"(%x) : f32',
        '%y = "a:b" ( %x ) : f32',
        '"a = b"(%x) : (f32) -> ()',
        '"a \\" (%x) : f32"() : () -> ()',
        "tensor.constant@w : f32",
        "tensor.constant @w %x : f32",
        "%arith.neg = arith.neg %x : f32",
        "%1 = arith.neg %x : tensor<4xf32, #sparse.bank<4, 2>>",
        "%y = arith.neg %x : (tensor<4x!fx.s<8,4>>) -> tensor<4x!fx.s<8,4>>",
        "%y = arith.neg %x : f32 -> f32",
        "%y = arith.neg %x : (f32)",
        "%y = arith.neg %x, : f32",
        "%y, = arith.neg %x : f32",
        "%y arith.neg %x : f32",
        "arith.neg.x %x : f32",
        "returned %x : f32",
        "return%x : f32",
        "rnn.lstm weights // (\n (%x) : f32",
        "%y = arith.neg %x : f32f",
        "%y = arith.neg %x : tensor<4xf32",
        "%y = arith.neg %x : tensor<4x\nf32>",
        "%y = arith.neg %x : f99",
        "%y = arith.neg %x /: f32",
        "%y = arith.neg %x : ()",
        "%y = arith.neg %x {some.name = 1} : f32",
        "%y = arith.neg %x {some.name // {\n = {}} : f32",
        "%y = arith.neg %x {true = 1, return = [true, -1.5e3, @w, f32]} : f32",
        "%y = arith.neg %x {a = 1, a = 2} : f32",
        "%y = arith.neg %x {a = [[1]]} : f32",
        "%y = arith.neg %x {a = trueish} : f32",
        '%y = arith.neg %x {a = "}\\" // : f32"} : f32',
    ],
)
def test_of_odd_operations(operation: str) -> None:
    for before in ("", "%q = arith.neg %x : f32 ", "// %y = \n"):
        for behind in (
            "",
            " return : () -> ()",
            "\n%w = arith.neg %x {a = 1} : f32 return %x : f32",
        ):
            assert_same(f"{HEAD}{before}{operation}{behind}\n}} }}")


@pytest.mark.soak
@settings(max_examples=20_000, deadline=None)
@given(random=SEEDS)
def test_of_mistakes_for_long(random: Random) -> None:
    test_of_mistakes.hypothesis.inner_test(random)  # type: ignore[attr-defined]
