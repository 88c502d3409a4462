"""Runs a sequence in pieces, as they arrive: the states stay between calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from lstmir.interpreter.causal import Time, times_of
from lstmir.interpreter.feeds import Arrays, as_outputs, as_reals, check_feeds, to_carrier
from lstmir.interpreter.plan import Array, Compiler, Evaluate
from lstmir.interpreter.run import DIALECT_RULES
from lstmir.interpreter.signature import check_signature
from lstmir.interpreter.streamed import is_clocked
from lstmir.ir.diagnostics import UserError
from lstmir.ir.interface import Port, is_sampled, ports
from lstmir.ir.module import Module
from lstmir.ir.operands import segment_range
from lstmir.ir.operation import Operation, Value
from lstmir.ir.types import shape_of

assert DIALECT_RULES  # the evaluation rules


class Session:
    """A module of level 2, 3 or 4, and where it is in its sequences.

    After any pieces, the outputs that have an axis of time are those of the last piece's steps, and
    all others are what one run over all the pieces together would give, in every bit. Pieces may
    have any length: the one that the model declares is no limit.

    Raises `UserError` for a module of another level, and at an operation that needs more than the
    steps so far.
    """

    def __init__(self, module: Module) -> None:
        if not is_sampled(module) or is_clocked(module):
            raise UserError("a session runs modules of level 2, 3 or 4, which are of one sample")
        check_signature(module)
        self.module = module
        inputs = ports(module, "input")
        self._streams = [replace(p, shape=_any_length(p)) for p in inputs if p.time is not None]
        self._fixed = [port for port in inputs if port.time is None]
        if not self._streams:
            raise UserError("no input of the model has an axis of time")
        times = times_of(module.main, [_time_of(port) for port in inputs])
        self._compiler = _Compiler(module.resources, times=times)
        self._plan = self._compiler.plan(module.main.region)
        self.start({} if not self._fixed else None)

    def start(self, feeds: Mapping[str, np.ndarray] | None = None) -> None:
        """Begin new sequences. `feeds` are the inputs without an axis of time, such as initial
        states; a model that has some must be told before its first piece.
        """
        if feeds is not None:
            check_feeds(self._fixed, feeds)
        self._initial = feeds
        self._samples: int | None = None
        self._compiler.forget()

    def run(self, feeds: Mapping[str, np.ndarray]) -> Arrays:
        """The outputs for the next steps. Raises `UserError` for arrays that do not fit."""
        if self._initial is None:
            names = ", ".join(port.name for port in self._fixed)
            raise UserError(f"the session needs to know {names} first: call start")
        check_feeds(self._streams, feeds)
        self._check_steps(feeds)
        arrays = {**self._initial, **feeds}
        samples = [port.to_samples(np.asarray(arrays[port.name])) for port in self._ports]
        self._check_samples(max(map(len, samples)))
        arguments = [
            to_carrier(array, value.type)
            for array, value in zip(samples, self.module.main.parameters, strict=True)
        ]
        results = self._plan.run(arguments)
        count = max(map(len, samples))
        whole = [np.broadcast_to(array, (count, *array.shape[1:])) for array in results]
        return as_outputs(self.module, as_reals(self.module, whole))

    @property
    def _ports(self) -> list[Port]:
        return ports(self.module, "input")

    def _check_steps(self, feeds: Mapping[str, np.ndarray]) -> None:
        steps = {p.name: np.shape(feeds[p.name])[p.time or 0] for p in self._streams}
        if len(set(steps.values())) > 1:
            found = ", ".join(f"{name} has {count}" for name, count in steps.items())
            raise UserError(f"the inputs differ in the number of steps: {found}")
        if not all(steps.values()):
            raise UserError("a piece needs at least one step, got none")

    def _check_samples(self, samples: int) -> None:
        if self._samples not in (None, samples):
            raise UserError(
                f"the session runs {self._samples} sequence(s), and this piece has {samples}"
            )
        self._samples = samples


def _any_length(port: Port) -> tuple[int, ...]:
    return tuple(-1 if axis == port.time else size for axis, size in enumerate(port.shape))


def _time_of(port: Port) -> Time:
    if port.time is None:
        return "fixed"
    return port.time - (port.batch is not None and port.batch < port.time)


class _Compiler(Compiler):
    """Gives the scans that read the steps a memory, and lets reshapes take any number of steps."""

    def __init__(self, resources: dict[str, np.ndarray], times: dict[Value, Time]) -> None:
        super().__init__(resources)
        self._times = times
        self._scans: list[_Scan] = []

    def forget(self) -> None:
        """Let all scans begin with their initial states."""
        for scan in self._scans:
            scan.states = ()

    def rule(self, op: Operation) -> Evaluate:
        time = self._times.get(op.operands[0]) if op.operands else None
        if op.name == "rnn.scan" and time == 0:
            self._scans.append(_Scan(op, super().rule(op)))
            return self._scans[-1]
        if op.name == "tensor.reshape" and isinstance(time, int):
            return _reshape(op, self._times[op.result])
        return super().rule(op)


class _Scan:
    """A scan that goes on where it stopped."""

    def __init__(self, op: Operation, evaluate: Evaluate) -> None:
        self._evaluate = evaluate
        self._part = segment_range(op, "state")
        self.states: tuple[Array, ...] = ()

    def __call__(self, *operands: Array) -> tuple[Array, ...]:
        if self.states:
            rest = operands[self._part.stop :]
            operands = (*operands[: self._part.start], *self.states, *rest)
        results = self._evaluate(*operands)
        self.states = results[len(results) - len(self._part) :]
        return results


def _reshape(op: Operation, axis: Time) -> Evaluate:
    shape = [-1 if k == axis else size for k, size in enumerate(shape_of(op.result_types[0]))]
    return lambda array: (array.reshape(len(array), *shape),)
