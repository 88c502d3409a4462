"""Cells whose matrices are stored in any way: levels 4 and 5 have the bits of level 3."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmir.interpreter.rtl import Clocked
from lstmir.interpreter.streams import beat_width, encode
from lstmir.ir.module import Module
from lstmir.ir.types import element_of
from lstmir.ir.verify import verify
from lstmir.numeric.fixed import FixedType
from lstmir.passes.machine.prediction import predict_cycles
from lstmir.passes.machine.timing import timing_from
from tests.passes.levels import FEW, MANY, apply, bits
from tests.strategies.cells import Maker, Signs

STEPS = (2, 1, 3)


def keeps_every_bit(maker: Maker, columns: int, lowering: str = "lower-to-rtl") -> Module:
    """Down the levels, on sequences of random numbers and of the format's ends; gives level 5."""
    module = maker.make()
    verify(module)
    data = [sequence(maker, steps) for steps in STEPS]
    wanted = [bits(module, each) for each in data]
    for pipeline in (f"tile{{macs={maker.gates * columns}}}", "block-layout", "schedule"):
        apply(module, pipeline)
        for each, expected in zip(data, wanted, strict=True):
            assert np.array_equal(bits(module, each), expected), pipeline
    return streams(maker, module, data, wanted, lowering)


def sequence(maker: Maker, steps: int) -> np.ndarray:
    shape = (1, steps, maker.features)
    numbers = maker.integers(maker.element, shape)
    ends = np.where(numbers % 2 == 0, maker.element.min_int, maker.element.max_int)
    return np.where(maker.numbers.random(shape) < 0.5, numbers, ends)


def streams(
    maker: Maker, module: Module, data: list[np.ndarray], wanted: list[np.ndarray], lowering: str
) -> Module:
    """Level 5, packet by packet, on time."""
    timing = timing_from(module.attributes["timing"])
    result = element_of(module.main.result_types[0])
    assert isinstance(result, FixedType)
    wires = (1 << beat_width(result)) - 1
    clocked = Clocked(apply(module, lowering))
    beats = [beat for each in data for beat in encode(each, maker.element)]
    answers = []
    for expected in wanted:
        (words,) = expected.tolist()
        answers += [(word & wires, int(n == len(words)), 0) for n, word in enumerate(words, 1)]
    found = clocked.run_streams(beats, len(answers))
    assert found.beats_out == answers
    assert found.cycles_total == predict_cycles(timing, maker.features, STEPS)
    return module


@settings(FEW, max_examples=40)
@given(st.integers(0, 2**16), st.sampled_from([1, 2, 3, 4, 7, 12, 16]))
def test_every_bit_is_kept(seed: int, columns: int) -> None:
    keeps_every_bit(Maker(seed), columns)


@pytest.mark.parametrize("columns", [1, 2, 4, 8])
def test_codes_by_gate(columns: int) -> None:
    keeps_every_bit(Signs(columns), columns)


@pytest.mark.parametrize(("seed", "columns"), [(13028, 2), (41, 16)])
def test_a_head_of_zeros_waits_for_no_state_but_for_the_sums(seed: int, columns: int) -> None:
    keeps_every_bit(Maker(seed), columns)


@pytest.mark.soak
@MANY
@given(st.integers(0, 2**32), st.integers(1, 24))
def test_every_bit_is_kept_many_times(seed: int, columns: int) -> None:
    keeps_every_bit(Maker(seed), columns)
