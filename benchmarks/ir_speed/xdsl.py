"""One measurement of xDSL: `python -m benchmarks.ir_speed.xdsl TASK OPERATIONS`."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable
from time import process_time

from xdsl.context import Context
from xdsl.dialects.arith import Arith
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.dialects.func import Func
from xdsl.parser import Parser
from xdsl.transforms.common_subexpression_elimination import CommonSubexpressionElimination

from benchmarks.ir_speed.programs import as_mlir, straight_line
from benchmarks.process import peak_mib


def main(task: str, operations: int) -> None:
    """Measure the task on a small program first, so that what is loaded once is loaded."""
    for size in (10, operations):
        job = TASKS[task](size)
        gc.collect()
        start = process_time()
        job()
        seconds = process_time() - start
    print(json.dumps({"seconds": seconds, "peak_mib": peak_mib()}))


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


TASKS: dict[str, Callable[[int], Callable[[], object]]] = {
    "parse": _parse,
    "print": _print,
    "cse": _cse,
}

if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
