"""Writes the language reference: one page a dialect, made from the operation table alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module

from lstmir import dialects
from lstmir.ir.attributes import ATTRIBUTE_KINDS, RECORDS, Attribute
from lstmir.ir.definition import DEFINITIONS, Group, OpDefinition

INDEX = "README.md"

_GENERATED = "<!-- Written by `make docs` from lstmir/dialects: change it there. -->"

_INTRODUCTION = """\
How the text is built is told by hand in [syntax.md](syntax.md). The pages of the dialects are written
from the operation table, which the parser, the printer and the verifier read as well. On these pages

- a trailing `*` says that there may be any number of an operand or result, none included, and a
  trailing `?` that it may be absent;
- result types are *inferred* where they follow from the operands and attributes: the narrowest types
  that hold every possible result. They are *chosen* where whoever writes the operation decides them
  and the verifier judges the choice;
- a *body* is a graph of its own: of what is outside it sees the operands alone, under the names that
  it gives them;
- a part of an operation's form that holds nothing is left out;
- a *terminator* stands at the end of a function or of a body, and nowhere else."""

_COUNTS = {"*": "any number", "?": "may be absent"}

_FORMS = {
    "list": "(%operand, …)",
    "binds": "(%inside = %operand, …)",
    "pairs": "(%operand = %operand, …)",
    "defines": "(%inside, …)",
}
_MEANINGS = {
    "list": "operands",
    "binds": "operands, each with the name that it has in the body",
    "pairs": "operands, two by two",
    "defines": "names that the body gets from the operation itself",
}


def pages() -> dict[str, str]:
    """The pages by file name: the index, and one page a dialect."""
    dialects.load()
    texts = {f"{name}.md": _page(name) for name in dialects.NAMES}
    return {INDEX: _index(), **texts}


def operations_of(dialect: str) -> list[OpDefinition]:
    """The operations of a dialect in the order of its file; those of `builtin` have no prefix."""
    own = DEFINITIONS.values()
    return [each for each in own if (each.name.rpartition(".")[0] or "builtin") == dialect]


def _index() -> str:
    parts = [_GENERATED, "# The language", _INTRODUCTION]
    for name in dialects.NAMES:
        parts += [f"## [{name}]({name}.md)", _introduction(name).split("\n\n")[0]]
        rows = [(_link(name, each), each.summary) for each in operations_of(name)]
        parts.append(_table(("operation", "what it gives"), rows))
    return _joined([*parts, _records()])


def _records() -> str:
    rows = [(f"`{name}`", ATTRIBUTE_KINDS[kind][0]) for name, kind in RECORDS.items()]
    text = "Passes may record these attributes on any operation, beside those of its own."
    return _joined(["## Records", text, _table(("attribute", "kind"), rows)]).rstrip()


def _link(dialect: str, definition: OpDefinition) -> str:
    # A heading's anchor is its text without the dots.
    return f"[`{definition.name}`]({dialect}.md#{definition.name.replace('.', '')})"


def _page(dialect: str) -> str:
    parts = [_GENERATED, f"# {dialect}", _introduction(dialect)]
    for definition in operations_of(dialect):
        parts += _operation(definition)
    return _joined(parts)


def _introduction(dialect: str) -> str:
    """The docstring of a dialect's file, without the name before its first sentence."""
    text = import_module(f"lstmir.dialects.{dialect}").__doc__ or ""
    sentences = text.strip().removeprefix(f"`{dialect}`: ")
    return sentences[:1].upper() + sentences[1:]


def _operation(definition: OpDefinition) -> Iterator[str]:
    yield f"## {definition.name}"
    yield definition.summary
    yield f"```mlir\n{definition.example}\n```"
    yield "\n".join(f"- {line}" for line in _facts(definition))
    if definition.groups:
        yield _groups(definition.groups)
    if definition.attributes:
        yield _attributes(definition.attributes)


def _facts(definition: OpDefinition) -> Iterator[str]:
    if not definition.groups:
        yield f"operands: {_values(definition.operands)}"
    if not definition.terminator:
        types = "chosen" if definition.infer is None else "inferred"
        yield f"results: {_values(definition.results)}; types {types}"
    if definition.has_region:
        yield "has a body"
    if definition.terminator:
        yield "terminator"


def _values(names: Sequence[str]) -> str:
    return ", ".join(map(_value, names)) or "none"


def _value(name: str) -> str:
    count = _COUNTS.get(name[-1])
    return f"`{name}` ({count})" if count else f"`{name}`"


def _groups(groups: Sequence[Group]) -> str:
    rows = [
        (f"`{f'{group.keyword} {_FORMS[group.kind]}'.strip()}`", _MEANINGS[group.kind])
        for group in groups
    ]
    return _table(("part, in this order", "holds"), rows)


def _attributes(attributes: Sequence[Attribute]) -> str:
    rows = [
        (f"`{each.name}`", _kind(each), "required" if each.required else "optional", each.summary)
        for each in attributes
    ]
    return _table(("attribute", "kind", "", "what it says"), rows)


def _kind(attribute: Attribute) -> str:
    words = attribute.expected
    return f"{words}, written `@name`" if attribute.kind == "symbol" else words


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = (header, ["---"] * len(header), *(map(_cell, row) for row in rows))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _joined(parts: Sequence[str]) -> str:
    return "\n\n".join(parts) + "\n"
