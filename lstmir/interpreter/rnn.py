"""Evaluation rules of `rnn`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lstmir.dialects.layers import LAYERS
from lstmir.interpreter.layers import Layer
from lstmir.interpreter.lengths import check_lengths, check_steps, frozen
from lstmir.interpreter.plan import Array, Compiler, Evaluate, rule
from lstmir.interpreter.tensor import spread
from lstmir.ir.operands import segments_of
from lstmir.ir.operation import Operation


@rule(*LAYERS)
def layer(op: Operation, compiler: Compiler) -> Evaluate:
    """One sample after the other."""
    run = Layer(op).run

    def evaluate(*operands: Array) -> tuple[Array, ...]:
        samples = max(len(array) for array in operands)
        spread_out = [spread(array, samples) for array in operands]
        results = [run(sample) for sample in zip(*spread_out, strict=True)]
        return tuple(np.stack(column) for column in zip(*results, strict=True))

    return evaluate


@rule("rnn.scan")
def scan(op: Operation, compiler: Compiler) -> Evaluate:
    """The body once a step; time is the first axis behind the samples."""
    segments = segments_of(op)
    body = compiler.plan(op.regions[0])
    held = op.regions[0].end.attributes["segments"][0]
    backwards = op.attributes.get("direction", "forward") == "reverse"
    # Emitted values that nobody reads are not gathered.
    gathered = [
        compiler.listener is not None or bool(op.parent.uses(each))
        for each in op.results[: len(op.results) - held]
    ]

    def evaluate(*operands: Array) -> tuple[Array, ...]:
        sequences, length, states, captures = (
            [operands[index] for index in segment] for segment in segments
        )
        steps = range(sequences[0].shape[1])
        check_steps(op, len(steps))
        for each in length:
            check_lengths(op, "length", each, len(steps))
        samples = max(len(array) for array in operands)
        emitted: list[tuple[Array, ...]] = []
        for t in reversed(steps) if backwards else steps:
            results = body.run([*(s[:, t] for s in sequences), *states, *captures])
            after, emits = results[:held], results[held:]
            for each in length:
                after, emits = frozen(t < each, states, after, emits)
            states = list(after)
            emitted.append(emits)
        if backwards:
            emitted.reverse()
        columns = zip(gathered, zip(*emitted, strict=True), strict=True)
        stacked = [_stack(column, samples) if wanted else None for wanted, column in columns]
        return (*stacked, *states)

    return evaluate


def _stack(steps: Sequence[Array], samples: int) -> Array:
    """[samples, time, …]; in memory the steps stay as they are, one behind the other."""
    return np.moveaxis(np.stack([spread(step, samples).T for step in steps]).T, -1, 1)
