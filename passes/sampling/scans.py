"""The rule of loops over time: the body is followed like a function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from lstmir.dialects.rnn import scan_results
from lstmir.ir.builder import Builder
from lstmir.ir.diagnostics import UserError
from lstmir.ir.operands import segments_of
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import shape_of
from lstmir.passes.sampling.sampled import Mixed, Sampled, for_one, is_for_all

Axes: TypeAlias = Sequence[int | None]
"""The batch axis of each of some values, or None."""


@dataclass(frozen=True)
class Followed:
    """A region of one sample, yet without its end, and what it is to end with."""

    region: Region
    results: Sequence[Sampled]


Follow: TypeAlias = Callable[[Region, Axes], Followed]
"""Follows samples through a region whose arguments have these batch axes."""


def scan(op: Operation, operands: list[Sampled], build: Builder, follow: Follow) -> list[Sampled]:
    """Steps and states lose their batch axis; what is captured stays as it is outside."""
    inputs, lengths, states, captures = (
        [operands[index] for index in part] for part in segments_of(op)
    )
    if any(each.batch == 0 for each in inputs) or any(each.batch is not None for each in lengths):
        raise Mixed
    steps = [None if each.batch is None else each.batch - 1 for each in inputs]
    around = [each.batch for each in captures]

    def body_of(held: Axes) -> Followed:
        body = follow(op.regions[0], [*steps, *held, *around])
        _check_states(body.results[: len(held)], held, Builder(build.module, body.region))
        return body

    held, body = _first(_guesses(states, _length(op, operands), build), body_of)
    after, emitted = body.results[: len(held)], body.results[len(held) :]
    inside = Builder(build.module, body.region, location=op.location)
    yielded = [*_states(after, held, inside), *(each.value for each in emitted)]
    inside.end("rnn.yield", yielded, segments=op.regions[0].end.attributes["segments"])
    new = Operation(op.name, (), op.attributes, [body.region], op.result_names, op.location)
    before = [each.value for each in (*inputs, *lengths)] + _states(states, held, build)
    build.region.insert(new, [*before, *(each.value for each in captures)])
    new.result_types = scan_results(new)
    new.result_names = op.result_names
    sequences = [None if each.batch is None else each.batch + 1 for each in emitted]
    return [Sampled(*each) for each in zip(new.results, [*sequences, *held], strict=True)]


def _length(op: Operation, operands: Sequence[Sampled]) -> int | None:
    """How many samples there are."""
    pairs = zip(op.operands, operands, strict=True)
    return next(shape_of(old.type)[new.batch] for old, new in pairs if new.batch is not None)


def _guesses(states: Sequence[Sampled], length: int | None, build: Builder) -> list[Axes]:
    """Where the states may hold their samples, the likeliest first.

    One that is the same for all samples at first, such as zeros, need not be so after a step.
    """
    known = [state.batch for state in states]
    likely = [
        batch if batch is not None else _axis_for_all(state.value, length, build)
        for batch, state in zip(known, states, strict=True)
    ]
    return [likely] if likely == known else [likely, known]


def _axis_for_all(value: Value, length: int | None, build: Builder) -> int | None:
    axes = [axis for axis, size in enumerate(shape_of(value.type)) if size == length]
    return next((axis for axis in axes if is_for_all(value, axis, build)), None)


def _first(guesses: Sequence[Axes], body_of: Callable[[Axes], Followed]) -> tuple[Axes, Followed]:
    """The first guess that is right, and the body. Raises what was wrong with the likeliest."""
    errors: list[Mixed | UserError] = []
    for held in guesses:
        try:
            return held, body_of(held)
        except (Mixed, UserError) as error:
            errors.append(error)
    raise errors[0]


def _check_states(values: Sequence[Sampled], held: Axes, build: Builder) -> None:
    """Raise `Mixed` unless each has its samples where the state holds them, or is one for all."""
    for each, batch in zip(values, held, strict=True):
        if each.batch == batch:
            continue
        if each.batch is not None or batch is None or not is_for_all(each.value, batch, build):
            raise Mixed


def _states(values: Sequence[Sampled], held: Axes, build: Builder) -> list[Value]:
    return [
        each.value if each.batch == batch or batch is None else for_one(each.value, batch, build)
        for each, batch in zip(values, held, strict=True)
    ]
