"""The grammar's parsers, as Lark makes them: once for each version of grammar and Lark."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

from lark import Lark

from lstmir.syntax.fast import FastTreeBuilder
from lstmir.syntax.tree_builder import TreeBuilder

_FOLDER = Path(__file__).parent


@lru_cache(maxsize=1)
def fast_parser() -> Lark:
    """The parser of larger tokens."""
    return _open("fast.lark", FastTreeBuilder())


def careful_parser(builder: TreeBuilder) -> Lark:
    """The parser of the language's own grammar."""
    return _open("lstmir.lark", builder)


def _open(name: str, builder: TreeBuilder) -> Lark:
    options: dict[str, Any] = {
        "parser": "lalr", "start": "module", "maybe_placeholders": True, "transformer": builder,
    }  # fmt: skip
    return Lark.open(str(_FOLDER / name), cache=_cache(name), **options)


def _cache(name: str) -> str | bool:
    """Where Lark keeps a parser's tables: in the user's own cache; False where there is none.

    Lark makes them anew when the grammar, its options or Lark itself have changed.
    """
    home = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    folder = Path(home) / "lstmir"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return False
    return str(folder / f"{name}.tables") if os.access(folder, os.W_OK) else False
