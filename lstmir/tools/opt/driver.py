"""Runs passes on every module of a file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from lstmir.ir.diagnostics import Diagnostic, Source, UsageError, UserError
from lstmir.ir.module import Module, used_resources
from lstmir.pipeline.crash import PassCrash
from lstmir.pipeline.manager import Timing, run_passes
from lstmir.pipeline.passes import Pass
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module
from lstmir.tools.command import display_name, read_text, write_text
from lstmir.tools.opt.names import check_pass
from lstmir.tools.opt.plan import Plan, plan_of, plan_of_reproducer

if TYPE_CHECKING:
    import numpy as np


def drive(arguments: argparse.Namespace) -> None:
    """Read, run, write. Raises `UserError`; then nothing is written but, perhaps, a reproducer."""
    plan = None if arguments.run_reproducer else plan_of(arguments)
    before, after = _names(arguments.print_ir_before), _names(arguments.print_ir_after)
    if arguments.data is not None:
        from lstmir.flow.arrays import check_readable

        check_readable(arguments.data)
    source = Source(display_name(arguments.input), read_text(arguments.input))
    plan = plan or plan_of_reproducer(source, arguments.data)
    _Driver(arguments, plan, before, after).file(source)


def _names(lists: Sequence[str]) -> set[str]:
    names = {name for each in lists for name in each.split(",")}
    for name in sorted(names):
        check_pass(name)
    return names


def _warn(message: str) -> None:
    print(f"warning: {message}", file=sys.stderr)


@dataclass
class _Driver:
    arguments: argparse.Namespace
    plan: Plan
    print_before: set[str]
    print_after: set[str]
    timings: list[Timing] = field(default_factory=list)
    archive: dict[str, np.ndarray] = field(default_factory=dict)

    def file(self, source: Source) -> None:
        """Work on all pieces of a file, then write what came out."""
        from lstmir.tools.expectations import SEPARATOR, split_pieces

        split = self.arguments.split_input_file
        pieces = split_pieces(source.text) if split else [source.text]
        printed: list[str] = []
        wrong: list[Diagnostic] = []
        for piece in pieces:
            self.piece(Source(source.name, piece), printed, wrong)
        if self.arguments.timing and self.timings:
            from lstmir.pipeline.manager import timing_table

            print(timing_table(self.timings), end="", file=sys.stderr)
        if wrong:
            raise UserError(wrong)
        self.write(f"{SEPARATOR}\n".join(printed))

    def piece(self, source: Source, printed: list[str], wrong: list[Diagnostic]) -> None:
        found: Sequence[Diagnostic] = ()
        try:
            printed.append(self.module(source))
        except UsageError:
            raise  # a path, and nothing that stands in the file
        except UserError as error:
            found = error.diagnostics
        except PassCrash as crash:
            # Whatever errors were announced, this is none of them: nothing more is done.
            crash.print_traceback()
            raise UserError([*wrong, *self.crashed(crash, source).diagnostics]) from crash
        if self.arguments.verify_diagnostics:
            from lstmir.tools.expectations import differences

            found = differences(source, found)
        wrong += found

    def module(self, source: Source) -> str:
        module = parse_module(source.text, source.name)
        context = self.plan.context(module)
        context.warn = _warn
        if self.arguments.emit_reproducer is not None:
            text = self.plan.reproducer(0, context).text(print_module(module))
            write_text(self.arguments.emit_reproducer, text)
        self.timings += run_passes(
            module, self.plan.passes, context,
            before=self.dump("Before", self.print_before, self.arguments.print_ir_before_all),
            after=self.dump("After", self.print_after, self.arguments.print_ir_after_all),
            verify_each=self.plan.verify_each,
        )  # fmt: skip
        return self.text(module)

    def crashed(self, crash: PassCrash, source: Source) -> UserError:
        """What the user is told of a crash, after a reproducer was written."""
        from lstmir.tools.opt.crashed import reproduce

        return crash.as_error(reproduce(crash, source, self.plan, self.arguments))

    def dump(self, when: str, names: set[str], every: bool) -> Callable[[Pass, Module], None]:
        def show(pass_: Pass, module: Module) -> None:
            if every or pass_.name in names:
                generic = self.arguments.print_generic
                text = print_module(module, generic=generic, resources="elide")
                header = f"// -----// IR Dump {when} {pass_.name} //----- //"
                print(f"{header}\n{text}", end="", file=sys.stderr)

        return show

    def text(self, module: Module) -> str:
        """The module as it was asked for; arrays that do not stand in the text go to the archive."""
        if self.arguments.emit_dot:
            from lstmir.syntax.dot import print_dot

            return print_dot(module)
        resources = self.arguments.resources
        if resources == "npz":
            used = used_resources(module)
            self.archive = {name: module.resources[name] for name in used}
            resources = self.archive_path.name if used else "inline"
        return print_module(module, generic=self.arguments.print_generic, resources=resources)

    @property
    def archive_path(self) -> Path:
        return Path(self.arguments.output).with_suffix(".npz")

    def write(self, text: str) -> None:
        if self.archive:
            from lstmir.flow.arrays import save_arrays

            # Before the text, which must never name what is not there.
            save_arrays(self.archive_path, self.archive)
        write_text(self.arguments.output, text)
