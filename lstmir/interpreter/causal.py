"""Whether a function can run a sequence in pieces: what no operation may do is to look ahead.

Each value of the function is one of three things: it has an axis along which the steps arrive; it
sums up the steps so far, as a final state does; or it has nothing to do with them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Literal

from lstmir.ir.definition import definition_of
from lstmir.ir.diagnostics import UserError
from lstmir.ir.module import Function
from lstmir.ir.operands import segments_of
from lstmir.ir.operation import Operation, Value
from lstmir.ir.types import is_static, shape_of

Time = int | Literal["so far", "fixed"]
"""The axis of the steps, counted without the samples, or what else a value is."""

_ELEMENTWISE = ("arith.", "math.", "fx.requantize")


class _Ahead(Exception):
    """An operation needs steps that have not arrived yet."""


def times_of(function: Function, parameters: Sequence[Time]) -> dict[Value, Time]:
    """What each value of the function's own region is, given that of its parameters.

    Raises `UserError` at an operation that needs more than the steps so far.
    """
    times: dict[Value, Time] = dict(zip(function.parameters, parameters, strict=True))
    for op in function.region.operations():
        operands = [times[value] for value in op.operands]
        try:
            found = _times(op, operands)
        except _Ahead as error:
            why = f"'{op.name}' {error}: the sequence cannot be run in pieces"
            raise UserError(why, location=op.location) from error
        times.update(zip(op.results, found, strict=True))
    return times


def _times(op: Operation, operands: Sequence[Time]) -> Sequence[Time]:
    if not any(isinstance(time, int) for time in operands):
        return ["so far" if "so far" in operands else "fixed"] * len(op.results)
    rule = _RULES.get(op.name)
    if rule is not None:
        return rule(op, operands)
    if op.name.startswith(_ELEMENTWISE):
        return _elementwise(op, operands)
    if op.name == "return":
        return ()
    raise _Ahead("takes the steps together")


def _elementwise(op: Operation, operands: Sequence[Time]) -> Sequence[Time]:
    """Axes are those that broadcasting counts from the end."""
    rank = len(shape_of(op.result_types[0]))
    shapes = [shape_of(value.type) for value in op.operands]
    pairs = list(zip(operands, shapes, strict=True))
    ends = {time - len(shape) for time, shape in pairs if isinstance(time, int)}
    if len(ends) > 1 or "so far" in operands:
        raise _Ahead("brings different steps together")
    (end,) = ends
    for time, shape in pairs:
        if time == "fixed" and len(shape) >= -end and shape[end] != 1:
            raise _Ahead("treats steps differently")
    return [rank + end]


def _lookup(op: Operation, operands: Sequence[Time]) -> Sequence[Time]:
    table, index = operands
    if table != "fixed":
        raise _Ahead("looks into a table of steps")
    return [index]


def _slice(op: Operation, operands: Sequence[Time]) -> Sequence[Time]:
    if op.attributes["axis"] != operands[0]:
        return operands
    if op.attributes["start"] != -1:
        raise _Ahead("takes certain steps")
    return ["so far"]


def _transpose(op: Operation, operands: Sequence[Time]) -> Sequence[Time]:
    return [list(op.attributes["order"]).index(operands[0])]


def _reshape(op: Operation, operands: Sequence[Time]) -> Sequence[Time]:
    """The axis must be one of the result's, with as many elements in front of it."""
    (axis,) = operands
    assert isinstance(axis, int)
    source, target = shape_of(op.operands[0].type), shape_of(op.result_types[0])
    lead, rest = source[:axis], source[axis + 1 :]
    if not is_static((*lead, *rest)):
        raise _Ahead("rearranges the steps")
    fits = [
        k
        for k, size in enumerate(target)
        if size == source[axis] and _elements(target[:k]) == _elements(lead)
    ]
    if len(fits) != 1:
        raise _Ahead("rearranges the steps")
    return fits


def _elements(shape: Sequence[int | None]) -> int:
    return prod(size for size in shape if size is not None)


def _concat(op: Operation, operands: Sequence[Time]) -> Sequence[Time]:
    (axis, *rest) = set(operands)
    if rest or axis == op.attributes["axis"]:
        raise _Ahead("brings different steps together")
    return [axis]


def _linear(op: Operation, operands: Sequence[Time]) -> Sequence[Time]:
    weights, source = operands
    if weights != "fixed" or source == len(shape_of(op.operands[1].type)) - 1:
        raise _Ahead("takes the steps together")
    return [source]


def _along(op: Operation, operands: Sequence[Time]) -> Sequence[Time]:
    """What works along an axis, for each step."""
    if op.attributes["axis"] == operands[0]:
        raise _Ahead("takes the steps together")
    return operands


def _normalize(op: Operation, operands: Sequence[Time]) -> Sequence[Time]:
    (time,) = operands
    assert isinstance(time, int)
    if time >= op.attributes["axis"]:
        raise _Ahead("takes the steps together")
    return operands


def _argmax(op: Operation, operands: Sequence[Time]) -> Sequence[Time]:
    (time,) = _along(op, operands)
    assert isinstance(time, int)
    return [time - (op.attributes["axis"] < time)]


def _reduce(op: Operation, operands: Sequence[Time]) -> Sequence[Time]:
    (time,), axes = operands, op.attributes["axes"]
    assert isinstance(time, int)
    if time in axes:
        raise _Ahead("takes the steps together")
    return [time if op.attributes["keepdims"] else time - sum(axis < time for axis in axes)]


def _scan(op: Operation, operands: Sequence[Time]) -> Sequence[Time]:
    for group, part in zip(definition_of(op.name).operand_groups, segments_of(op), strict=True):
        times = {operands[index] for index in part}
        if not group.keyword and times != {0}:
            raise _Ahead("brings different steps together")
        if group.keyword and times - {"fixed"}:
            raise _Ahead("needs the whole sequence before its first step")
        if times and group.keyword not in ("", "state", "capture"):
            raise _Ahead(f"has a {group.keyword}")
    if op.attributes.get("direction") == "reverse":
        raise _Ahead("begins at the end")
    states = op.regions[0].end.attributes["segments"][0]
    emitted: list[Time] = [0] * (len(op.results) - states)
    return [*emitted, *["so far"] * states]  # type: ignore[list-item]


_RULES: dict[str, Callable[[Operation, Sequence[Time]], Sequence[Time]]] = {
    "fx.lookup": _lookup,
    "tensor.slice": _slice,
    "tensor.transpose": _transpose,
    "tensor.reshape": _reshape,
    "tensor.concat": _concat,
    "tensor.gather": _along,
    "linalg.argmax": _argmax,
    "linalg.linear": _linear,
    "linalg.log_softmax": _along,
    "linalg.normalize": _normalize,
    "linalg.reduce": _reduce,
    "linalg.softmax": _along,
    "rnn.scan": _scan,
}
