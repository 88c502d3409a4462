"""The command `lstmir import`."""

from __future__ import annotations

import argparse
import shlex
from typing import TYPE_CHECKING

from lstmir.ir.diagnostics import EXIT_FINDING, UsageError
from lstmir.tools.command import write_text
from lstmir.tools.cut import add_cut, cut_of

if TYPE_CHECKING:
    from lstmir.frontends.parts.cut import Cut
    from lstmir.frontends.parts.outline import Outline, Part


def add_import(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("model", metavar="MODEL", help=".onnx or .json")
    add("-o", dest="output", default="-", metavar="OUT.lstmir",
        help="the file to write (default: standard output)")  # fmt: skip
    add("--list", action="store_true",
        help="show the recurrent parts, and the cut that can be imported, instead")  # fmt: skip
    add_cut(parser)
    parser.set_defaults(handler=_import)


def _import(arguments: argparse.Namespace) -> int:
    from lstmir.flow.models import load_model, outline_model

    cut = cut_of(arguments)
    if arguments.list:
        if cut or arguments.output != "-":
            raise UsageError("--list shows what there is: it takes no -o, --inputs or --outputs")
        return _show(arguments.model, outline_model(arguments.model))
    from lstmir.syntax.printer import print_module

    text = print_module(load_model(arguments.model, cut))
    write_text(arguments.output, text)
    return 0


def _show(model: str, outline: Outline) -> int:
    if not outline.parts:
        print(f"{model} has no recurrent part (LSTM, GRU, RNN or Scan)")
    for part in outline.parts:
        print(_described(part))
    if outline.refusal is not None:
        print(f"\nThe whole model is not imported: {outline.refusal}.")
    if outline.cut is not None:
        what = "The whole model" if outline.refusal is None else "This part"
        print(f"\n{what} is imported by\n  {_command(model, outline.cut)}")
        return 0
    if outline.parts:
        print("\nNor is any part around the recurrence.")
    return EXIT_FINDING


def _described(part: Part) -> str:
    sizes = f" {part.features or '?'} to {part.hidden or '?'}," if part.operator != "Scan" else ""
    return f"{part.operator} '{part.name}':{sizes} {part.direction}, reads '{part.source}'"


def _command(model: str, cut: Cut) -> str:
    words = ["lstmir", "import", model]
    for flag, names in (("--inputs", cut.inputs), ("--outputs", cut.outputs)):
        words += [flag, *names] if names else []
    return shlex.join([*words, "-o", "OUT.lstmir"])
