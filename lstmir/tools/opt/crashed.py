"""After a crash: a reproducer is written, and the user is told how to replay it."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from lstmir.ir.diagnostics import Source, UserError
from lstmir.pipeline.crash import PassCrash
from lstmir.pipeline.manager import run_passes
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module
from lstmir.tools.command import write_text
from lstmir.tools.opt.plan import Plan


def reproduce(
    crash: PassCrash, source: Source, plan: Plan, arguments: argparse.Namespace
) -> Sequence[str]:
    """Write the IR as it was before the pass that crashed; gives what to tell the user.

    A crash of a reproducer that is replayed has its reproducer already; another is written if asked.
    """
    path = arguments.emit_reproducer
    if path is None and arguments.run_reproducer:
        return ()
    try:
        text = _text(crash.verified, source, plan)
        path = path or _free_name()
        write_text(path, text)
    except Exception as error:  # a second failure must not hide the first
        return (f"no reproducer could be written: {_reason(error)}",)
    words = ["lstmir-opt", "--run-reproducer", path]
    if plan.data is not None:
        words += ["--data", plan.data]
    return (f"the reproducer is {path}; replay it with: {shlex.join(words)}",)


def _reason(error: Exception) -> str:
    if isinstance(error, UserError):
        return error.diagnostics[0].message
    return (str(error) or type(error).__name__).splitlines()[0]


def _text(verified: int, source: Source, plan: Plan) -> str:
    """The IR before the crash, or the input where that IR, read from text, does not crash any more.

    The passes that did well run again for it: that costs time, but only after a crash.
    """
    text = _after(verified, source, plan)
    if verified and not _crashes(Source(source.name, text), plan, verified):
        return _after(0, source, plan)
    return text


def _after(passed: int, source: Source, plan: Plan) -> str:
    module = parse_module(source.text, source.name)
    context = plan.context(module)
    run_passes(module, plan.passes[:passed], context, verify_each=False)
    return plan.reproducer(passed, context).text(print_module(module))


def _crashes(source: Source, plan: Plan, passed: int) -> bool:
    module = parse_module(source.text, source.name)
    try:
        run_passes(module, plan.passes[passed:], plan.context(module))
    except PassCrash:
        return True
    except UserError:
        pass
    return False


def _free_name() -> str:
    names = (f"lstmir-reproducer{f'-{n}' if n else ''}.lstmir" for n in count())
    return next(name for name in names if not Path(name).exists())
