"""Evaluation rules of `rnn`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lstmir.interpreter.plan import Array, Compiler, Evaluate, rule
from lstmir.interpreter.tensor import spread
from lstmir.ir.diagnostics import UserError
from lstmir.ir.operation import Operation
from lstmir.numeric.functions import real


@rule("rnn.lstm")
def lstm(op: Operation, compiler: Compiler) -> Evaluate:
    """ONNX's LSTM, in the float type of the model, one sample after the other: most often there is
    only one, which holds the batch of the model.
    """
    sizes = op.attributes["segments"]
    directions = ("forward", "reverse") if op.attributes["direction"] == "bidirectional" else (
        op.attributes["direction"],)  # fmt: skip

    def one(operands: Sequence[Array]) -> tuple[Array, ...]:
        parts = _parts(list(operands), sizes)
        runs = [_lstm_direction(parts, d, name) for d, name in enumerate(directions)]
        sequence = np.stack([run[0] for run in runs], axis=1)
        return sequence, *(np.stack([run[k] for run in runs]) for k in (1, 2))

    def evaluate(*operands: Array) -> tuple[Array, ...]:
        samples = max(len(array) for array in operands)
        spread_out = [spread(array, samples) for array in operands]
        results = [one(sample) for sample in zip(*spread_out, strict=True)]
        return tuple(np.stack(column) for column in zip(*results, strict=True))

    return evaluate


def _parts(arrays: list[Array], sizes: Sequence[int]) -> list[Array | None]:
    found = iter(arrays)
    return [next(found) if size else None for size in sizes]


def _lstm_direction(parts: list[Array | None], d: int, name: str) -> tuple[Array, Array, Array]:
    source, weights, recurrence, bias, initial_h, initial_c = parts
    assert source is not None and weights is not None and recurrence is not None
    time, batch, _ = source.shape
    hidden = recurrence.shape[-1]
    zero = np.zeros((batch, hidden), source.dtype)
    h = zero if initial_h is None else zero + initial_h[d]
    c = zero if initial_c is None else zero + initial_c[d]
    b = 0 if bias is None else bias[d][: 4 * hidden] + bias[d][4 * hidden :]
    from_input = source @ weights[d].T + b
    emitted = np.empty((time, batch, hidden), source.dtype)
    for t in range(time) if name == "forward" else reversed(range(time)):
        i, o, f, g = np.split(from_input[t] + h @ recurrence[d].T, 4, axis=1)
        c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
        h = _sigmoid(o) * np.tanh(c)
        emitted[t] = h
    return emitted, h, c


def _sigmoid(array: Array) -> Array:
    return real("sigmoid", array.astype(np.float64)).astype(array.dtype)


@rule("rnn.scan")
def scan(op: Operation, compiler: Compiler) -> Evaluate:
    """The body once a step; time is the first axis behind the samples."""
    inputs, states, _ = op.attributes["segments"]
    body = compiler.plan(op.regions[0])
    held = op.regions[0].end.attributes["segments"][0]
    backwards = op.attributes.get("direction", "forward") == "reverse"

    def evaluate(*operands: Array) -> tuple[Array, ...]:
        sequences, rest = operands[:inputs], operands[inputs:]
        state, captures = list(rest[:states]), rest[states:]
        steps = range(sequences[0].shape[1])
        if not steps:
            raise UserError("a sequence needs at least one step, got none", location=op.location)
        emitted: list[tuple[Array, ...]] = []
        for t in reversed(steps) if backwards else steps:
            results = body.run([*(s[:, t] for s in sequences), *state, *captures])
            state = list(results[:held])
            emitted.append(results[held:])
        samples = max(len(array) for array in operands)
        if backwards:
            emitted.reverse()
        stacked = [_stack(column, samples) for column in zip(*emitted, strict=True)]
        return (*stacked, *state)

    return evaluate


def _stack(steps: Sequence[Array], samples: int) -> Array:
    return np.stack([spread(step, samples) for step in steps], axis=1)
