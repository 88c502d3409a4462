"""Texts with mistakes in them, made of texts that have none."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from lstmir.ir.definition import DEFINITIONS
from tests.syntax.examples import with_examples

EXAMPLES = [definition.example for definition in with_examples()]
ATTRIBUTES = sorted({a.name for definition in DEFINITIONS.values() for a in definition.attributes})
TOKENS = [
    *"{}()<>[]:,=^\"\\%@#!?-/\n\r\t\x00\ud800é²٣", "->", "{-#", "#-}", "// ", "return", "func", "module",
    "true", "-1", "0", "1", "3", "64", "65", "1025", "9" * 25, "9" * 5000, "1e999", "-0.0", "0x", '"0x00"',
    "f32", "f13", "i1", "i32", "!fx.s<8,4>", "!fx.u<1025,0>", "!fx.s<0,0>", "!fx.s<8,2000>", "tensor<", "?x",
    "tensor<f32>", "tensor<0x4xf32>", "tensor<2x2xtensor<1xf32>>", "tensor<2x2xf32, #sparse.bank<2, 1>>",
    "tensor<2x?x!fx.s<8,4>>", "tensor<" + "1x" * 40 + "i1>", "tensor<99999999999x99999999999xf64>",
    "%x", "%0", "@w", "@main", "segments = [1, 1, 1]", "segments = []", "resource = \"w\"", "range = {}",
    "[]", "[0]", "[1, 1]", "[0, 0, 0]", "[-1, 2]", "[f32]", "[1.5]", '"floor"', '"eq"', '"reverse"',
    "attributes {a = [[[]]]}", *(f"{name} = {n}" for name in ATTRIBUTES for n in ("0", "-3", "[-1]")),
    *DEFINITIONS, *(f'"{name}"()' for name in DEFINITIONS), *EXAMPLES,
]  # fmt: skip

_KINDS = {
    "type": r"tensor<(?:[^<>\n]|<(?:[^<>\n]|<[^<>\n]*>)*>)*>|!fx\.[su]<[^<>]*>|\b[fi]\d+\b",
    "operation": r"\b[a-z]\w*\.[a-z]\w*|\breturn\b",
    "value": r"%[\w.]+",
    "symbol": r"@[\w.]+",
    "string": r'"[^"\n]*"',
    "list": r"\[[^\[\]\n]*\]",
    "number": r"-?\b\d[\w.]*\b",
    "entry": r"\b\w+ = -?[\w.]+",
    "name": r"\b[a-z]\w*\b",
    "other": r"\s+|.",
}
_TOKEN = re.compile("|".join(f"(?P<{kind}>{text})" for kind, text in _KINDS.items()), re.DOTALL)


def tokens_of(text: str) -> list[str]:
    return [match[0] for match in _TOKEN.finditer(text)]


def _kind(token: str) -> str | None:
    match = _TOKEN.fullmatch(token)
    return match.lastgroup if match else None


def mutated(random: Random, text: str) -> str:
    """A text with a few mistakes: most are of a kind that the grammar does not notice."""
    tokens = tokens_of(text)
    mutations = LEGIBLE if random.random() < 0.8 else MUTATIONS
    for _ in range(random.randint(1, 4)):
        random.choice(mutations)(random, tokens)
    return "".join(tokens)


def _exchange(random: Random, tokens: list[str]) -> None:
    """One token, or all that are equal to it, by another of its kind."""
    if not tokens:
        return
    index = random.randrange(len(tokens))
    kind = _kind(tokens[index])
    if kind == "other":
        return
    others = [
        token for token in (tokens if random.random() < 0.6 else TOKENS) if _kind(token) == kind
    ]
    if not others:
        return
    old, new = tokens[index], random.choice(others)
    everywhere = random.random() < 0.5
    tokens[:] = [
        new if i == index or (everywhere and t == old) else t for i, t in enumerate(tokens)
    ]


def _exchange_line(random: Random, tokens: list[str]) -> None:
    """A line left out, said twice, or in place of another."""
    lines = "".join(tokens).split("\n")
    first, second = random.randrange(len(lines)), random.randrange(len(lines))
    lines[first : first + random.randint(0, 1)] = lines[second : second + random.randint(0, 1)]
    tokens[:] = tokens_of("\n".join(lines))


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
LEGIBLE = [_exchange, _exchange, _exchange, _exchange, _exchange_line]


def spread(random: Random, text: str) -> str:
    """The same words with other blanks and line ends between them, and comments."""
    between = ("", "", " ", "\n", "  ", "\t", "\r\n", ' // a comment: %x = "{\n', "//\n")
    words = [word for word in _WORD.findall(text) if not word.isspace()]
    return "".join(word + _gap(random, between, word, after) for word, after in pairs(words))


_WORD = re.compile(
    r'"(?:[^"\\\n]|\\.)*"|tensor<(?:[^<>\n]|<(?:[^<>\n]|<[^<>\n]*>)*>)*>|!fx\.[su]<[^<>]*>|->|\{-#|#-\}'
    r"|-?\d[\d.]*(?:e[-+]\d+)|-?[%@]?[\w.]+|\s+|."
)


def pairs(words: list[str]) -> list[tuple[str, str]]:
    return list(zip(words, [*words[1:], ""], strict=True))


def _gap(random: Random, between: tuple[str, ...], word: str, after: str) -> str:
    """Something between two words; at least a blank between two that would be one without it."""
    gap = random.choice(between) if random.random() < 0.5 else " "
    joined = (word[-1:].isalnum() or word[-1:] in "_.") and (
        after[:1].isalnum() or after[:1] in "_.-"
    )
    return gap or (" " if joined else "")
