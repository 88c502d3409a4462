"""What `lstmir-opt` says of itself: its passes, dialects and operations."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from lstmir.ir.diagnostics import UsageError, suggestion

if TYPE_CHECKING:
    from lstmir.ir.definition import OpDefinition


def answer(arguments: argparse.Namespace) -> str | None:
    """What is asked about the tool itself, or None if there is IR to work on."""
    if arguments.list_passes:
        return _list_passes()
    if arguments.pass_help is not None:
        return _pass_help(arguments.pass_help)
    if arguments.show_dialects:
        return _show_dialects()
    if arguments.show_op is not None:
        return show_op(arguments.show_op)
    return None


def _list_passes() -> str:
    from lstmir import passes
    from lstmir.pipeline.docs import list_passes
    from lstmir.pipeline.passes import PASSES
    from lstmir.tools.opt.names import PASS_NAMES

    passes.load()
    return list_passes({name: PASSES[name] for name in PASS_NAMES})


def _pass_help(name: str) -> str:
    from lstmir.pipeline.docs import pass_help
    from lstmir.tools.opt.names import find_pass

    return pass_help(find_pass(name))


def _show_dialects() -> str:
    from lstmir import dialects

    modules = [import_module(f"lstmir.dialects.{name}") for name in dialects.NAMES]
    lines = [(module.__doc__ or "").splitlines()[0] for module in modules]
    return "".join(f"{line.replace('`', '')}\n" for line in lines)


def show_op(name: str) -> str:
    """What the operation table says of an operation, or the operations of a dialect.

    Raises `UsageError` that names the nearest.
    """
    from lstmir import dialects
    from lstmir.ir.definition import DEFINITIONS
    from lstmir.pipeline.docs import columns

    dialects.load()
    if name in DEFINITIONS:
        return "\n".join(_describe(DEFINITIONS[name]))
    inside = {op: each for op, each in DEFINITIONS.items() if op.startswith(f"{name}.")}
    if inside:
        return columns((op, each.summary) for op, each in inside.items())
    near = suggestion(name, [*DEFINITIONS, *dialects.NAMES])
    raise UsageError(f"unknown operation '{name}'{near}")


def _describe(definition: OpDefinition) -> Iterator[str]:
    from lstmir.pipeline.docs import columns

    yield f"{definition.name}: {definition.summary}\n"
    facts = [
        ("operands", _values(definition.operands)),
        ("results", _values(definition.results)),
        ("parts", ", ".join(f"{group.keyword} (...)".strip() for group in definition.groups)),
        ("region", "one" if definition.has_region else ""),
    ]
    yield columns(fact for fact in facts if fact[1])
    rows = [
        (each.name, each.expected + ("" if each.required else " (may be absent)"), each.summary)
        for each in definition.attributes
    ]  # fmt: skip
    if rows:
        yield f"attributes:\n{columns(rows)}"
    if definition.example:
        lines = definition.example.strip("\n").splitlines()
        yield "example:\n" + "".join(f"  {line}\n" for line in lines)


def _values(names: Sequence[str]) -> str:
    meaning = {"*": " (any number)", "?": " (may be absent)"}
    return ", ".join(n.rstrip("*?") + meaning.get(n[-1], "") for n in names) or "none"
