"""One measurement of xDSL: `python -m benchmarks.ir_speed.xdsl TASK OPERATIONS`."""

from __future__ import annotations

import sys
from collections.abc import Callable

from xdsl.context import Context
from xdsl.dialects.arith import Arith
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.dialects.func import Func
from xdsl.parser import Parser
from xdsl.transforms.common_subexpression_elimination import CommonSubexpressionElimination

from benchmarks.ir_speed.programs import as_mlir, straight_line
from benchmarks.process import Task, measure


def _read(text: str) -> ModuleOp:
    context = Context()
    for dialect in (Builtin, Arith, Func):
        context.load_dialect(dialect)
    return Parser(context, as_mlir(text)).parse_module()


def _parse(size: int) -> Callable[[], object]:
    text = straight_line(size)
    return lambda: _read(text).verify()


def _print(size: int) -> Callable[[], object]:
    module = _read(straight_line(size))
    return lambda: str(module)


def _cse(size: int) -> Callable[[], object]:
    module = _read(straight_line(size, twins=True))

    def job() -> None:
        CommonSubexpressionElimination().apply(Context(), module)
        # The module, the function and its end are operations, too.
        assert sum(1 for _ in module.walk()) == size // 2 + 3

    return job


TASKS: dict[str, Task] = {
    "parse": _parse,
    "print": _print,
    "cse": _cse,
}

if __name__ == "__main__":
    measure(TASKS, *sys.argv[1:])
