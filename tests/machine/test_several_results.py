"""Results of several kinds in one packet: states of the last step, and what is computed behind it."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from lstmir.flow.models import load_model
from lstmir.interpreter.rtl import Clocked
from lstmir.interpreter.run import run_samples
from lstmir.interpreter.streams import stream_format
from lstmir.ir.types import element_of
from lstmir.numeric.fixed import FixedType
from lstmir.passes.machine.prediction import predict_cycles
from lstmir.passes.machine.timing import timing_from
from tests.flow.tiny import INPUTS, STEPS, model, write_model
from tests.machine.machines import pattern
from tests.passes.levels import FRONT, apply

FIXED = "calibrate,assign-bitwidths,quantize,approximate-activations"
STALLS = [(1.0, 1.0), (0.5, 0.5), (1.0, 0.05), (0.2, 0.9)]


@pytest.mark.parametrize(
    ("outputs", "lanes"), list(product([["y", "last"], ["last", "y"]], [1, 2, 4]))
)
def test_a_state_and_the_head_behind_it(outputs: list[str], lanes: int, tmp_path: Path) -> None:
    mapping = model()
    (like,) = mapping["graph"]["output"]
    mapping["graph"]["output"] = [{**like, "name": name} for name in outputs]
    module = load_model(str(write_model(tmp_path / "two.json", mapping)))
    data = np.random.default_rng(0).normal(size=(40, STEPS, INPUTS))
    level_3 = apply(module, f"{FRONT},{FIXED}", data)
    element = element_of(level_3.main.parameters[0].type)
    assert isinstance(element, FixedType)
    random = np.random.default_rng(1)
    packets = random.integers(element.min_int, element.max_int, (12, STEPS, INPUTS), endpoint=True)
    results = [np.asarray(each) for each in run_samples(level_3, [packets])]
    level_5 = apply(level_3, f"tile{{macs=8}},block-layout,schedule{{lanes={lanes}}},lower-to-rtl")
    offered = stream_format(level_5, "input").encode([[packet] for packet in packets])
    answers = [[each[n].reshape(1, -1) for each in results] for n in range(len(packets))]
    wanted = stream_format(level_5, "output").encode(answers)
    machine, timing = Clocked(level_5), timing_from(level_5.attributes["timing"])
    for seed, (valid, ready) in enumerate(STALLS):
        found = machine.run_streams(
            offered, len(wanted), valid=pattern(valid, seed), ready=pattern(ready, seed + 1)
        )
        assert [(data, bool(last)) for data, last, _ in found.beats_out] == wanted
        if valid == ready == 1.0:
            assert found.cycles_total == predict_cycles(timing, INPUTS, [STEPS] * len(packets))
