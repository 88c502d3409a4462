"""Forms of real functions in C++: the bits of the interpreter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from lstmir.numeric.arrays import quantize_real
from tests.machine.forms import OPTIONS, formed
from tests.machine.machines import random_machine
from tests.passes.levels import apply

if TYPE_CHECKING:
    from tests.backends.hls_cpp.conftest import Run, Workshop

SCALES = (1.0, 50.0)
"""Data as they were calibrated with, and data that saturate."""


@pytest.mark.needs("g++", "hls4ml")
def test_every_form(new_run: type[Run], workshop: Workshop) -> None:
    runs = []
    for seed, options in enumerate(OPTIONS):
        machine = formed(random_machine(seed), options)
        module = machine.recipe.fixed_point(machine.network)
        module.name = f"form_{seed}"
        run = new_run(apply(module, f"tile{{macs={machine.macs}}},block-layout,schedule"))
        for scale in SCALES:
            data = machine.network.data(20, 4, scale, seed)
            run.add(quantize_real(data, run.formats[0].parts[0].element).astype(np.int64))
        runs.append(run)
    for found in workshop.compare(runs):
        assert found["mismatches"] == 0
        assert found["values_compared"] > 0
