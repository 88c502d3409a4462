"""Whether a module's interface is that of its main function: arrays can be fed to nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from lstmir.interpreter.streamed import is_clocked
from lstmir.ir.diagnostics import UserError
from lstmir.ir.interface import Port, is_sampled, ports
from lstmir.ir.module import Function, Module
from lstmir.ir.operation import Value
from lstmir.ir.types import shape_of

DTYPES = ("f16", "f32", "f64", "i1", "i32", "i64")


def check_signature(module: Module) -> None:
    """Raise `UserError` unless arrays of the interface's ports can be fed to the main function.

    A clocked design has other ports of its own: only the names of elements are checked.
    """
    if "interface" not in module.attributes:
        raise UserError(
            "the module has no 'interface', so it does not say which arrays it takes and gives",
            location=module.location,
        )
    function = _main(module)
    for kind, values in (("input", function.parameters), ("output", function.results)):
        found = ports(module, kind)
        for port in found:
            _check_dtype(port, function)
        if not is_clocked(module):
            _check_values(kind, found, values, function, sampled=is_sampled(module))


def _main(module: Module) -> Function:
    if len(module.functions) != 1 and "main" not in module.functions:
        names = ", ".join(f"@{name}" for name in module.functions) or "none"
        raise UserError(
            f"the module has no main function: name one @main (its functions: {names})",
            location=module.location,
        )
    return module.main


def _check_dtype(port: Port, function: Function) -> None:
    if port.dtype not in DTYPES:
        known = ", ".join(DTYPES)
        raise UserError(
            f"the port '{port.name}' has the dtype '{port.dtype}'; known are {known}",
            location=function.location,
        )


def _check_values(
    kind: str, found: Sequence[Port], values: Sequence[Value], function: Function, *, sampled: bool
) -> None:
    if len(found) != len(values):
        raise UserError(
            f"the interface has {len(found)} {kind}(s), @{function.name} has {len(values)}",
            location=function.location,
        )
    for port, value in zip(found, values, strict=True):
        shape = port.sample_shape if sampled else port.shape
        if not _agree(shape, shape_of(value.type)):
            raise UserError(
                f"the {kind} '{port.name}' is {port.describe()} in the interface, "
                f"and {value.type} in @{function.name}",
                location=function.location,
            )


def _agree(shape: Sequence[int], other: Sequence[int | None]) -> bool:
    """Whether some array has both shapes."""
    pairs = zip(shape, other, strict=False)
    return len(shape) == len(other) and all(a < 0 or b is None or a == b for a, b in pairs)
