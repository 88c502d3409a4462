"""Colours the text of the IR with Pygments. Nothing but Pygments imports this file."""

from __future__ import annotations

from typing import ClassVar

from pygments.lexer import RegexLexer
from pygments.token import Whitespace, string_to_tokentype

from lstmir.syntax.token_classes import token_classes


class LstmirLexer(RegexLexer):  # type: ignore[misc]  # Pygments has no types
    """The textual IR of lstmir, at all its levels."""

    name = "lstmir"
    aliases: ClassVar[list[str]] = ["lstmir"]
    filenames: ClassVar[list[str]] = ["*.lstmir"]
    mimetypes: ClassVar[list[str]] = []

    tokens: ClassVar = {
        "root": [
            (r"\s+", Whitespace),
            *((each.pattern, string_to_tokentype(each.pygments)) for each in token_classes()),
        ]
    }
