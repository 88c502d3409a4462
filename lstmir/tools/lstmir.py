"""`lstmir`: models to hardware, and the golden model, from the command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from lstmir import __version__
from lstmir.ir.diagnostics import EXIT_FINDING
from lstmir.tools.command import Parser, command

Handler = Callable[[argparse.Namespace], int]


@command
def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; gives its exit status."""
    arguments = _parser().parse(argv)
    handler: Handler = arguments.handler
    return handler(arguments)


def _parser() -> Parser:
    parser = Parser(prog="lstmir", description="Trained LSTM networks to verified FPGA accelerators.")
    parser.add_argument("--version", action="version", version=f"lstmir {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_compile(commands.add_parser("compile", help="a model to a folder of verified hardware"))
    _add_run(commands.add_parser("run", help="run a model or a stage in the golden interpreter"))
    _add_verify(commands.add_parser("verify", help="repeat the verification of a compiled folder"))
    targets = commands.add_parser("targets", help="list the FPGA parts and their resources")
    targets.set_defaults(handler=_targets)
    return parser


def positive(text: str) -> int:
    """A whole number of at least 1."""
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a whole number, not '{text}'") from None
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, not {number}")
    return number


def _add_compile(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help=".onnx, .json or .lstmir")
    parser.add_argument("--data", required=True, metavar="FILE.npz", help="x_train, x_test, y_test")
    parser.add_argument("--recipe", metavar="NAME", help="how to compress (default: bank50)")
    parser.add_argument("--target", default="ecp5-25k", metavar="PART", help="see 'lstmir targets'")
    parser.add_argument("--macs", type=positive, default=16, metavar="N", help="multipliers of the array")
    parser.add_argument("-o", dest="output", required=True, metavar="DIR", help="the folder to write")
    parser.add_argument("--seed", type=int, default=0, help="of everything random (default: 0)")
    parser.add_argument("--ap-types", type=Path, metavar="DIR", help="folder of ap_fixed.h")
    parser.add_argument("--rtl-sequences", type=positive, default=4, metavar="N",
                        help="sequences that level 5 is interpreted on (default: 4)")  # fmt: skip
    parser.add_argument("--logic-multipliers", action="store_true",
                        help="allow more multipliers than the part has DSP blocks")  # fmt: skip
    parser.add_argument("--no-synthesis", dest="synthesis", action="store_false",
                        help="do not count resources")  # fmt: skip
    parser.set_defaults(handler=_compile)


def _compile(arguments: argparse.Namespace) -> int:
    from lstmir.flow.compile import Request, compile_model
    from lstmir.flow.summary import failed
    from lstmir.tools.console import listening
    from lstmir.tools.table import show_summary

    request = Request(
        arguments.model, arguments.data, Path(arguments.output), arguments.recipe,
        arguments.target, arguments.macs, arguments.seed, arguments.ap_types,
        arguments.rtl_sequences, arguments.logic_multipliers, arguments.synthesis,
    )  # fmt: skip
    with listening() as (progress, console):
        summary = compile_model(request, progress)
    show_summary(summary, arguments.output, console)
    for line in failed(summary):
        print(f"error: {line}", file=sys.stderr)
    return EXIT_FINDING if failed(summary) else 0


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help=".onnx, .json or .lstmir of any level")
    parser.add_argument("--feed", required=True, metavar="FILE.npz",
                        help="arrays named and laid out as the model's inputs")  # fmt: skip
    parser.add_argument("-o", dest="output", required=True, metavar="FILE.npz", help="the results")
    parser.add_argument("--samples", action="store_true",
                        help="the feed holds stacks of single samples [N, …]")  # fmt: skip
    parser.set_defaults(handler=_run)


def _run(arguments: argparse.Namespace) -> int:
    from lstmir.flow.run import run_model

    run_model(arguments.model, arguments.feed, Path(arguments.output), arguments.samples)
    return 0


def _add_verify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", type=Path, help="what 'lstmir compile' wrote")
    parser.add_argument("--ap-types", type=Path, metavar="DIR", help="folder of ap_fixed.h")
    parser.set_defaults(handler=_verify)


def _verify(arguments: argparse.Namespace) -> int:
    from lstmir.flow.verify import verify_folder
    from lstmir.tools.console import listening
    from lstmir.tools.table import show_checks

    with listening() as (progress, console):
        checks = verify_folder(arguments.folder, progress, arguments.ap_types)
    show_checks([check.attribute() for check in checks], console)
    return EXIT_FINDING if any(check.status == "failed" for check in checks) else 0


def _targets(arguments: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.table import Table

    from lstmir.targets import PARTS

    table = Table(box=None, pad_edge=False)
    for column in ("part", "family", "LUT", "FF", "DSP", "BRAM", "source"):
        table.add_column(column)
    for part in PARTS.values():
        counts = (part.luts, part.ffs, part.dsp, part.bram)
        table.add_row(part.name, part.family, *map(str, counts), part.source)
    Console().print(table)
    return 0
