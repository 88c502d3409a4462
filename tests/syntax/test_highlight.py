"""The lexer and the TextMate grammar know every word of the language, and agree on all of them."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from pygments.token import (
    Comment,
    Error,
    Keyword,
    Literal,
    Name,
    Number,
    String,
    Token,
    Whitespace,
    string_to_tokentype,
)
from pygments.token import _TokenType as TokenType

from lstmir.ir.definition import DEFINITIONS
from lstmir.syntax.highlight import LstmirLexer
from lstmir.syntax.textmate import textmate_grammar
from lstmir.syntax.token_classes import token_classes
from tests.syntax.examples import with_examples

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "tests").rglob("*.lstmir"))
TEXTS = {definition.name: definition.example for definition in with_examples()}
TEXTS |= {path.name: path.read_text(encoding="utf-8", errors="ignore") for path in FILES}
TEXTS["words"] = """\
module @m attributes {form = "sample \\" // no comment", range = {low = -1.5e3, high = 2.}} {
  func @f(%x: tensor<?x4x!fx.s<8,-2>, #sparse.bank<3, 1>>, %f32: i7) -> (f16, i64) { // "text"
    %y = arith.plus %x {true = true, state = [false, -1]} : f32
    %0 = "rtl.reg"() : i1 %1 = "rtl.rag"() : !fx.u<4,0>
    "rnn.scan"(%x) ({ ^(%a: f32): return : () -> () }) state (%a) status (%b)
  }
}
{-# resources: { module: "0x00", w.x: "0x" } #-} {-# resources: "f.npz" #-}
"""


def lexed(text: str) -> list[tuple[int, TokenType, str]]:
    """Every word but blanks: where it stands, what it is, and itself."""
    found = []
    for place, kind, word in LstmirLexer().get_tokens_unprocessed(text):
        if kind is not Whitespace:
            found.append((place, kind, word))
    return found


@pytest.mark.parametrize("name", TEXTS)
def test_there_is_no_unknown_word(name: str) -> None:
    text = TEXTS[name]
    unknown = [place for place, kind, _ in lexed(text) if kind is Error]
    assert [place for place in unknown if not _is_expected(text, place)] == []


def _is_expected(text: str, place: int) -> bool:
    """Whether the line is there to be refused, as the comment above it says."""
    return "expected-error" in "".join(text[:place].splitlines()[-2:-1])


@pytest.mark.parametrize("text", ["!", "-", "?", '"open', "%", "@", "$", "…"])
def test_what_is_no_word_is_an_error(text: str) -> None:
    assert Error in [kind for _, kind, _ in lexed(f"{text} ")]


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("// \"text\"", Comment.Single),
        ('"sample \\" // no comment"', String.Double),
        ("module", Keyword.Declaration),
        ("func", Keyword.Declaration),
        ("@m", Name.Namespace),
        ("%x", Name.Variable),
        ("%f32", Name.Variable),
        ("tensor", Keyword.Type),
        ("!fx.s", Keyword.Type),
        ("i64", Keyword.Type),
        ("i7", Name),
        ("?", Number.Integer),
        ("-2", Number.Integer),
        ("-1.5e3", Number.Float),
        ("2.", Number.Float),
        ("#sparse.bank", Name.Decorator),
        ("range", Name.Attribute),
        ("true", Name.Attribute),
        ("false", Keyword.Constant),
        ("arith.plus", Name.Exception),
        ('"rtl.reg"', Name.Function),
        ('"rtl.rag"', String.Double),
        ("return", Keyword.Reserved),
        ("status", Name),
        ("w.x", Name.Label),
        ('"f.npz"', String.Double),
    ],
)  # fmt: skip
def test_a_word_is_what_it_looks_like(word: str, kind: TokenType) -> None:
    assert next(each for _, each, found in lexed(TEXTS["words"]) if found == word) is kind


@pytest.mark.parametrize("word", ["state", "module"])
def test_a_word_is_what_its_place_says(word: str) -> None:
    kinds = [kind for _, kind, found in lexed(TEXTS["words"]) if found == word]
    expected = {
        "state": [Name.Attribute, Keyword.Pseudo],
        "module": [Keyword.Declaration, Name.Label],
    }
    assert kinds == expected[word]


@pytest.mark.parametrize("name", DEFINITIONS)
def test_an_operation_is_known_and_its_misspelling_is_not(name: str) -> None:
    known, unknown = (lexed(f"{text} %x : f32")[0][1:] for text in (name, f"{name}x"))
    assert known[0] in (Name.Function, Keyword.Reserved) and known[1] == name
    assert unknown[0] in (Name.Exception, Name) and unknown[1] == f"{name}x"


GRAMMAR = json.loads(textmate_grammar())
PATTERNS = [(rule["name"], re.compile(rule["match"])) for rule in GRAMMAR["patterns"]]
KIND_OF = {f"{c.textmate}.lstmir": string_to_tokentype(c.pygments) for c in token_classes()}


def scoped(text: str) -> Iterator[tuple[int, TokenType, str]]:
    """A text as an editor reads it: line by line, the first match, of equal ones the first rule."""
    start = 0
    for line in text.splitlines(keepends=True):
        place = 0
        while place < len(line):
            matches = [(rule, m) for rule, p in PATTERNS if (m := p.search(line, place))]
            if not matches:
                break
            rule, match = min(matches, key=lambda pair: pair[1].start())
            yield start + match.start(), KIND_OF[rule], match[0]
            place = match.end()
        start += len(line)


@pytest.mark.parametrize("name", [name for name in TEXTS if len(TEXTS[name]) < 20_000])
def test_an_editor_sees_what_the_lexer_sees(name: str) -> None:
    known = [word for word in lexed(TEXTS[name]) if word[1] is not Error]
    assert list(scoped(TEXTS[name])) == known


def test_every_kind_of_word_has_a_scope_of_its_own() -> None:
    assert len(KIND_OF) == len(token_classes())
    assert all(kind in Token and kind is not Error for kind in KIND_OF.values())
    assert Literal not in KIND_OF.values()


def test_pygments_finds_the_lexer() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    file, _, name = project["entry-points"]["pygments.lexers"]["lstmir"].partition(":")
    assert getattr(import_module(file), name) is LstmirLexer
    assert LstmirLexer.aliases == ["lstmir"] and LstmirLexer.filenames == ["*.lstmir"]
