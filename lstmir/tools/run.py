"""The command `lstmir run`."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path

from lstmir.tools.cut import add_cut, cut_of


def add_run(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("model", metavar="MODEL", help=".onnx, .json, or .lstmir of any level")
    add("--feed", required=True, metavar="FILE.npz",
        help="arrays named and laid out as the model's inputs")  # fmt: skip
    add("-o", dest="output", type=Path, required=True, metavar="FILE.npz",
        help="the same of its outputs")  # fmt: skip
    add("--samples", action="store_true", help="arrays are stacks of single samples [N, ...]")
    add("--trace", action="append", default=[], metavar="%NAME",
        help="write what this value was into the output, too; may be given several times")  # fmt: skip
    add("--counts", action="store_true",
        help="count operations, and values that did not fit, on standard error")  # fmt: skip
    add("--ranges", action="store_true",
        help="show the smallest and the largest element of every value there")  # fmt: skip
    add("--vcd", type=Path, metavar="FILE.vcd",
        help="dump the signals of a module of level 5, cycle by cycle")  # fmt: skip
    add_cut(parser)
    parser.set_defaults(handler=_run)


def _run(arguments: argparse.Namespace) -> int:
    from lstmir.flow.run import RunRequest, run_model
    from lstmir.tools.console import listening
    from lstmir.tools.run_tables import show_report

    arguments.cut = cut_of(arguments)
    names = [field.name for field in fields(RunRequest)]
    with listening() as progress:
        report = run_model(
            RunRequest(**{name: getattr(arguments, name) for name in names}), progress.warn
        )
    show_report(report)
    return 0
