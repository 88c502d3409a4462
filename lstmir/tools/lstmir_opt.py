"""`lstmir-opt`: reads IR, runs passes on it, prints IR."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING

from lstmir.ir.diagnostics import Diagnostic, Source, UsageError, UserError, suggestion
from lstmir.tools.command import Parser, command, display_name, read_text, write_text

# Whoever only asks for help does not wait for the rest of the compiler.
if TYPE_CHECKING:
    from lstmir.ir.module import Module
    from lstmir.pipeline.manager import Timing
    from lstmir.pipeline.passes import Context, Pass
    from lstmir.pipeline.text import NamedPipeline


@command
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; gives its exit status."""
    arguments = _parser().parse(argv)
    answer = _answer(arguments)
    if answer is not None:
        print(answer, end="")
        return 0
    driver = _Driver(arguments, find_passes(arguments.pass_pipeline))
    text = driver.file(read_text(arguments.input))
    write_text(arguments.output, text)
    return 0


def _parser() -> Parser:
    parser = Parser(
        "lstmir-opt", description="Reads IR, runs passes on it, prints IR.", allow_abbrev=False
    )
    add = parser.add_argument
    add("input", nargs="?", default="-", help="a file of IR, or - (default) for standard input")
    add(
        "-o",
        dest="output",
        default="-",
        metavar="FILE",
        help="where to write (default: standard output)",
    )
    add("-p", "--pass-pipeline", default="", metavar="TEXT",
        help="the passes to run, such as 'prune{ratio=0.5 shape=bank},cse'")  # fmt: skip
    add("--data", metavar="FILE.npz", help="calibration data for the passes that need some")
    add("--seed", type=int, default=0, metavar="N", help="of everything random (default: 0)")
    add("--list-passes", action="store_true", help="list the passes")
    add("--pass-help", metavar="NAME", help="describe a pass and its options")
    add("--show-dialects", action="store_true", help="list the dialects")
    add("--verify-each", action=argparse.BooleanOptionalAction, default=True,
        help="verify the module after each pass (default)")  # fmt: skip
    add("--split-input-file", action="store_true",
        help="treat the parts between lines '// -----' as modules of their own")  # fmt: skip
    add("--verify-diagnostics", action="store_true",
        help="succeed if the errors are those of the comments '// expected-error {{text}}'")  # fmt: skip
    add("--print-generic", action="store_true", help="print operations in their generic form")
    add("--print-ir-before", action="append", default=[], metavar="NAME",
        help="print the IR, without resources, before a pass, on standard error")  # fmt: skip
    add("--print-ir-after", action="append", default=[], metavar="NAME", help="the same, after it")
    add("--print-ir-before-all", action="store_true", help="the same, before every pass")
    add("--print-ir-after-all", action="store_true", help="the same, after every pass")
    add("--timing", action="store_true", help="print how long each pass took, on standard error")
    return parser


def _answer(arguments: argparse.Namespace) -> str | None:
    """What is asked about the tool itself, or None if there is IR to work on."""
    if arguments.list_passes:
        from lstmir import passes
        from lstmir.pipeline.docs import list_passes
        from lstmir.pipeline.passes import PASSES

        passes.load()
        return list_passes({name: PASSES[name] for name in _pass_names()})
    if arguments.pass_help is not None:
        from lstmir.pipeline.docs import pass_help

        return pass_help(find_pass(arguments.pass_help))
    if arguments.show_dialects:
        return _show_dialects()
    return None


def _show_dialects() -> str:
    from lstmir import dialects

    modules = [import_module(f"lstmir.dialects.{name}") for name in dialects.NAMES]
    lines = [(module.__doc__ or "").splitlines()[0] for module in modules]
    return "".join(f"{line.replace('`', '')}\n" for line in lines)


def _pass_names() -> list[str]:
    """The names of all passes, in the order of `compile`; none is loaded."""
    from lstmir import passes

    return [module.replace("_", "-") for module in passes.NAMES]


