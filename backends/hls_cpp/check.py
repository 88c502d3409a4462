"""What a module must be so that it can be printed."""

from __future__ import annotations

from collections.abc import Iterator

from lstmir.backends.hls_cpp.program import RULES
from lstmir.ir.diagnostics import Diagnostics
from lstmir.ir.module import Function, Module
from lstmir.ir.operands import segment
from lstmir.ir.operation import Operation, Value
from lstmir.ir.types import I1, I32, TensorType, element_of, is_static, shape_of
from lstmir.numeric.fixed import MAX_STORED_WIDTH, FixedType

_AHEAD = "the HLS C++ printer reads the level that tile and block-layout make"


def check(module: Module) -> None:
    """Raise `UserError` with everything that keeps a module from being printed, by operation."""
    found = Diagnostics()
    function = module.main
    for op in function.region.walk():
        for reason in _violations(op):
            found.error(reason, op.location, _AHEAD)
    for reason in _interface_violations(function):
        found.error(reason, function.location, _AHEAD)
    found.raise_if_any()


def _violations(op: Operation) -> Iterator[str]:
    if op.name not in RULES:
        yield f"'{op.name}' has no HLS C++"
        return
    strange = [value for value in (*op.operands, *op.results) if not _is_exact(value)]
    if strange:
        yield f"'{op.name}' works on {strange[0].type}; HLS C++ has fixed-point and truth values"
    if op.name.startswith(("arith.", "fx.")):
        yield from _scalar_violations(op)
    if op.name == "tensor.slice" and (op.attributes["axis"] or op.attributes["start"] < 0):
        yield "'tensor.slice' is printed along the first axis, from a fixed start"
    if op.name == "tensor.reshape" and not (
        shape_of(op.operands[0].type) and shape_of(op.result.type)
    ):
        yield "'tensor.reshape' is printed of arrays, not of a single number"
    if op.name in ("tile.yield", "rnn.yield") and any(v.type == I32 for v in op.operands):
        yield f"'{op.name}' carries an index"


def _is_exact(value: Value) -> bool:
    element = element_of(value.type)
    return isinstance(element, FixedType) or element == I1 or value.type == I32


def _scalar_violations(op: Operation) -> Iterator[str]:
    scalars = op.operands[1:] if op.name == "fx.lookup" else op.operands
    arrays = [value for value in scalars if shape_of(value.type)]
    if arrays:
        yield f"'{op.name}' works on one number at a time, not on {arrays[0].type}"


def _interface_violations(function: Function) -> Iterator[str]:
    scans = [op for op in function.region.walk() if op.name == "rnn.scan"]
    if len(scans) != 1 or scans[0].parent is not function.region:
        yield f"a design runs one recurrence, this has {len(scans)}"
        return
    yield from _scan_violations(function, scans[0])
    results = function.result_types
    if len(results) != 1 or len(shape_of(results[0])) != 1 or not _is_port(results[0]):
        yield f"a design gives one vector, not ({', '.join(map(str, results))})"


def _scan_violations(function: Function, scan: Operation) -> Iterator[str]:
    inputs = segment(scan, "")
    uses = [use for value in function.parameters for use in function.region.uses(value)]
    if inputs != function.parameters or len(inputs) != 1 or len(uses) != 1:
        yield "the recurrence reads the one input, and nobody else does"
    elif len(shape_of(inputs[0].type)) != 2 or not _is_port(inputs[0].type):
        yield f"a step of the input is a vector, not that of {inputs[0].type}"
    if scan.attributes.get("direction", "forward") != "forward":
        yield "a stream runs forward in time"
    if segment(scan, "length"):
        yield "a recurrence runs to the end of its packet, not to a length"
    emits = len(segment(scan.regions[0].end, "emit"))
    if any(function.region.uses(value) for value in scan.results[:emits]):
        yield "a design gives its last state, not the values of every step"


def _is_port(type_: object) -> bool:
    if not isinstance(type_, TensorType) or not is_static(type_.shape[1:]):
        return False
    element = type_.element
    return isinstance(element, FixedType) and element.width <= MAX_STORED_WIDTH
