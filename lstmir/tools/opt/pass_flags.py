"""A flag for each pass: `--dce`, `--prune='ratio=0.5 shape=bank'`."""

from __future__ import annotations

import argparse
import re
from collections.abc import Container, Iterator, Sequence
from pathlib import Path
from typing import Any

from lstmir import passes
from lstmir.ir.diagnostics import UsageError
from lstmir.tools.opt.names import PASS_NAMES

_DESCRIPTION = """A flag runs a pass; passes run in the order of their flags. Options follow after
'=', written as in a pipeline: --prune='ratio=0.5 shape=bank'."""
_OPTIONS = re.compile(r"[a-z][\w-]*=.*", re.DOTALL)


class _PassFlag(argparse.Action):
    """Notes a pass and its options, behind those that were asked for before."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace,
        values: Any, option_string: str | None = None,
    ) -> None:  # fmt: skip
        namespace.pass_flags = [*namespace.pass_flags, (self.dest, values)]


def add_pass_flags(parser: argparse.ArgumentParser) -> None:
    """Give a parser a flag for each pass; they are noted as `pass_flags`, (name, options) each."""
    parser.set_defaults(pass_flags=[])
    group = parser.add_argument_group("passes", _DESCRIPTION)
    for name in PASS_NAMES:
        group.add_argument(
            f"--{name}", action=_PassFlag, dest=name, default=argparse.SUPPRESS, metavar=""
        )


def spell_out(words: Sequence[str], known: Container[str]) -> Iterator[str]:
    """The arguments as argparse takes them, `known` being its flags.

    A flag of a pass takes options only after `=`, so that the word behind it can be the input. One
    dash does for two, as it does for all tools of that family. Raises `UsageError` for options that
    are a word of their own.
    """
    for index, word in enumerate(words):
        if word == "--":
            yield from words[index:]
            return
        flag, equals, options = word.partition("=")
        if f"-{flag}" in known:
            flag = f"-{flag}"
        if not equals and flag.startswith("--") and flag[2:] in PASS_NAMES:
            _check_next(flag, words[index + 1 : index + 2])
            equals = "="
        yield f"{flag}{equals}{options}"


def _check_next(flag: str, following: Sequence[str]) -> None:
    if not following or not _OPTIONS.fullmatch(following[0]) or Path(following[0]).exists():
        return
    import shlex

    meant = f"{flag}={shlex.quote(following[0])}"
    raise UsageError(f"lstmir-opt: the options of {flag} follow after '=': {meant}")


def summaries() -> dict[str, str]:
    """What each pass does, in a few words; read from the files, for importing them takes long."""
    return {name: _summary(module) for name, module in zip(PASS_NAMES, passes.NAMES, strict=True)}


def _summary(module: str) -> str:
    import ast
    import pkgutil

    text = pkgutil.get_data("lstmir.passes", f"{module}.py") or b""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "summary":
            return str(ast.literal_eval(node.value)) if node.value else ""
    return ""