def find_pass(name: str) -> type[Pass]:
    """A pass, of which only the file is loaded. Raises `UsageError` that names the nearest."""
    from lstmir.pipeline.passes import pass_named

    known = _pass_names()
    if name not in known:
        raise UsageError(f"unknown pass '{name}'{suggestion(name, known)}")
    import_module(f"lstmir.passes.{name.replace('-', '_')}")
    return pass_named(name)


def find_passes(text: str) -> list[Pass]:
    """The passes of a pipeline text. The recipes are loaded only if it has a name that is no pass."""
    from lstmir.pipeline.text import parse_pipeline, parse_stages

    used = {stage.name for stage in parse_stages(text)}
    recipes = _recipes() if used - set(_pass_names()) else {}
    return parse_pipeline(text, find=find_pass, named=recipes)


def _recipes() -> Mapping[str, NamedPipeline]:
    from lstmir.flow.recipes import RECIPES

    return RECIPES


def _warn(message: str) -> None:
    print(f"warning: {message}", file=sys.stderr)


@dataclass
class _Driver:
    """Runs passes on every module of a file."""

    arguments: argparse.Namespace
    passes: list[Pass]
    timings: list[Timing] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in (*self.arguments.print_ir_before, *self.arguments.print_ir_after):
            find_pass(name)

    def file(self, text: str) -> str:
        """The text after all passes. Raises `UserError` with what was found in any piece."""
        from lstmir.tools.expectations import SEPARATOR, split_pieces

        pieces = split_pieces(text) if self.arguments.split_input_file else [text]
        name = display_name(self.arguments.input)
        printed: list[str] = []
        wrong: list[Diagnostic] = []
        for piece in pieces:
            self.piece(Source(name, piece), printed, wrong)
        if self.arguments.timing and self.timings:
            from lstmir.pipeline.manager import timing_table

            print(timing_table(self.timings), end="", file=sys.stderr)
        if wrong:
            raise UserError(wrong)
        return f"{SEPARATOR}\n".join(printed)

    def piece(self, source: Source, printed: list[str], wrong: list[Diagnostic]) -> None:
        found: Sequence[Diagnostic] = ()
        try:
            printed.append(self.module(source))
        except UserError as error:
            found = error.diagnostics
        if self.arguments.verify_diagnostics:
            from lstmir.tools.expectations import differences

            found = differences(source, found)
        wrong += found

    def module(self, source: Source) -> str:
        from lstmir.pipeline.manager import run_passes
        from lstmir.syntax.parser import parse_module
        from lstmir.syntax.printer import print_module

        module = parse_module(source.text, source.name)
        before = self.dump(
            "Before", self.arguments.print_ir_before, self.arguments.print_ir_before_all
        )
        after = self.dump("After", self.arguments.print_ir_after, self.arguments.print_ir_after_all)
        context = self.context(module)
        self.timings += run_passes(
            module, self.passes, context,
            before=before, after=after, verify_each=self.arguments.verify_each,
        )  # fmt: skip
        return print_module(module, generic=self.arguments.print_generic)

    def context(self, module: Module) -> Context:
        from lstmir.flow.data import read_data
        from lstmir.ir.interface import ports
        from lstmir.pipeline.passes import Context

        context = Context(seed=self.arguments.seed, warn=_warn)
        if self.arguments.data is None:
            return context
        inputs, outputs = ports(module, "input"), ports(module, "output")
        if len(inputs) != 1 or not outputs:
            raise UserError(f"--data feeds one input, this module has {len(inputs)}")
        data = read_data(self.arguments.data, inputs[0], outputs[0])
        context.data, context.data_hash = {inputs[0].name: data.x_train}, data.hash
        return context

    def dump(self, when: str, names: Sequence[str], every: bool) -> Callable[[Pass, Module], None]:
        from lstmir.syntax.printer import print_module

        def show(pass_: Pass, module: Module) -> None:
            if every or pass_.name in names:
                text = print_module(module, generic=self.arguments.print_generic, resources=False)
                header = f"// -----// IR Dump {when} {pass_.name} //----- //"
                print(f"{header}\n{text}", end="", file=sys.stderr)

        return show


if __name__ == "__main__":
    sys.exit(main())
