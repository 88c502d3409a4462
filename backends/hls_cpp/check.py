"""What a module must be so that it can be printed."""

from __future__ import annotations

from collections.abc import Iterator

from lstmir.backends.hls_cpp.program import RULES
from lstmir.backends.hls_cpp.sequences import Sequences
from lstmir.ir.diagnostics import Diagnostics
from lstmir.ir.module import Function, Module
from lstmir.ir.operands import segment
from lstmir.ir.operation import Operation, Value
from lstmir.ir.types import I1, I32, TensorType, element_of, is_static, shape_of
from lstmir.numeric.fixed import MAX_STORED_WIDTH, FixedType

_AHEAD = "the HLS C++ printer reads the level that tile and block-layout make"


def without_form(module: Module) -> bool:
    """Whether a module of level 4 has what the machine runs, and the printer has no form of."""
    return any(op.name == "linalg.argmax" for op in module.main.region.operations())


def check(module: Module) -> None:
    """Raise `UserError` with everything that keeps a module from being printed, by operation."""
    found = Diagnostics()
    function = module.main
    sequences = Sequences(function)
    for op in function.region.walk():
        if not op.regions and any(value in sequences.parts for value in op.results):
            continue  # words of a sequence that lives elsewhere
        for reason in _violations(op):
            found.error(reason, op.location, _AHEAD)
    for reason in _interface_violations(function, sequences):
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
    if op.name in ("tensor.slice", "tensor.concat") and _is_inner(op):
        yield f"'{op.name}' is printed along the first axis, from a fixed start"
    if op.name == "tensor.reshape" and not (
        shape_of(op.operands[0].type) and shape_of(op.result.type)
    ):
        yield "'tensor.reshape' is printed of arrays, not of a single number"
    if op.name in ("tile.yield", "rnn.yield") and any(v.type == I32 for v in op.operands):
        yield f"'{op.name}' carries an index"


def _is_inner(op: Operation) -> bool:
    """Whether vectors are cut or joined along another axis than the first, or from their end."""
    return bool(op.attributes["axis"] or op.attributes.get("start", 0) < 0)


def _is_exact(value: Value) -> bool:
    element = element_of(value.type)
    return isinstance(element, FixedType) or element == I1 or value.type == I32


def _scalar_violations(op: Operation) -> Iterator[str]:
    scalars = op.operands[1:] if op.name == "fx.lookup" else op.operands
    arrays = [value for value in scalars if shape_of(value.type)]
    if arrays:
        yield f"'{op.name}' works on one number at a time, not on {arrays[0].type}"


def _interface_violations(function: Function, sequences: Sequences) -> Iterator[str]:
    if not sequences.scans:
        yield "a design runs a recurrence, this has none"
        return
    if not function.parameters:
        yield "a design has an input stream, this has no input"
    for value in function.parameters:
        if value not in sequences.parts or not _is_port(value.type):
            yield f"a step of the input is a vector, not that of {value.type}"
    results = [value.type for value in sequences.results]
    are_vectors = sequences.gives_steps or all(len(shape_of(each)) == 1 for each in results)
    if not results or not are_vectors or not all(map(_is_port, results)):
        yield f"a design gives vectors, or those of each step, not ({', '.join(map(str, results))})"
    for scan in sequences.scans:
        yield from _scan_violations(scan, sequences)
    for op in function.region.operations():
        cut = [value for value in op.operands if value in sequences.parts]
        is_whole = op.name in ("rnn.scan", "return") or op.results[0] in sequences.parts
        if cut and not is_whole:
            yield f"'{op.name}' takes steps out of {cut[0].type}; a design works on whole sequences"


def _scan_violations(scan: Operation, sequences: Sequences) -> Iterator[str]:
    if any(value not in sequences.parts for value in segment(scan, "")):
        yield "a recurrence reads the input, or what another one emits"
    if any(len(shape_of(value.type)) != 2 for value in segment(scan, "")):
        yield "a step of a sequence is a vector"
    if segment(scan, "length"):
        yield "a recurrence runs to the end of its packet, not to a length"


def _is_port(type_: object) -> bool:
    if not isinstance(type_, TensorType) or not is_static(type_.shape[1:]):
        return False
    element = type_.element
    return isinstance(element, FixedType) and element.width <= MAX_STORED_WIDTH
