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
from tests.passes.test_custom_cells import CELLS, FEATURES, Cell

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


@pytest.mark.parametrize("refused", range(5, 10))
def test_refused_packets_while_steps_are_still_read(refused: int) -> None:
    """What is read late is in one of several buffers: packets that are refused go round all of them."""
    cell = Cell(a=FEATURES)
    vector = cell.x
    for name in "uvwz":
        vector = cell.narrow(cell.product(name, FEATURES, vector))
    module = cell.end(cell.narrow(cell.op("arith.add", vector, cell.x)))
    data = np.random.default_rng(2).integers(-8, 7, (1, 3, FEATURES), endpoint=True)
    wanted = [int(word) % 256 for word in bits(module, data).ravel()]
    pipeline = "tile{macs=6 arrays=each},block-layout,schedule,lower-to-rtl"
    design = apply(module, pipeline)
    assert design.attributes["timing"]["buffers"] > 2
    good = encode(data, FixedType(True, 4, 2))
    bad = [*good[:FEATURES], (0, True), *[(0, True)] * (refused - 1)]
    answer = [(word, int(k == FEATURES), 0) for k, word in enumerate(wanted, 1)]
    answers = [*[(0, 1, 1)] * refused, *answer]
    found = Clocked(design).run_streams([*bad, *good] * 2, 2 * len(answers))
    assert found.beats_out == answers * 2
