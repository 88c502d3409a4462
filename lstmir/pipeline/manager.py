"""Runs passes one after the other: verifies after each, takes the time, tells those who listen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

from lstmir.ir.diagnostics import UserError
from lstmir.ir.module import Module
from lstmir.ir.verify import verify
from lstmir.pipeline.passes import Context, Pass

Listener = Callable[[Pass, Module], None]


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
    only. Raises `UserError` of a pass that cannot do its work, and for a module that a pass broke.
    """
    context = context or Context()
    timings = []
    for pass_ in passes:
        context.progress(pass_.name)
        before(pass_, module)
        start = perf_counter()
        pass_.run(module, context)
        middle = perf_counter()
        if verify_each:
            _verify(module, f"after '{pass_.name}'")
        timings.append(Timing(pass_.name, middle - start, perf_counter() - middle))
        after(pass_, module)
    if not verify_each:
        _verify(module, "after the last pass")
    return timings


def _verify(module: Module, when: str) -> None:
    try:
        verify(module)
    except UserError as error:
        broken = [replace(d, message=f"{when}: {d.message}") for d in error.diagnostics]
        raise UserError(broken) from error


def timing_table(timings: Sequence[Timing]) -> str:
    """The timings as a person reads them, with their sums."""
    work = sum(timing.seconds for timing in timings)
    checks = sum(timing.verification for timing in timings)
    rows = [*timings, Timing("total", work, checks)]
    width = max(len(row.name) for row in rows)
    lines = [f"{'pass':<{width}}  {'seconds':>9}  {'verify':>9}"]
    lines += [f"{r.name:<{width}}  {r.seconds:9.4f}  {r.verification:9.4f}" for r in rows]
    return "\n".join(lines) + "\n"
