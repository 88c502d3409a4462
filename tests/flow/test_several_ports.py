"""A recurrence whose states travel with its steps: three inputs and two outputs, four words a beat."""

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
from lstmir.ir.interface import Port, ports, set_ports
from lstmir.ir.types import shape_of
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module
from lstmir.tools.lstmir import main
from tests.flow.conftest import NO_COMPILER
from tests.flow.summaries import read_checked
from tests.passes.levels import apply
from tests.passes.test_custom_cells import CELLS, FEATURES

LANES, SEQUENCES, STEPS = 4, 6, 5
WORDS_IN, WORDS_OUT = {"x": 3, "a": 3, "b": 7}, {"next": 3, "y": 7}


def write_inputs(folder: Path) -> None:
    """`m.lstmir`, a level-3 module, and `m.npz` with data for it."""
    module = CELLS["two lengths"][0]()
    step = [size or -1 for size in shape_of(module.main.result_types[0])]
    source = Port("x", "input", "f32", (-1, -1, FEATURES), 0, 1)
    set_ports(module, [source, Port("y", "output", "f32", (-1, *step), 0)])
    module.attributes["form"] = "sample"
    apply(module, "stream-states")
    assert {port.name: port.words for port in ports(module, "input")} == WORDS_IN
    assert {port.name: port.words for port in ports(module, "output")} == WORDS_OUT
    (folder / "m.lstmir").write_text(print_module(module))
    random = np.random.default_rng(0)
    arrays = {
        f"{name}_train": random.normal(size=(SEQUENCES, STEPS, words)).astype(np.float32)
        for name, words in WORDS_IN.items()
    }
    np.savez(folder / "m.npz", **arrays)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("several")
    write_inputs(folder)
    words = ["--data", str(folder / "m.npz"), "--macs", "8", "--lanes", str(LANES)]
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
        ("level-4", "passed"), ("level-5", "passed"),
    }  # fmt: skip
    assert done["level-4"]["values_compared"] == SEQUENCES * values
    assert done["level-5"]["values_compared"] == done["level-5"]["sequences"] * values


def test_beats_of_the_vectors(compiled: Path) -> None:
    counts = {
        path.name: len(path.read_text().splitlines()) - 1
        for path in (compiled / "vectors").iterdir()
    }
    steps = SEQUENCES * STEPS
    assert counts == {
        "inputs.txt": steps * 4, "outputs.txt": steps * 3,
        "hls_inputs.txt": steps * 13, "hls_outputs.txt": steps * 10,
    }  # fmt: skip


def test_level_5_is_level_3(compiled: Path) -> None:
    found = [
        run(parse_module(stage(compiled, name).read_text()), feed(STEPS))
        for name in ("import", "lower-to-rtl")
    ]
    assert list(found[1]) == list(WORDS_OUT)
    assert all(np.array_equal(found[0][name], found[1][name]) for name in WORDS_OUT)


def test_what_the_driver_is_told(compiled: Path) -> None:
    facts: dict[str, Any] = json.loads((compiled / "driver" / "design.json").read_text())
    told = {kind: (facts[kind]["word"], facts[kind]["lanes"]) for kind in ("input", "output")}
    assert told == {"input": (8, LANES), "output": (8, LANES)}
    assert facts["every_step"] is True
    assert {each["name"]: each["words"] for each in facts["input"]["ports"]} == WORDS_IN


@pytest.mark.needs("g++", "verilator")
def test_the_host_keeps_the_states(compiled: Path) -> None:
    """Step by step, what leaves comes back: the same in the Verilog and in the interpreter."""
    found = []
    for backend in ("interpreter", "simulation"):
        arrays = {name: array[:3] for name, array in feed(3).items()}
        with Accelerator(backend, compiled) as accelerator:
            for _ in range(4):
                results = accelerator.run(arrays)
                arrays |= {"a": results["next"], "b": results["y"]}
        found.append(arrays)
    assert all(np.array_equal(found[0][name], found[1][name]) for name in WORDS_IN)
    assert not np.array_equal(found[0]["b"], feed(3)["b"])


@pytest.mark.needs("g++", "hls4ml")
def test_hls(bench: Bench) -> None:
    check = check_hls(bench, None)
    assert (check.status, check.reason) == ("passed", None)
    assert (check.sequences, check.values_compared) == (SEQUENCES, bench.golden.values)


@pytest.mark.needs("g++", "verilator")
def test_verilog(bench: Bench) -> None:
    for check in check_verilog("verilator", bench):
        assert (check.status, check.reason) == ("passed", None)
        assert (check.sequences, check.values_compared) == (SEQUENCES, bench.golden.values)
