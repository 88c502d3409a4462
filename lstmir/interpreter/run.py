"""Runs modules on arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from lstmir.interpreter import arith, fx, linalg, reductions, rnn, tensor, tile
from lstmir.interpreter.feeds import Arrays, as_outputs, as_reals, check_feeds, to_carrier
from lstmir.interpreter.plan import Compiler, Listener
from lstmir.interpreter.rtl import Probe
from lstmir.interpreter.streamed import is_clocked, run_streamed
from lstmir.ir.interface import is_sampled, ports
from lstmir.ir.module import Module

DIALECT_RULES = (arith, fx, linalg, reductions, rnn, tensor, tile)


def run(
    module: Module, feeds: Mapping[str, np.ndarray], listener: Listener | None = None
) -> Arrays:
    """Run a module of any level on arrays named and laid out as the model's own.

    Numbers are converted to the element types of the inputs; to fixed point they are rounded half
    to even and saturated. Raises `UserError` for arrays that are missing, unknown, of another
    shape, or not finite.
    """
    inputs, outputs = ports(module, "input"), ports(module, "output")
    check_feeds(inputs, feeds)
    arrays = [np.asarray(feeds[port.name]) for port in inputs]
    if is_sampled(module):
        samples = [port.to_samples(array) for port, array in zip(inputs, arrays, strict=True)]
        return as_outputs(module, run_reals(module, samples, listener))
    results = run_samples(module, [array[np.newaxis] for array in arrays], listener)
    return {port.name: array[0] for port, array in zip(outputs, results, strict=True)}


def run_reals(
    module: Module,
    samples: Sequence[np.ndarray],
    listener: Listener | None = None,
    probe: Probe | None = None,
) -> list[np.ndarray]:
    """The real results [samples, …] of a module in the form of one sample, of any level.

    A listener hears nothing of level 5; a probe looks at nothing else.
    """
    if is_clocked(module):
        return run_streamed(module, samples, probe)
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
