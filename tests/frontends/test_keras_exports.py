"""What Keras's own ONNX export writes is imported as what Keras computes, or is refused by name."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from lstmir.ir.diagnostics import UserError
from lstmir.ir.interface import ports
from tests.frontends.exports import Archive, check, isolated, survives_its_text
from tests.passes.levels import FRONT, apply

COMMITTED = Archive(Path(__file__).parents[1] / "data" / "keras_exports")
NAMES = COMMITTED.names()
TAKEN = [name for name in NAMES if name.startswith("taken/")]

LAYERS = {"stacked": 2, "both_ways": 2, "repeated": 2, "encoder_decoder": 2}

LOOP = "(Loop): operator is not supported by lstmir: its graph depends on values at run time"
REFUSED = {
    "refused/gru": LOOP,
    "refused/simple_rnn": LOOP,
    "refused/hard_sigmoid": LOOP,
    "refused/recurrent_dropout": LOOP,
    "refused/masking": LOOP,
    "refused/backwards": "(ReverseSequence): operator is not supported by lstmir",
}


def test_every_model_is_in_one_of_the_tests() -> None:
    assert len(TAKEN) == 18
    assert sorted(NAMES) == sorted([*TAKEN, *REFUSED])


@pytest.mark.parametrize("name", TAKEN)
def test_it_computes_what_keras_computes(name: str, tmp_path: Path) -> None:
    module = COMMITTED.module(name, tmp_path)
    survives_its_text(module)
    count = Counter(op.name for op in module.walk())
    assert count["rnn.lstm"] == LAYERS.get(name.removeprefix("taken/"), 1)
    cases = dict(COMMITTED.cases(name))
    free = ports(module, "input")[0].shape[1] == -1
    assert list(cases) == (["b1_t5", "b1_t2", "b3_t5", "b3_t2"] if free else ["b1_t5", "b3_t5"])
    for case, arrays in cases.items():
        check(module, case, arrays)
    isolated(module)
    for case, arrays in cases.items():
        check(module, case, arrays)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        COMMITTED.module(name, tmp_path)
    assert REFUSED[name] in caught.value.diagnostics[0].message


@pytest.mark.parametrize("name", ["taken/last", "taken/last_any"])
def test_a_dense_layer_on_the_last_step_becomes_a_tiled_program(name: str, tmp_path: Path) -> None:
    module = COMMITTED.module(name, tmp_path)
    data = np.random.default_rng(0).uniform(-1, 1, (4, 5, 4))
    down = "calibrate,assign-bitwidths,quantize,approximate-activations,tile{macs=4}"
    apply(module, f"{FRONT},{down}", data)
    assert any(op.name == "tile.mac" for op in module.walk())
