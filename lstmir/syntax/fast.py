"""Reads texts without mistakes in them, at the least cost: the grammar of larger tokens.

It accepts what the language's own grammar accepts and gives the same tree, but for the places of
names: a mistake is only noticed, not located.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from sys import intern
from typing import Any

from lark import Lark, Token, v_args

from lstmir.ir.types import Type
from lstmir.syntax import tokens
from lstmir.syntax.grammar import FAST, open_grammar
from lstmir.syntax.tokens import MalformedToken, offset_of
from lstmir.syntax.tree import Operations, OperationSyntax, SignatureSyntax
from lstmir.syntax.tree_builder import TreeBuilder

# Each token was matched by the grammar before: these only find the pieces in it.
_TYPE = r"(?:(?:tensor|!fx\.[su])<(?:[^<>]|<(?:[^<>]|<[^<>]*>)*>)*>|[fi]\d+)"
_TYPES = re.compile(_TYPE)
_NAMES = re.compile(r"[%@][\w.]+")
_COMMENT = re.compile(r'//[^\n]*|("(?:[^"\\\n]|\\.)*")')
_HEAD = r'(?P<results>%[^=]*)?=?\s*(?P<name>[a-z][\w.]*|"(?:[^"\\]|\\.)*")(?P<operands>[^:{]*)'
_DICT = r'(?P<attributes>\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\})?\s*'
_SIGNATURE = rf":\s*(?P<signature>{_TYPE}|\([^()]*\)\s*->\s*(?:{_TYPE}|\([^()]*\)))"
_PLAIN = re.compile(rf"{_HEAD}{_DICT}{_SIGNATURE}\s*")


@lru_cache(maxsize=1)
def fast_parser() -> Lark:
    """The parser of larger tokens."""
    return open_grammar(FAST, _FastTreeBuilder())


@v_args(inline=True)
class _FastTreeBuilder(TreeBuilder):
    """Takes larger tokens apart. Names are plain strings."""

    def DICT(self, token: Token) -> Any:
        """Attributes without dictionaries in them."""
        return _dictionary(_without_comments(token))

    def operations(self, *items: Any) -> Operations:
        return _Operations(items)

    def parts(self, head: Token, *rest: Any) -> OperationSyntax:
        *groups, region, attributes, signature = rest
        operation = _with_head(head, signature)
        return operation._replace(groups=tuple(groups), region=region, attributes=attributes)

    def generic_parts(
        self, head: Token, region: Any, attributes: Any, signature: Token
    ) -> OperationSyntax:
        operation = _with_head(head, signature)
        return operation._replace(region=region, attributes=attributes)


class _Operations:
    """The operations of a region. Those that are written in a row are taken apart when they are
    asked for, so that never all of them are there as text, syntax and graph.
    """

    def __init__(self, items: tuple[Token | OperationSyntax, ...]) -> None:
        self.items = items

    def __iter__(self) -> Iterator[OperationSyntax]:
        for item in self.items:
            if isinstance(item, Token):
                yield from _plain(item)
            else:
                yield item


def _plain(token: Token) -> Iterator[OperationSyntax]:
    """Operations without parts, regions or attributes."""
    start, text = offset_of(token), _without_comments(token)
    position = 0
    while position < len(text):
        match = _PLAIN.match(text, position)
        if match is None:
            raise MalformedToken("not as the grammar has it", start + position)
        results, name, operands, attributes, signature = match.groups()
        offset = start + match.start("name")
        operation = _operation(results, intern(name), offset, operands, _signature(signature))
        yield operation._replace(attributes=_dictionary(attributes)) if attributes else operation
        position = match.end()


def _without_comments(text: str) -> str:
    """The text with blanks in place of comments."""
    if "//" not in text:
        return text
    return _COMMENT.sub(lambda found: found[1] or " " * len(found[0]), text)


_HEADS = re.compile(_HEAD)


def _with_head(head: Token, signature: Token) -> OperationSyntax:
    match = _HEADS.match(_without_comments(head))
    assert match is not None
    types = _signature(_without_comments(signature)[1:].strip())
    return _operation(
        match["results"], match["name"], offset_of(head) + match.start("name"), match["operands"],
        types,
    )  # fmt: skip


def _operation(
    results: str | None, name: str, offset: int, operands: str, signature: SignatureSyntax
) -> OperationSyntax:
    defined = tuple(_NAMES.findall(results)) if results else ()
    names = tuple(_NAMES.findall(operands))
    if name[0] == '"':
        text = tokens.text_of(name)
        return OperationSyntax(text, offset, defined, names, signature, is_generic=True)
    if names and names[0][0] == "@":
        return OperationSyntax(name, offset, defined, names[1:], signature, names[0])
    return OperationSyntax(name, offset, defined, names, signature)


@lru_cache(maxsize=4096)
def _dictionary(text: str) -> Any:
    """Attributes, as the grammar's own rule has them. Each distinct text is read once."""
    return fast_parser().parse(text, start="dict")


@lru_cache(maxsize=4096)
def _signature(text: str) -> SignatureSyntax:
    """The types behind the colon. Each distinct text is read once."""
    if text[0] != "(":
        return SignatureSyntax(tokens.type_of(text), (), ())
    operands, _, results = text.partition("->")
    return SignatureSyntax(None, _types(operands), _types(results))


def _types(text: str) -> tuple[Type, ...]:
    return tuple(map(tokens.type_of, _TYPES.findall(text)))
