"""Which models have inputs and outputs that the machine's two streams can carry."""

from __future__ import annotations

from collections.abc import Sequence

from lstmir.flow.data import Data
from lstmir.ir.diagnostics import UserError
from lstmir.ir.interface import Port, ports
from lstmir.ir.module import Module
from lstmir.passes.initial_states import initial_states
from lstmir.passes.stream_states import STATES


def check_streams(module: Module, data: Data, path: str, *, with_states: bool = False) -> None:
    """Raise `UserError` unless one stream can carry the inputs' steps, and one the results.

    Several inputs must all have steps, equally many, and be no initial states, unless these travel with
    the steps; of several outputs all must have steps, or none. `path` is that of the data.
    """
    if with_states:
        _check_travelling(module, data, path)
        return
    inputs = [port for port in ports(module, "input") if port.name not in data.at_zero]
    outputs = ports(module, "output")
    if not inputs or not outputs:
        raise UserError(f"the machine has two streams, this model has no {_missing(inputs)}")
    if inputs[1:]:
        _check_states([port for port in inputs if port.name in initial_states(module)], path)
        _check_inputs(inputs)
        _check_lengths(inputs, data, path)
    without = [port for port in outputs if port.time is None]
    if without and len(without) < len(outputs):
        stepped = next(port for port in outputs if port.time is not None)
        raise UserError(
            f"either all outputs of the machine have steps or none: {stepped.name} "
            f"{stepped.describe()} has, {without[0].name} {without[0].describe()} has none"
        )


def _check_travelling(module: Module, data: Data, path: str) -> None:
    """Whether it is a recurrence, its pass says when it is in fixed point."""
    if STATES in module.attributes:
        raise UserError(
            "the model's states travel with its steps already",
            notes=["leave --stream-states out"],
        )
    states = initial_states(module)
    inputs = [port for port in ports(module, "input") if port.name not in states]
    _check_inputs(inputs)
    _check_lengths(inputs, data, path)


def _missing(inputs: Sequence[Port]) -> str:
    return "output" if inputs else "input"


def _check_states(states: Sequence[Port], path: str) -> None:
    if states:
        names = ", ".join(port.name for port in states)
        raise UserError(
            f"the machine is given no states, and {path} has those of {names}",
            notes=[
                "without them every sequence starts at zero; with --stream-states they travel with the steps"
            ],
        )


def _check_inputs(inputs: Sequence[Port]) -> None:
    for port in inputs:
        if port.time is None:
            raise UserError(
                f"each of the machine's inputs has steps; {port.name} {port.describe()} has none"
            )


def _check_lengths(inputs: Sequence[Port], data: Data, path: str) -> None:
    for half in (data.train, data.test):
        lengths = {port.name: half[port.name].shape[1 + (port.step_axis or 0)] for port in inputs}
        if len(set(lengths.values())) > 1:
            told = ", ".join(f"{name} {length}" for name, length in lengths.items())
            raise UserError(f"{path}: the inputs have different numbers of steps: {told}")
