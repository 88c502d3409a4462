"""Runs modules on arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from lstmir.interpreter import arith, fx, linalg, rnn, tensor, tile
from lstmir.interpreter.plan import Array, Compiler, Listener
from lstmir.interpreter.streamed import is_clocked, run_streamed
from lstmir.ir.diagnostics import UserError
from lstmir.ir.interface import Port, is_sampled, ports
from lstmir.ir.module import Module
from lstmir.ir.types import FloatType, Type, element_of
from lstmir.numeric.arrays import quantize_real, to_real
from lstmir.numeric.fixed import FixedType

DIALECT_RULES = (arith, fx, linalg, rnn, tensor, tile)


def run(
    module: Module, feeds: Mapping[str, np.ndarray], listener: Listener | None = None
) -> dict[str, np.ndarray]:
    """Run a module of any level on arrays named and laid out as the model's own.

    Fixed-point inputs are rounded half to even and saturated. Raises `UserError` for arrays that
    are missing, unknown, of another shape, or not finite.
    """
    inputs, outputs = ports(module, "input"), ports(module, "output")
    check_feeds(inputs, feeds)
    if not is_sampled(module):
        whole = [feeds[port.name][np.newaxis] for port in inputs]
        results = run_samples(module, whole, listener)
        return {port.name: array[0] for port, array in zip(outputs, results, strict=True)}
    samples = [port.to_samples(np.asarray(feeds[port.name])) for port in inputs]
    results = _real_results(module, samples, listener)
    return {
        port.name: port.from_samples(array).astype(port.dtype.replace("f", "float"))
        for port, array in zip(outputs, results, strict=True)
    }


def _real_results(
    module: Module, samples: Sequence[np.ndarray], listener: Listener | None
) -> list[np.ndarray]:
    if is_clocked(module):
        return run_streamed(module, samples[0])
    return as_reals(module, run_samples(module, samples, listener))


def run_samples(
    module: Module, samples: Sequence[np.ndarray], listener: Listener | None = None
) -> list[np.ndarray]:
    """Run the main function on stacks [samples, …]; fixed-point results are integers."""
    function = module.main
    plan = Compiler(module.resources, listener).plan(function.region)
    arguments = [
        to_carrier(array, value.type)
        for array, value in zip(samples, function.parameters, strict=True)
    ]
    count = max((len(array) for array in arguments), default=1)
    results = plan.run(arguments)
    return [np.broadcast_to(array, (count, *array.shape[1:])) for array in results]


def to_carrier(array: np.ndarray, type_: Type) -> Array:
    """Real numbers as the interpreter carries values of a type; integers stay as they are."""
    element = element_of(type_)
    if isinstance(element, FixedType) and array.dtype.kind == "f":
        return quantize_real(array.astype(np.float64), element)
    if isinstance(element, FloatType):
        return array.astype(f"f{element.width // 8}")
    return array


def as_reals(module: Module, results: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The results as real numbers: fixed-point integers times their unit."""
    types = [element_of(type_) for type_ in module.main.result_types]
    return [
        to_real(array, type_) if isinstance(type_, FixedType) else array
        for array, type_ in zip(results, types, strict=True)
    ]


def check_feeds(inputs: Sequence[Port], feeds: Mapping[str, np.ndarray]) -> None:
    """Raise `UserError` unless the arrays are those of the ports."""
    wanted = {port.name for port in inputs}
    if wanted - set(feeds):
        missing, found = ", ".join(sorted(wanted - set(feeds))), ", ".join(feeds) or "nothing"
        raise UserError(f"no array for the input {missing}; the feed has {found}")
    for port in inputs:
        array = np.asarray(feeds[port.name])
        if not fits(array.shape, port.shape):
            raise UserError(
                f"the input {port.name} has shape {list(array.shape)}, the model expects {port.describe()}"
            )
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise UserError(f"the input {port.name} holds NaN or infinity")


def fits(shape: Sequence[int], expected: Sequence[int]) -> bool:
    """Whether an array's shape is one that a port accepts."""
    same_rank = len(shape) == len(expected)
    return same_rank and all(e in (-1, s) for s, e in zip(shape, expected, strict=True))
