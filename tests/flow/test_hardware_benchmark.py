"""The benchmark of the machine: its cases can be read, and what misses a limit, or is not built, is shown."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lstmir.flow.models import load_model
from lstmir.ir.interface import ports
from lstmir.pipeline.text import parse_pipeline

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Benchmarks are run from the repository; nothing installs them."""
    monkeypatch.syspath_prepend(ROOT)


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    paths = [os.environ.get("PYTHONPATH", ""), str(ROOT)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    command = [sys.executable, "-m", "benchmarks.hardware", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_every_case_has_a_network_a_part_and_passes() -> None:
    from benchmarks.hardware.cases import CASES
    from benchmarks.hardware.networks import NETWORKS
    from lstmir import passes
    from lstmir.flow.recipes import RECIPES
    from lstmir.targets import PARTS

    passes.load()
    assert {case.network for case in CASES.values()} == set(NETWORKS)
    for case in CASES.values():
        assert PARTS[case.target].nextpnr
        assert parse_pipeline(case.pipeline, named=RECIPES)


@pytest.mark.parametrize("name", ["cell_1_20", "cell_6_20", "bidirectional_12_32"])
def test_random_networks_are_as_their_names_say(name: str, tmp_path: Path) -> None:
    from benchmarks.hardware.networks import NETWORKS, STEPS

    *_, features, hidden = name.split("_")
    model, data = NETWORKS[name].files(tmp_path)
    first = model.read_bytes(), data.read_bytes()
    module = load_model(str(model))
    assert ports(module, "input")[0].shape == (STEPS, -1, int(features))
    both = name.startswith("bidirectional")
    assert ports(module, "output")[0].shape == ((2,) * both + (-1, int(hidden)))
    NETWORKS[name].files(tmp_path)
    assert model.read_bytes() == first[0]


def _found(**edits: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "case": "tiny", "network": "cell_1_20", "ideal": 100, "step": 110, "step_of_ideal": 1.1,
        "utilization": 0.909, "total_predicted": 2300, "total_simulated": 2300, "ns_per_step": 1100.0,
        "fmax_mhz": 100.0, "seed": 3, "missed": [], "failed": [],
        "critical_path": {"from": "f_table", "to": "kept", "ns": 10.0},
    }  # fmt: skip
    kinds = ("lut", "ff", "dsp", "bram")
    found |= {f"{place}_{kind}": 7 for place in ("xc7", "target") for kind in kinds}
    found |= {f"{place}_lut_off": 0.05 for place in ("xc7", "target")}
    found |= {f"{place}_blocks_off": 0 for place in ("xc7", "target")}
    return found | edits


def test_limits_are_held_to_from_both_sides() -> None:
    from benchmarks.hardware.cases import Case
    from benchmarks.hardware.table import missed

    case = Case("cell_1_20", "dense8", 4, most={"step": 110}, least={"fmax_mhz": 100})
    assert missed(case, _found()) == []
    assert missed(case, _found(step=111)) == ["step is 111, at most 110 expected"]
    assert missed(case, _found(fmax_mhz=99.9)) == ["fmax_mhz is 99.9, at least 100 expected"]
    assert missed(case, _found(xc7_lut_off=0.16)) == ["xc7_lut_off is 0.16, at most 0.15 expected"]
    assert missed(case, _found(xc7_blocks_off=1)) == ["xc7_blocks_off is 1, at most 0 expected"]
    assert missed(case, _found(fmax_mhz=None)) == ["fmax_mhz is -, at least 100 expected"]


def test_the_table_hides_nothing() -> None:
    from benchmarks.hardware.table import text_of

    peers = json.loads((ROOT / "benchmarks" / "hardware" / "peers.json").read_text())
    broken = {
        "case": "broken",
        "network": "silero",
        "error": "m:1: error: no\n  x\n  ^\n  note: why",
    }
    slow = _found(
        case="slow", missed=["step is 111"], failed=["verilog (verilator): 1 differs\n x"]
    )
    lines = text_of([_found(), broken, slow], peers).splitlines()
    assert lines[2].split() == [
        "tiny", "100", "110", "0.909", "2300", "2300", "1100.0", *2 * ["7", "0.05", *3 * ["7"]],
        "100.0", "3", "ok",
    ]  # fmt: skip
    assert lines[3].split()[-2:] == ["not", "built"]
    assert lines[4].split()[-1] == "MISSED"
    for remark in (
        "tiny: limited by f_table to kept, 10.00 ns", "broken: m:1: error: no",
        "broken:   note: why", "slow: step is 111", "slow: verilog (verilator): 1 differs",
    ):  # fmt: skip
        assert remark in lines
    shown = [line for line in lines if line.startswith("cell_1_20: ")]
    assert len(shown) == sum(peer["network"] == "cell_1_20" for peer in peers)
    assert all(peer["source"] for peer in peers)


def test_an_unknown_case_is_refused() -> None:
    done = _run("--cases", "vowels")
    assert done.returncode == 2
    assert "invalid choice: 'vowels'" in done.stderr


@pytest.mark.soak
@pytest.mark.needs("g++", "hls4ml", "verilator", "pyosys", "nextpnr")
def test_a_case_from_end_to_end() -> None:
    done = _run("--cases", "vowels_h32-dense8-16")
    (result,) = json.loads(Path("build/benchmarks/hardware.json").read_text())["results"]
    assert done.returncode == bool(result["missed"])
    assert result["failed"] == []
    assert result["total_predicted"] == result["total_simulated"]
    assert result["step"] == 352
    assert Path("build/benchmarks/hardware.txt").read_text() in done.stdout
