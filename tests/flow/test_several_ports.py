"""`--stream-states`: a recurrence whose states travel: three inputs, two outputs, four words a beat."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lstmir.backends.driver.host import Accelerator
from lstmir.flow.benches import Bench, check_hls
from lstmir.flow.folder import read_summary
from lstmir.flow.simulations import check_verilog
from lstmir.flow.verify import last_stages, read_golden
from lstmir.flow.writing import top_name
from lstmir.interpreter.run import run
from lstmir.ir.interface import Port, set_ports
from lstmir.ir.operands import constant_of, segment
from lstmir.ir.types import element_of, shape_of
from lstmir.numeric.arrays import to_real
from lstmir.numeric.fixed import FixedType
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module
from lstmir.tools.lstmir import main
from tests.flow.conftest import NO_COMPILER
from tests.flow.summaries import read_checked
from tests.passes.levels import apply
from tests.passes.test_custom_cells import CELLS, FEATURES

LANES, SEQUENCES, LENGTH = 4, 6, 5
PACKETS, STEPS = LENGTH, SEQUENCES
"""A packet has one step of each sequence."""
WORDS_IN, WORDS_OUT = {"x": 3, "a": 3, "b": 7}, {"next": 3, "y": 7}
STATES = {"a": "next", "b": "y"}


def write_inputs(folder: Path) -> None:
    """`m.lstmir`, a recurrence at level 3, and `m.npz` with sequences for it."""
    module = CELLS["two lengths"][0]()
    step = [size or -1 for size in shape_of(module.main.result_types[0])]
    source = Port("x", "input", "f32", (-1, -1, FEATURES), 0, 1)
    set_ports(module, [source, Port("y", "output", "f32", (-1, *step), 0)])
    module.attributes["form"] = "sample"
    (folder / "m.lstmir").write_text(print_module(module))
    x = np.random.default_rng(0).normal(size=(SEQUENCES, LENGTH, FEATURES)).astype(np.float32)
    np.savez(folder / "m.npz", x_train=x)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("several")
    write_inputs(folder)
    words = ["--data", str(folder / "m.npz"), "--macs", "8", "--lanes", str(LANES)]
    words.append("--stream-states")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CXX", NO_COMPILER)
        words += ["--no-synthesis", "-o", str(folder / "out")]
        assert main(["compile", str(folder / "m.lstmir"), *words]) == 0
    return folder / "out"


def stage(folder: Path, name: str) -> Path:
    return next((folder / "stages").glob(f"*-{name}.lstmir"))


def feed(steps: int) -> dict[str, np.ndarray]:
    """One sequence; numbers that are too large are clipped."""
    random = np.random.default_rng(1)
    return {name: random.normal(size=(steps, words)) * 3 for name, words in WORDS_IN.items()}


@pytest.fixture
def bench(compiled: Path, tmp_path: Path) -> Bench:
    module = last_stages(compiled)[5]
    golden = read_golden(compiled, module)
    cycles = read_summary(compiled)["schedule"]["cycles_total_predicted"]
    return Bench(compiled, tmp_path, top_name(module), golden, cycles, 0, LANES)


def test_every_value_is_compared(compiled: Path) -> None:
    summary = read_checked(compiled)
    values = STEPS * sum(WORDS_OUT.values())
    done = {c["against"]: c for c in summary["verification"] if c["status"] != "not_run"}
    assert {(c["against"], c["status"]) for c in done.values()} == {
        ("level-3", "passed"), ("level-4", "passed"), ("level-5", "passed"),
    }  # fmt: skip
    for level in ("level-3", "level-4"):
        assert done[level]["values_compared"] == PACKETS * values
    assert done["level-5"]["values_compared"] == done["level-5"]["sequences"] * values


def test_beats_of_the_vectors(compiled: Path) -> None:
    counts = {
        path.name: len(path.read_text().splitlines()) - 1
        for path in (compiled / "vectors").iterdir()
    }
    steps = PACKETS * STEPS
    assert counts == {
        "inputs.txt": steps * 4, "outputs.txt": steps * 3,
        "hls_inputs.txt": steps * 13, "hls_outputs.txt": steps * 10,
    }  # fmt: skip


def test_level_5_is_level_3(compiled: Path) -> None:
    found = [
        run(parse_module(stage(compiled, name).read_text()), feed(STEPS))
        for name in ("stream-states", "lower-to-rtl")
    ]
    assert list(found[1]) == list(WORDS_OUT)
    assert all(np.array_equal(found[0][name], found[1][name]) for name in WORDS_OUT)


def test_what_the_driver_is_told(compiled: Path) -> None:
    facts: dict[str, Any] = json.loads((compiled / "driver" / "design.json").read_text())
    told = {kind: (facts[kind]["word"], facts[kind]["lanes"]) for kind in ("input", "output")}
    assert told == {"input": (8, LANES), "output": (8, LANES)}
    assert facts["every_step"] is True
    for kind, words in (("input", WORDS_IN), ("output", WORDS_OUT)):
        assert {each["name"]: each["words"] for each in facts[kind]["ports"]} == words
    assert facts["states"] == STATES


def test_packets_are_the_steps_of_the_sequences(compiled: Path) -> None:
    """From the same start, the host that keeps the states gets what the recurrence gives."""
    module = parse_module(stage(compiled, "import").read_text())
    x = np.load(compiled.parent / "m.npz")["x_train"]
    scan = next(op for op in module.walk() if op.name == "rnn.scan")
    states = {}
    for name, value in zip(STATES, segment(scan, "state"), strict=True):
        start, element = constant_of(value, module.resources), element_of(value.type)
        assert start is not None
        assert isinstance(element, FixedType)
        states[name] = np.tile(to_real(start, element), (SEQUENCES, 1))
    with Accelerator("interpreter", compiled) as accelerator:
        for step in range(LENGTH):
            results = accelerator.run({"x": x[:, step], **states})
            states = {name: results[after] for name, after in STATES.items()}
    wanted = run(module, {"x": x})["y"]
    assert np.array_equal(states["b"], wanted)
    golden = read_golden(compiled, last_stages(compiled)[5])
    assert [each.shape[:2] for each in golden.inputs] == [(PACKETS, STEPS)] * len(WORDS_IN)
    fraction = accelerator.design.output.ports[1].format.unit
    assert np.array_equal(golden.outputs[1][-1] * fraction, wanted)


REFUSED = {
    "tiled": ("tile{macs=8}", "is at level 4 already: --stream-states is for levels 1 to 3"),
    "streamed": ("stream-states", "the model's states travel with its steps already"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_streamed(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_inputs(tmp_path)
    model, (pipeline, message) = tmp_path / "m.lstmir", REFUSED[name]
    model.write_text(print_module(apply(parse_module(model.read_text()), pipeline)))
    arrays = {f"{each}_train": np.zeros((2, 2, words)) for each, words in WORDS_IN.items()}
    np.savez(tmp_path / "m.npz", **arrays)  # type: ignore[arg-type]
    words = ["--data", str(tmp_path / "m.npz"), "--stream-states", "-o", str(tmp_path / "out")]
    assert main(["compile", str(model), *words]) != 0
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.needs("g++", "verilator")
def test_the_host_keeps_the_states(compiled: Path) -> None:
    """Step by step, what leaves comes back: the same in the Verilog and in the interpreter."""
    found = []
    for backend in ("interpreter", "simulation"):
        arrays = {name: array[:3] for name, array in feed(3).items()}
        with Accelerator(backend, compiled) as accelerator:
            for _ in range(4):
                results = accelerator.run(arrays)
                arrays |= {a: results[b] for a, b in accelerator.design.states.items()}
        found.append(arrays)
    assert all(np.array_equal(found[0][name], found[1][name]) for name in WORDS_IN)
    assert not np.array_equal(found[0]["b"], feed(3)["b"])


@pytest.mark.needs("g++", "hls4ml")
def test_hls(bench: Bench) -> None:
    check = check_hls(bench, None)
    assert (check.status, check.reason) == ("passed", None)
    assert (check.sequences, check.values_compared) == (PACKETS, bench.golden.values)


@pytest.mark.needs("g++", "verilator")
def test_verilog(bench: Bench) -> None:
    for check in check_verilog("verilator", bench):
        assert (check.status, check.reason) == ("passed", None)
        assert (check.sequences, check.values_compared) == (PACKETS, bench.golden.values)
