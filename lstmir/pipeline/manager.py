"""Runs passes one after the other: verifies after each, takes the time, tells those who listen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

from lstmir.ir.diagnostics import UserError
from lstmir.ir.garbage import collection_paused
from lstmir.ir.module import Module
from lstmir.ir.verify import verify
from lstmir.pipeline.crash import PassCrash
from lstmir.pipeline.passes import Context, Pass

Listener = Callable[[Pass, Module], None]

# The user's mistakes, and a reader of standard error who has gone.
_NO_CRASH = (UserError, BrokenPipeError)


@dataclass(frozen=True)
class Timing:
    """How long a pass and the verification after it took, in seconds."""

    name: str
    seconds: float
    verification: float


def _silent(pass_: Pass, module: Module) -> None:
    """Default for those who do not listen."""


def run_passes(
    module: Module,
    passes: Iterable[Pass],
    context: Context | None = None,
    *,
    before: Listener = _silent,
    after: Listener = _silent,
    verify_each: bool = True,
) -> list[Timing]:
    """Run passes on a module, in place. Without `verify_each` it is verified once, at the end.

    `before` and `after` see each pass with the module as it is then; `after` sees verified modules
    only. Raises `UserError` of a pass that cannot do its work, and `PassCrash` for one that fails
    in any other way or breaks the module.
    """
    context = context or Context()
    timings = []
    for index, pass_ in enumerate(passes):
        context.progress(pass_.name)
        before(pass_, module)
        # What was not verified may be broken already: then nothing before this pass is known good.
        verified = index if verify_each else 0
        start = perf_counter()
        _run(pass_, module, context, verified)
        middle = perf_counter()
        if verify_each:
            _verify(module, f"'{pass_.name}'", f"the pass '{pass_.name}'", verified)
        timings.append(Timing(pass_.name, middle - start, perf_counter() - middle))
        after(pass_, module)
    if not verify_each:
        _verify(module, "the last pass", "one of the passes", 0)
    return timings


def _run(pass_: Pass, module: Module, context: Context, verified: int) -> None:
    try:
        with collection_paused():
            pass_.run(module, context)
    except _NO_CRASH:
        raise
    except Exception as error:
        raise PassCrash(f"the pass '{pass_.name}' crashed", verified, error) from error


def _verify(module: Module, which: str, who: str, verified: int) -> None:
    try:
        with collection_paused():
            verify(module)
    except UserError as error:
        broken = [replace(d, message=f"after {which}: {d.message}") for d in error.diagnostics]
        message = f"{who} left a module that does not verify"
        raise PassCrash(message, verified, UserError(broken)) from error
    except Exception as error:
        raise PassCrash(f"the verifier crashed after {which}", verified, error) from error


def timing_table(timings: Sequence[Timing]) -> str:
    """The timings as a person reads them, with their sums."""
    work = sum(timing.seconds for timing in timings)
    checks = sum(timing.verification for timing in timings)
    rows = [*timings, Timing("total", work, checks)]
    width = max(len(row.name) for row in rows)
    lines = [f"{'pass':<{width}}  {'seconds':>9}  {'verify':>9}"]
    lines += [f"{r.name:<{width}}  {r.seconds:9.4f}  {r.verification:9.4f}" for r in rows]
    return "\n".join(lines) + "\n"
