"""The kinds of words in the text of the IR, for whoever colours it.

One table serves every editor. It is no second grammar: it only tells words apart, one line at a
time, with regular expressions that mean the same in Python and in TextMate's Oniguruma.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from lstmir import dialects
from lstmir.ir.definition import DEFINITIONS
from lstmir.ir.types import FLOAT_WIDTHS, INTEGER_WIDTHS

_NAME = r"[A-Za-z_][\w.]*"
_OPERATION = r"[a-z]\w*\.[a-z]\w*"


class TokenClass(NamedTuple):
    """A kind of word: its pattern, and what Pygments and TextMate call it."""

    name: str
    pattern: str
    pygments: str
    textmate: str


@cache
def token_classes() -> tuple[TokenClass, ...]:
    """The kinds of words. Where several begin at the same place, the first one holds."""
    dialects.load()
    return (
        TokenClass("comment", r"//.*", "Comment.Single", "comment.line.double-slash"),
        TokenClass("resources", r"\{-#|#-\}", "Comment.Preproc", "punctuation.section.resources"),
        TokenClass("resource", rf'\b{_NAME}(?=:\s*"0x)', "Name.Label", "entity.name.label"),
        TokenClass("generic", _quoted_operation(), "Name.Function", "support.function.generic"),
        TokenClass("string", r'"(?:[^"\\\n]|\\.)*"', "String.Double", "string.quoted.double"),
        TokenClass("value", r"%[\w.]+", "Name.Variable", "variable.other"),
        TokenClass("symbol", r"@[\w.]+", "Name.Namespace", "entity.name.namespace"),
        TokenClass("encoding", rf"#{_NAME}", "Name.Decorator", "storage.modifier.encoding"),
        TokenClass("type", _types(), "Keyword.Type", "storage.type"),
        TokenClass("size", r"(?:\d+|\?)(?=x)", "Number.Integer", "constant.numeric.size"),
        TokenClass("by", r"(?<=[\d?])x", "Operator", "keyword.operator.by"),
        TokenClass("attribute", rf"\b{_NAME}(?=\s*=)", "Name.Attribute", "entity.other.attribute-name"),
        *map(_dialect, dialects.NAMES),
        TokenClass("unknown", rf"\b{_OPERATION}", "Name.Exception", "invalid.illegal.operation"),
        TokenClass("group", _groups(), "Keyword.Pseudo", "keyword.other.group"),
        TokenClass("keyword", _words(("module", "func", "attributes", "resources")),
                   "Keyword.Declaration", "keyword.declaration"),
        TokenClass("truth", _words(("true", "false")), "Keyword.Constant", "constant.language"),
        TokenClass("float", r"-?\d+(?:\.\d*(?:[eE][-+]?\d+)?|[eE][-+]?\d+)", "Number.Float",
                   "constant.numeric.float"),
        TokenClass("integer", r"-?\d+", "Number.Integer", "constant.numeric.integer"),
        TokenClass("name", _NAME, "Name", "meta.name"),
        TokenClass("arrow", r"->", "Operator", "keyword.operator.arrow"),
        TokenClass("punctuation", r"[{}()\[\]<>=:,^]", "Punctuation", "punctuation"),
    )  # fmt: skip


def _dialect(name: str) -> TokenClass:
    """The operations of one dialect; `builtin` has no prefix, it is what every module needs."""
    if name == "builtin":
        own = [operation for operation in DEFINITIONS if "." not in operation]
        return TokenClass("builtin", _words(own), "Keyword.Reserved", "keyword.control")
    own = [operation for operation in DEFINITIONS if operation.startswith(f"{name}.")]
    return TokenClass(name, _words(own), "Name.Function", f"support.function.{name}")


def _quoted_operation() -> str:
    """A known operation in its generic form."""
    return rf'"(?:{_any(DEFINITIONS)})"(?=\s*\()'


def _groups() -> str:
    groups = {group.keyword for each in DEFINITIONS.values() for group in each.groups}
    return rf"{_words(groups - {''})}(?=\s*\()"


def _types() -> str:
    scalars = [f"f{width}" for width in FLOAT_WIDTHS] + [f"i{width}" for width in INTEGER_WIDTHS]
    # An element type may follow the `x` of a shape.
    return rf"\btensor(?=<)|!fx\.[su](?=<)|(?:\b|(?<=[\d?]x))(?:{_any(scalars)})\b"


def _words(words: Iterable[str]) -> str:
    return rf"\b(?:{_any(words)})(?![\w.])"


def _any(words: Iterable[str]) -> str:
    return "|".join(map(re.escape, sorted(words)))
