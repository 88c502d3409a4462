"""`lstmir`: models to hardware, and the golden model, from the command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from lstmir import __version__
from lstmir.ir.diagnostics import EXIT_FINDING
from lstmir.tools.command import (
    Parser,
    amount,
    command,
    frequency,
    loss,
    multipliers,
    positive,
    seed,
)
from lstmir.tools.compress import add_compress
from lstmir.tools.cut import add_cut, cut_of
from lstmir.tools.import_model import add_import
from lstmir.tools.run import add_run
from lstmir.tools.synth import add_synth
from lstmir.tools.threads import one_thread

Handler = Callable[[argparse.Namespace], int]


@command
def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; gives its exit status."""
    arguments = _parser().parse(argv)
    handler: Handler = arguments.handler
    return handler(arguments)


class _Command(Parser):
    """The parser of a command: what it does not know is its error, not that of the whole line."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        arguments, unknown = super().parse_known_args(args, namespace)
        self.refuse(unknown)
        return arguments, []


def _parser() -> Parser:
    parser = Parser(
        prog="lstmir", description="Trained LSTM networks to verified FPGA accelerators."
    )
    parser.add_argument("--version", action="version", version=f"lstmir {__version__}")
    commands = parser.add_subparsers(
        metavar="COMMAND", required=True, title="commands", parser_class=_Command
    )
    for name, summary, add in (
        ("import", "turn a model, or a part of one, into IR", add_import),
        ("compress", "find the smallest network within an allowed loss", add_compress),
        ("compile", "turn a model into a folder of verified hardware", _add_compile),
        ("run", "run a model, or a stage of its compilation, in the interpreter", add_run),
        ("verify", "repeat the verification of a compiled folder", _add_verify),
        ("synth", "count what a compiled design takes of its part, and place it", add_synth),
        ("targets", "list the FPGA parts and their resources", _add_targets),
    ):
        description = f"{summary[0].upper()}{summary[1:]}."
        add(commands.add_parser(name, help=summary, description=description, allow_abbrev=False))
    return parser


def _add_compile(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("model", metavar="MODEL", help=".onnx, .json or .lstmir")
    add("--data", required=True, metavar="FILE.npz",
        help="x_train [N, T, I] and, if there are, x_test, y_train, y_test")  # fmt: skip
    add("-o", dest="output", type=Path, required=True, metavar="DIR", help="the folder to write")
    add("--recipe", metavar="NAME", help="how to compress (default: best)")
    add("--max-loss", type=loss, metavar="L",
        help="search the recipe for the smallest network that loses no more than this")  # fmt: skip
    add("--target", default="ecp5-25k", metavar="PART",
        help="see 'lstmir targets' (default: ecp5-25k)")  # fmt: skip
    add("--macs", type=multipliers, metavar="N",
        help="multipliers of the array, or 'auto' for the fastest that fits (default: 16)")  # fmt: skip
    add("--latency-us", type=amount, metavar="US",
        help="the smallest design that takes no longer from first beat to result")  # fmt: skip
    add("--fps", type=amount, metavar="N", help="the smallest design for N sequences a second")
    add("--clock-mhz", type=frequency, metavar="MHZ",
        help="the clock of --latency-us and --fps (default: the estimate, less its error)")  # fmt: skip
    add("--period-us", type=amount, metavar="US",
        help="from one inference to the next, for the energy of being idle")  # fmt: skip
    add("--logic-multipliers", action="store_true",
        help="allow more multipliers than the part has DSP blocks: the others are made in logic")  # fmt: skip
    add("--axi-lite", action="store_true",
        help="add registers for a host: control, status and counts, by AXI4-Lite")  # fmt: skip
    add("--lanes", type=positive, default=1, metavar="L",
        help="words in a beat of the streams: 1, 2, 4, 8 or 16 (default: 1)")  # fmt: skip
    add("--arrays", choices=("one", "each"), default="one",
        help="whether layers, and gates that wait for others, share one array of --macs multipliers, or"
        " have one each and run side by side (default: one)")  # fmt: skip
    add("--products", choices=("one", "two", "auto"), default="one",
        help="products of the array in a DSP block: two narrow ones where they fit it exactly, or 'auto' if"
        " any do (default: one)")  # fmt: skip
    add("--stream-states", action="store_true",
        help="a machine for one step of many sequences, whose states come and go with it")  # fmt: skip
    add("--rtl-sequences", type=positive, default=4, metavar="N",
        help="sequences on which level 5 is interpreted (default: 4)")  # fmt: skip
    add("--no-synthesis", dest="synthesis", action="store_false",
        help="do not count what the design takes of the part")  # fmt: skip
    add("--seed", type=seed, default=0, metavar="N", help="of all that is random (default: 0)")
    add_cut(parser)
    _add_headers(parser)
    parser.set_defaults(handler=_compile)


def _add_headers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--ap-types", type=Path, metavar="DIR",
                        help="folder of ap_fixed.h (default: that of hls4ml)")  # fmt: skip


def _compile(arguments: argparse.Namespace) -> int:
    one_thread()
    from lstmir.flow.compile import compile_model
    from lstmir.flow.request import Request
    from lstmir.tools.console import listening, output
    from lstmir.tools.table import show_summary

    arguments.cut = cut_of(arguments)
    request = Request(**{field.name: getattr(arguments, field.name) for field in fields(Request)})
    with listening() as progress:
        summary = compile_model(request, progress)
    show_summary(summary, request.output, output())
    return _status([*summary["verification"], *summary["synthesis"]])


def _status(entries: list[dict[str, Any]]) -> int:
    """The exit status for what was verified and synthesized, after telling what failed."""
    from lstmir.flow.summary import failures

    for line in failures(entries):
        print(f"error: {line}", file=sys.stderr)
    return EXIT_FINDING if failures(entries) else 0


def _add_verify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", type=Path, help="what 'lstmir compile' wrote")
    _add_headers(parser)
    parser.set_defaults(handler=_verify)


def _verify(arguments: argparse.Namespace) -> int:
    from lstmir.flow.verify import verify_folder
    from lstmir.tools.console import listening, output
    from lstmir.tools.table import show_checks

    with listening() as progress:
        checks = verify_folder(arguments.folder, progress, arguments.ap_types)
    entries = [check.attribute() for check in checks]
    show_checks(entries, output())
    return _status(entries)


def _add_targets(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(handler=_targets)


def _targets(arguments: argparse.Namespace) -> int:
    from lstmir.tools.console import output
    from lstmir.tools.table import show_targets

    show_targets(output())
    return 0
