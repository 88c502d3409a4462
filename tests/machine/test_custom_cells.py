"""Cells of one's own on the machine: the bits of level 3, or an error that says what is in the way."""

from __future__ import annotations

import numpy as np
import pytest

from lstmir.interpreter.rtl import Clocked
from lstmir.interpreter.streams import beat_width, encode
from lstmir.ir.diagnostics import UserError
from lstmir.ir.types import element_of
from lstmir.numeric.fixed import FixedType
from tests.passes.levels import apply, bits
from tests.passes.test_custom_cells import CELLS, FEATURES

REFUSED = {
    "part of a state": "'tile.load' is not of the unit's own word: the machine's tails have no other",
    "old and new": "a state of the machine becomes what a nest computes for it, no other value",
    "neighbours": "'tile.load' is not of the unit's own word: the machine's tails have no other",
    "first for all": "'tile.load' is not of the unit's own word: the machine's tails have no other",
}


@pytest.mark.parametrize("macs", [4, 8, 32])
@pytest.mark.parametrize("name", CELLS)
def test_bits_or_a_reason(name: str, macs: int) -> None:
    module = CELLS[name][0]()
    element = element_of(module.main.parameters[0].type)
    result = element_of(module.main.result_types[0])
    assert isinstance(element, FixedType) and isinstance(result, FixedType)
    random = np.random.default_rng(1)
    data = random.integers(element.min_int, element.max_int, (1, 5, FEATURES), endpoint=True)
    wanted = bits(module, data).ravel().tolist()
    pipeline = f"tile{{macs={macs}}},block-layout,schedule,lower-to-rtl"
    if name in REFUSED:
        with pytest.raises(UserError) as error:
            apply(module, pipeline)
        assert error.value.diagnostics[0].message == f"schedule: {REFUSED[name]}"
        return
    found = Clocked(apply(module, pipeline)).run_streams(encode(data, element), len(wanted))
    wires = (1 << beat_width(result)) - 1
    assert [beat[0] for beat in found.beats_out] == [word & wires for word in wanted]
