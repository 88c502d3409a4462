"""The grammars' parsers, as Lark makes them: once for each version of grammar and Lark."""

from __future__ import annotations

import os
from pathlib import Path

from lark import Lark

from lstmir.syntax.tree_builder import TreeBuilder

OWN, FAST = "lstmir.lark", "fast.lark"
"""The language's own grammar, and the one of larger tokens."""

_FOLDER = Path(__file__).parent


def open_grammar(name: str, builder: TreeBuilder) -> Lark:
    """The parser of a grammar, for modules or (`start="dict"`) for attributes alone."""
    return Lark.open(
        str(_FOLDER / name), parser="lalr", start=["module", "dict"], maybe_placeholders=True,
        transformer=builder, cache=_cache(name),
    )  # fmt: skip


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
