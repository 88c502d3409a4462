"""The command line of `lstmir-opt`: its flags, and which of them contradict each other."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from lstmir.tools.command import Parser, seed
from lstmir.tools.opt.pass_flags import add_pass_flags, spell_out, summaries

_WAYS = ("inline", "npz", "elide")


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The arguments, those of the process for None. Raises `UsageError` for the first mistake."""
    parser = _OptParser(
        "lstmir-opt",
        usage="%(prog)s [option ...] [--PASS[=OPTIONS] ...] [FILE]",
        description="Reads IR, runs passes on it, prints IR.",
        allow_abbrev=False,
    )
    _add_files(parser)
    _add_pipeline(parser)
    _add_printing(parser)
    _add_checks(parser)
    _add_questions(parser)
    add_pass_flags(parser)
    arguments = parser.parse(argv)
    for conflict in _conflicts(arguments):
        parser.error(conflict)
    return arguments


class _OptParser(Parser):
    def parse(self, argv: Sequence[str] | None) -> argparse.Namespace:
        words = sys.argv[1:] if argv is None else argv
        return super().parse([*spell_out(words, self._option_string_actions)])

    def format_help(self) -> str:
        for name, summary in summaries().items():
            self._option_string_actions[f"--{name}"].help = summary
        # argparse leaves a blank where a flag of a pass shows no argument.
        return re.sub(r" +$", "", super().format_help(), flags=re.MULTILINE)


def _add_files(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("input", nargs="?", default="-", metavar="FILE",
        help="a file of IR, or - (default) for standard input")  # fmt: skip
    add("-o", dest="output", default="-", metavar="FILE",
        help="where to write (default: standard output)")  # fmt: skip
    add("--split-input-file", action="store_true",
        help="treat the parts between lines '// -----' as modules of their own")  # fmt: skip


def _add_pipeline(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("-p", "--pass-pipeline", metavar="TEXT",
        help="the passes to run, such as 'prune{ratio=0.5 shape=bank},cse'")  # fmt: skip
    add("--data", metavar="FILE.npz", help="calibration data for the passes that need some")
    add("--seed", type=seed, metavar="N", help="of everything random (default: 0)")
    add("--verify-each", action=argparse.BooleanOptionalAction,
        help="verify the module after each pass (default)")  # fmt: skip


def _add_printing(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--print-generic", action="store_true", help="print operations in their generic form")
    add("--resources", type=_way, default="inline", metavar="WAY",
        help="where large constants go: inline (default), npz (a file beside the text), elide")  # fmt: skip
    add("--emit-dot", action="store_true", help="print the graphs in Graphviz's DOT language")
    add("--print-ir-before", action="append", default=[], metavar="NAME,...",
        help="print the IR, without resources, before these passes, on standard error")  # fmt: skip
    add("--print-ir-after", action="append", default=[], metavar="NAME,...",
        help="the same, after them")  # fmt: skip
    add("--print-ir-before-all", action="store_true", help="the same, before every pass")
    add("--print-ir-after-all", action="store_true", help="the same, after every pass")
    add("--timing", action="store_true", help="print how long each pass took, on standard error")


def _way(text: str) -> str:
    if text not in _WAYS:
        raise argparse.ArgumentTypeError(f"expected {', '.join(_WAYS)}, not '{text}'")
    return text


def _add_checks(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--verify-diagnostics", action="store_true",
        help="succeed if the errors are those of the comments '// expected-error {{text}}'")  # fmt: skip
    add("--emit-reproducer", metavar="FILE",
        help="write the input and the passes as one file; after a crash, only what crashes")  # fmt: skip
    add("--run-reproducer", action="store_true", help="run the passes that the input itself names")


def _add_questions(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--list-passes", action="store_true", help="list the passes")
    add("--pass-help", metavar="NAME", help="describe a pass and its options")
    add("--show-dialects", action="store_true", help="list the dialects")
    add("--show-op", metavar="NAME", help="describe an operation, or list those of a dialect")


def _conflicts(arguments: argparse.Namespace) -> Iterator[str]:
    """What is wrong with the flags together."""
    if arguments.pass_flags and arguments.pass_pipeline is not None:
        flag = arguments.pass_flags[0][0]
        yield f"--{flag} and -p/--pass-pipeline: name the passes in one way or in the other"
    if arguments.run_reproducer:
        yield from _not_with_reproducer(arguments)
    if arguments.emit_reproducer is not None:
        yield from _no_reproducer(arguments)
    if arguments.emit_dot and arguments.print_generic:
        yield "--emit-dot prints no IR that --print-generic could change"
    if arguments.resources == "npz":
        yield from _no_archive(arguments)


def _not_with_reproducer(arguments: argparse.Namespace) -> Iterator[str]:
    given = {
        "-p/--pass-pipeline": arguments.pass_pipeline is not None,
        **{f"--{name}": True for name, _ in arguments.pass_flags[:1]},
        "--seed": arguments.seed is not None,
        "--verify-each": arguments.verify_each is not None,
        "--split-input-file": arguments.split_input_file,
    }
    for flag in (flag for flag, is_given in given.items() if is_given):
        yield f"--run-reproducer runs what the file says, and as it says: leave out {flag}"


def _no_reproducer(arguments: argparse.Namespace) -> Iterator[str]:
    if arguments.emit_reproducer == "-":
        yield "--emit-reproducer needs a file: standard output is for the result"
    if arguments.split_input_file:
        yield "--emit-reproducer writes one module: leave out --split-input-file"
    if Path(arguments.emit_reproducer).resolve() == Path(arguments.output).resolve():
        yield "--emit-reproducer and -o name the same file"


def _no_archive(arguments: argparse.Namespace) -> Iterator[str]:
    output = Path(arguments.output)
    if arguments.emit_dot:
        yield "--emit-dot prints no resources that --resources=npz could write"
    if arguments.split_input_file:
        yield "--resources=npz writes one archive: leave out --split-input-file"
    if arguments.output == "-" or (output.exists() and not output.is_file()):
        yield "--resources=npz needs -o FILE: the text names an archive that stands beside it"
    if output.suffix == ".npz":
        yield f"--resources=npz writes the archive {output}: give -o another name for the text"
