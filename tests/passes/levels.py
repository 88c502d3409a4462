"""Takes networks down the levels, pass by pass; every module on the way is verified."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from lstmir import passes
from lstmir.interpreter.run import run, run_samples
from lstmir.ir.diagnostics import UserError
from lstmir.ir.module import Module
from lstmir.ir.verify import verify
from lstmir.pipeline.passes import Context
from lstmir.pipeline.text import parse_pipeline
from tests.strategies.networks import Network

passes.load()

FEW = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
"""Examples for the gate: the same ones in every run."""
MANY = settings(FEW, derandomize=False, max_examples=200)
"""Examples for a long campaign: others in every run."""

FRONT = "isolate-sample,expand-cells,canonicalize,fold-constants,cse,dce"


Data = np.ndarray | dict[str, np.ndarray] | None
"""Calibration data: stacks of samples by input, or those of the input x."""


def apply(module: Module, pipeline: str, data: Data = None) -> Module:
    """Run passes on a module."""
    context = _context(data)
    for pass_ in parse_pipeline(pipeline):
        pass_.run(module, context)
        verify(module)
    return module


def refusal(module: Module, pipeline: str, data: Data = None) -> str:
    """The first line of what the last of some passes says; the others must accept the module."""
    *before, last = parse_pipeline(pipeline)
    context = _context(data)
    for pass_ in before:
        pass_.run(module, context)
    try:
        last.run(module, context)
    except UserError as error:
        return error.diagnostics[0].message
    raise AssertionError(f"{pipeline} is not refused")


def _context(data: Data) -> Context:
    return Context(data={"x": data} if isinstance(data, np.ndarray) else data)


def outputs(module: Module, network: Network, data: np.ndarray) -> np.ndarray:
    """The model's own output for a batch of data."""
    return run(module, {"x": network.feed(data)})["y"]


def bits(module: Module, data: np.ndarray) -> np.ndarray:
    """The output of each sample; the integers behind fixed point."""
    return run_samples(module, [data])[0]


@dataclass(frozen=True)
class Recipe:
    """How a network becomes fixed point: kept ratio and bank size of pruning, and bits."""

    zeroed: float = 0.0
    bank: int = 4
    weights: int = 8
    bias: int = 16
    activations: int = 8
    operands: int = 8
    state: int = 16

    @property
    def formats(self) -> str:
        """The pass that chooses the formats."""
        return (
            f"assign-bitwidths{{weights={self.weights} bias={self.bias} state={self.state} "
            f"activations={self.activations} operands={self.operands}}}"
        )

    @property
    def pipeline(self) -> str:
        """From level 1 to level 3."""
        prune = f"prune{{ratio={self.zeroed} size={self.bank}}},calibrate," if self.zeroed else ""
        return f"{FRONT},calibrate,{prune}{self.formats},quantize,approximate-activations"

    def fixed_point(self, network: Network) -> Module:
        """The network at level 3, calibrated on four short samples."""
        return apply(network.module(), self.pipeline, network.data(4, 4))


def recipes() -> st.SearchStrategy[Recipe]:
    """Any sparsity, and formats down to where most values saturate."""
    return st.builds(
        Recipe,
        zeroed=st.sampled_from([0.0, 0.25, 0.5, 0.75]),
        bank=st.integers(1, 8),
        weights=st.integers(2, 9),
        bias=st.integers(2, 16),
        activations=st.integers(2, 9),
        operands=st.integers(2, 9),
        state=st.integers(2, 16),
    )
