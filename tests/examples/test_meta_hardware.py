"""The meta-learner as hardware: states travel with the coordinates, and every bit is as interpreted."""

from __future__ import annotations

import json
import shutil
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from lstmir.ir.interface import ports
from lstmir.ir.types import element_of
from lstmir.numeric.fixed import FixedType
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module
from tests.machine.parts import STALLS
from tests.machine.parts import Streamed as Machine
from tests.passes.levels import apply

FOLDER = Path(__file__).parents[2] / "examples" / "meta_learner"
DENSE = (
    "calibrate{histograms=false},assign-bitwidths{weights=8 activations=12},"
    "quantize,approximate-activations"
)


@cache
def level_3(path: Path = FOLDER / "meta_learner.json") -> str:
    """The network in fixed point, all weights kept."""
    from examples.meta_learner.interpreter import Interpreter, load
    from examples.meta_learner.record import recorded
    from examples.meta_learner.tasks import draw, theta_0

    module = load(path)
    data = recorded(Interpreter(load(path)), draw(1, 5), theta_0())
    count = len(data["theta_0_train"])
    given = {
        port.name: np.zeros((count, *port.sample_shape))
        for port in ports(module, "input")
        if port.time is None
    }
    given |= {name.removesuffix("_train"): array for name, array in data.items()}
    wanted = {port.name for port in ports(module, "input")}
    chosen = {name: array for name, array in given.items() if name in wanted}
    return print_module(apply(module, DENSE, chosen))


def one_step(text: str) -> str:
    return print_module(apply(parse_module(text), "stream-states"))


def machine(macs: int, arrays: str, lanes: int, text: str = "") -> Machine:
    tile = f"tile{{macs={macs} arrays={arrays}}}"
    return Machine(one_step(text or level_3()), f"{tile},block-layout,schedule{{lanes={lanes}}}")


def test_states_that_travel_are_states_that_are_kept() -> None:
    from examples.meta_learner.host import adapt
    from examples.meta_learner.interpreter import Interpreter
    from examples.meta_learner.streamed import Streamed, interpreted
    from examples.meta_learner.tasks import published, theta_0

    tasks = published().part(slice(3))
    kept = adapt(Interpreter(parse_module(level_3())), tasks, theta_0())
    travelling = adapt(Streamed(interpreted(parse_module(one_step(level_3())))), tasks, theta_0())
    assert np.array_equal(kept, travelling)
    assert np.abs(kept - theta_0()).max() > 0.1


@pytest.mark.parametrize(("arrays", "lanes"), [("one", 1), ("one", 4), ("each", 2), ("each", 4)])
def test_every_bit_in_the_predicted_cycles(arrays: str, lanes: int) -> None:
    each = machine(66, arrays, lanes)
    for lengths in ([20], [1, 2, 1]):
        assert each.check(lengths, 1) == each.predict(lengths)
    for seed, (valid, ready) in enumerate(STALLS):
        each.check([1, 3], seed, valid, ready)
    for seed in range(3):
        each.disturb(seed)
        assert each.check([1, 2], seed) == each.predict([1, 2])


def test_the_machine_takes_gradients_as_they_are(tmp_path: Path) -> None:
    """With the preprocessing in the network: what it makes of them are activations like others."""
    from examples.meta_learner.make_json import model

    (tmp_path / "raw.json").write_text(json.dumps(model(preprocess=True)))
    shutil.copy(FOLDER / "meta_sinusoid.npz", tmp_path)
    text = level_3(tmp_path / "raw.json")
    products = [op for op in parse_module(text).walk() if op.name == "linalg.matvec"]
    widths = [element_of(op.operands[1].type) for op in products]
    assert all(isinstance(each, FixedType) and each.width <= 16 for each in widths)
    each = machine(66, "each", 4, text)
    assert [port.name for port in ports(each.level_5, "input")][:2] == ["gradient", "loss"]
    assert each.check([3, 2], 1) == each.predict([3, 2])


def test_arrays_of_their_own_are_always_busy() -> None:
    each = machine(66, "each", 4)
    products = 80 * 24 + 2 * 20
    step = each.level_5.attributes["timing"]["step"]
    assert products / (66 * step) > 0.98
    assert each.predict([32901]) < 32901 * step + 200


def test_the_processor_is_timed_on_the_same_step() -> None:
    from benchmarks.energy.meta_learner import step
    from benchmarks.interpreter_speed.onnx_runtime import open_session
    from examples.meta_learner.host import adapt
    from examples.meta_learner.interpreter import Interpreter, load
    from examples.meta_learner.streamed import Arrays, Streamed
    from examples.meta_learner.tasks import published, theta_0

    session = open_session(step().SerializeToString())

    def run(arrays: Arrays) -> Arrays:
        feeds = {name.removesuffix("_0"): each.astype(np.float32) for name, each in arrays.items()}
        names = [output.name for output in session.get_outputs()]
        found = session.run(names, {"x": feeds.pop("features"), **feeds})
        return {
            name.replace("_next", "_last"): each for name, each in zip(names, found, strict=True)
        }

    tasks = published().part(slice(2))
    wanted = adapt(Interpreter(load(FOLDER / "meta_learner.json")), tasks, theta_0())
    assert np.abs(adapt(Streamed(run), tasks, theta_0()) - wanted).max() < 1e-4
