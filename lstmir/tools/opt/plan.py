"""What is to be done to each module: from the command line, or from a reproducer."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lstmir.ir.diagnostics import Location, Source, UserError
from lstmir.pipeline.passes import Context, Pass
from lstmir.pipeline.text import parse_flag, print_pipeline
from lstmir.tools.opt.names import find_pass, find_passes

if TYPE_CHECKING:
    from lstmir.ir.module import Module
    from lstmir.tools.opt.reproducer import Reproducer


@dataclass(frozen=True)
class Plan:
    """The passes and how they run; `data` is the path of calibration data.

    `data_hash` is that of the data which a reproducer was made with, and `said_at` where it says so.
    """

    passes: Sequence[Pass]
    verify_each: bool = True
    seed: int = 0
    data: str | None = None
    data_hash: str = ""
    said_at: Location | None = None

    def context(self, module: Module) -> Context:
        """What the passes may use beside the module. Raises `UserError` for data that do not fit."""
        context = Context(seed=self.seed)
        if self.data is not None:
            self._read_data(self.data, context, module)
        if self.data_hash and self.data_hash != context.data_hash:
            raise self._other_data()
        return context

    def _other_data(self) -> UserError:
        problem = f"which is not that of {self.data}"
        if self.data is None:
            problem = "which is missing: add --data FILE.npz"
        message = f"the reproducer was made with calibration data, {problem}"
        return UserError(message, location=self.said_at)

    def _read_data(self, path: str, context: Context, module: Module) -> None:
        from lstmir.flow.data import read_data

        data = read_data(path, module)
        context.data, context.data_hash = data.train, data.hash

    def reproducer(self, passed: int, context: Context) -> Reproducer:
        """What is left to do after so many passes."""
        from lstmir.tools.opt.reproducer import Reproducer

        pipeline = print_pipeline(self.passes[passed:])
        return Reproducer(pipeline, self.verify_each, self.seed, context.data_hash or "")


def plan_of(arguments: argparse.Namespace) -> Plan:
    """What the command line asks for. Raises `UserError` with exit status 2."""
    passes = find_passes(arguments.pass_pipeline or "")
    passes += [parse_flag(name, text, find=find_pass) for name, text in arguments.pass_flags]
    return Plan(passes, arguments.verify_each is not False, arguments.seed or 0, arguments.data)


def plan_of_reproducer(source: Source, data: str | None) -> Plan:
    """What the head of a file asks for. Raises `UserError`."""
    from lstmir.tools.opt.reproducer import read_reproducer

    said, place = read_reproducer(source)
    try:
        passes = find_passes(said.pipeline, f"<pipeline of {source.name}>")
    except UserError as error:
        raise UserError(error.diagnostics) from error  # found inside a file
    return Plan(passes, said.verify_each, said.seed, data, said.data, place)
