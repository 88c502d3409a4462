"""One measurement of lstmir: `python -m benchmarks.ir_speed.ours TASK OPERATIONS`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module

from benchmarks.ir_speed.programs import one_constant, straight_line
from benchmarks.process import Task, measure
from lstmir.ir.garbage import collection_paused
from lstmir.ir.module import Module
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module


def _parse(size: int) -> Callable[[], object]:
    text = straight_line(size)
    return lambda: parse_module(text)


def _print(size: int) -> Callable[[], object]:
    module = parse_module(straight_line(size))
    return lambda: print_module(module)


def _cleaned_by(name: str, twins: bool) -> Task:
    from lstmir.pipeline.passes import Context, pass_named

    import_module(f"lstmir.passes.{name.replace('-', '_')}")
    work = pass_named(name)()

    def prepare(size: int) -> Callable[[], object]:
        module = parse_module(straight_line(size, twins=twins))

        def job() -> None:
            with collection_paused():  # as the pass manager runs it
                work.run(module, Context())
            assert not twins or _count(module) == size // 2 + 1

        return job

    return prepare


def _count(module: Module) -> int:
    return sum(1 for _ in module.walk())


def _constant(mebibytes: int) -> Callable[[], object]:
    text = one_constant(mebibytes)
    return lambda: parse_module(text)


def _bytes(mebibytes: int) -> Callable[[], object]:
    """What cannot be saved of reading a constant: its text to bytes."""
    text = one_constant(mebibytes).encode()
    start, end = text.index(b'"0x') + 3, text.rindex(b'"')
    return lambda: bytes.fromhex(text.decode()[start:end])


TASKS: dict[str, Task] = {
    "parse": _parse,
    "print": _print,
    "cse": lambda size: _cleaned_by("cse", True)(size),
    "canonicalize": lambda size: _cleaned_by("canonicalize", False)(size),
    "dce": lambda size: _cleaned_by("dce", False)(size),
    "fold-constants": lambda size: _cleaned_by("fold-constants", False)(size),
    "constant": _constant,
    "bytes": _bytes,
}

if __name__ == "__main__":
    measure(TASKS, *sys.argv[1:])
