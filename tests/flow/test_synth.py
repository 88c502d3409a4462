"""`lstmir synth`: what it refuses, what it writes, which seed it takes; tools are missing or made up."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lstmir.flow.folder import write_summary
from lstmir.flow.toolchain import ToolError, nextpnr
from lstmir.flow.toolchain.nextpnr import CriticalPath, Routed
from lstmir.targets import PARTS
from lstmir.tools.lstmir import main
from tests.flow.refused import refused
from tests.flow.summaries import read_checked

pytestmark = pytest.mark.usefixtures("out")

SLOWEST = CriticalPath("f_table", "kept", 10.0)


def _retarget(part: str) -> None:
    """As if the folder had been compiled for another part."""
    summary = json.loads(Path("out/summary.json").read_text())
    del summary["digest"]
    summary["target"] = summary["synthesis"][0]["part"] = part
    write_summary(Path("out"), summary)


OTHER_TARGET = """\
error: out was compiled for ecp5-25k, not for ecp5-85k
  note: compile the model again, with --target ecp5-85k"""
USAGE = {
    "no folder": (["none"], "error: none is no folder that lstmir compiled: it has no summary.json"),
    "unknown target": (
        ["out", "--target", "ecp5_85k"],
        f"error: unknown target 'ecp5_85k'; did you mean 'ecp5-85k'? (known: {', '.join(PARTS)})",
    ),
    "another target": (
        ["out", "--target", "ecp5-85k"],
        OTHER_TARGET,
    ),
    "seed of nothing": (
        ["out", "--seed", "1"], "error: --seed is for place and route: add --pnr"),
    "seeds of nothing": (
        ["out", "--seeds", "2"], "error: --seeds is for place and route: add --pnr"),
    "clock of nothing": (
        ["out", "--freq", "100"], "error: --freq is for place and route: add --pnr"),
    "too many seeds": (
        ["out", "--pnr", "--seeds", "6"], "error: --seeds must be at most 5, not 6"),
    "too large seeds": (
        ["out", "--pnr", "--seed", "2147483646", "--seeds", "3"],
        "error: the seeds of nextpnr end at 2147483647, not 2147483648",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", USAGE)
def test_usage(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    words, message = USAGE[case]
    assert refused(capsys, "synth", *words) == (2, message)


@pytest.mark.parametrize(
    ("flag", "text", "message"),
    [
        ("--freq", "fast", "expected a number of MHz, not 'fast'"),
        ("--freq", "0", "must be above 0 and below 1000000 MHz, not 0"),
        ("--freq", "nan", "must be above 0 and below 1000000 MHz, not nan"),
        ("--seeds", "0", "must be at least 1, not 0"),
        ("--seed", "-1", "must be at least 0, not -1"),
    ],
)
def test_arguments(flag: str, text: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, found = refused(capsys, "synth", "out", "--pnr", flag, text)
    assert (status, found.splitlines()[0]) == (
        2,
        f"error: lstmir synth: argument {flag}: {message}",
    )


@pytest.mark.parametrize(
    ("part", "note"),
    [
        ("xc7a35t", "without --pnr, its resources are counted, and Vivado's script is written"),
        ("gowin-gw1n9", "without --pnr, its resources are counted"),
    ],
)
def test_parts_that_nextpnr_does_not_place(
    part: str, note: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _retarget(part)
    message = f"error: --pnr: nextpnr does not place and route {part} here\n  note: {note}"
    assert refused(capsys, "synth", "out", "--pnr") == (2, message)


def test_a_changed_folder_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    Path("out/verilog/tiny.v").write_text("module tiny; endmodule\n")
    message = "error: out is not as it was compiled: verilog/tiny.v was changed"
    assert refused(capsys, "synth", "out") == (1, message)


@pytest.fixture
def no_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lstmir.flow.toolchain.wheels.find_spec", lambda name: None)


@pytest.mark.usefixtures("no_packages")
def test_without_yosys(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["synth", "out", "--pnr", "--target", "ecp5-25k"]) == 0
    summary = read_checked(Path("out"))
    assert [entry["status"] for entry in summary["synthesis"]] == ["not_run", "not_run"]
    missing = "pyosys is not installed; pip install pyosys"
    assert summary["not_run"]["synthesis[0]"] == missing
    assert summary["not_run"]["synthesis[1]"] == "pyosys has not run"
    assert f"pyosys not run: {missing}\n" in capsys.readouterr().out


Counts = Callable[..., None]


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counts:
    """Yosys counts what the test says."""

    def count(lut: int = 10, ports: int = 20) -> None:
        found = SimpleNamespace(lut=lut, ff=5, dsp=2, bram=1, cells={"LUT4": lut})
        monkeypatch.setattr(
            "lstmir.flow.toolchain.yosys.find",
            lambda: SimpleNamespace(version="1", path=Path("nowhere")),
        )
        monkeypatch.setattr("lstmir.flow.toolchain.yosys.synthesize", lambda *_, **__: found)
        one = {"s_axis_tdata": ("input", ports)}
        monkeypatch.setattr("lstmir.flow.toolchain.yosys.ports", lambda *_: one)

    count()
    return count


Seeds = Callable[[dict[int, float | None]], None]


@pytest.fixture
def routed(monkeypatch: pytest.MonkeyPatch, counted: Counts) -> Seeds:
    """nextpnr reaches what the test says for each seed; None is a failure."""

    def route(fmax: dict[int, float | None]) -> None:
        def place_and_route(folder: Path, part: Any, seed: int) -> Routed:
            mhz = fmax[seed]
            if mhz is None:
                raise ToolError(
                    "nextpnr-ecp5", "exit status 1", f"{folder.resolve()}/x: seed {seed}"
                )
            for name in (nextpnr.REPORT, nextpnr.PACKERS["ecp5"].placed):
                (folder / name).write_text(f"seed {seed}")
            return Routed(seed, mhz, SLOWEST, {"TRELLIS_COMB": 12, "TRELLIS_RAMW": 1})

        def pack(folder: Path, part: Any, name: str) -> Path:
            placed = (folder / nextpnr.PACKERS["ecp5"].placed).read_text()
            (folder / f"{name}.bit").write_text(f"bits of {placed}")
            return folder / f"{name}.bit"

        monkeypatch.setattr(nextpnr, "find", lambda part: SimpleNamespace(version="2"))
        monkeypatch.setattr(nextpnr, "place_and_route", place_and_route)
        monkeypatch.setattr(nextpnr, "pack", pack)

    return route


def test_the_fastest_seed_is_taken(routed: Seeds, capsys: pytest.CaptureFixture[str]) -> None:
    routed({3: 90.0, 4: 101.5, 5: None, 6: 101.5})
    assert main(["synth", "out", "--pnr", "--seed", "3", "--seeds", "4", "--freq", "101.5"]) == 0
    summary = read_checked(Path("out"))
    _, entry = summary["synthesis"]
    reasons = {path: why for path, why in summary["not_run"].items() if path.startswith("synth")}
    never = "pyosys does not place and route"
    assert reasons == {"synthesis[0].fmax_mhz": never, "synthesis[0].place_and_route": never}
    assert (entry["tool"], entry["version"], entry["status"]) == ("nextpnr-ecp5", "2", "passed")
    # A slice that writes a memory takes two LUTs more; what is not named there is not used.
    assert [entry[kind] for kind in ("lut", "ff", "dsp", "bram", "fmax_mhz")] == [
        14,
        0,
        0,
        0,
        101.5,
    ]
    runs = [(3, 90.0), (4, 101.5), (6, 101.5)]
    assert entry["place_and_route"] == {
        "top": "tiny", "seed": 4, "runs": [{"seed": s, "fmax_mhz": f} for s, f in runs],
        "seeds_failed": [5], "critical_path": {"from": "f_table", "to": "kept", "ns": 10.0},
    }  # fmt: skip
    files = {path.name: path.read_text() for path in Path("out/synth").iterdir()}
    assert files["nextpnr.json"] == "seed 4"
    assert files["tiny.bit"] == "bits of seed 4"
    assert sorted(files) == ["nextpnr.json", "tiny.bit", "yosys.json"]
    text = capsys.readouterr().out
    assert "critical path: f_table to kept, 10.00 ns\n" in text
    assert "MHz by seed: 3: 90.0, 4: 101.5, 6: 101.5; taken: 4\n" in text
    assert "seeds that could not be routed: 5\n" in text
    assert max(map(len, text.splitlines())) <= 80


def test_a_design_that_is_too_slow(routed: Seeds, capsys: pytest.CaptureFixture[str]) -> None:
    routed({0: 99.96})
    assert main(["synth", "out", "--pnr", "--freq", "100"]) == 1
    _, entry = read_checked(Path("out"))["synthesis"]
    assert (entry["status"], entry["fmax_mhz"]) == ("failed", 99.96)
    reason = "99.96 MHz, 100 MHz asked for"
    assert capsys.readouterr().err.endswith(f"error: ecp5-25k (nextpnr-ecp5): {reason}\n")
    assert Path("out/synth/tiny.bit").exists()


def test_no_seed_that_can_be_routed(routed: Seeds, capsys: pytest.CaptureFixture[str]) -> None:
    routed({0: None, 1: None})
    assert main(["synth", "out", "--pnr", "--seeds", "2"]) == 1
    summary = read_checked(Path("out"))
    entry = summary["synthesis"][1]
    assert (entry["status"], entry["reason"]) == (
        "failed", "nextpnr-ecp5: exit status 1\n  x: seed 0")  # fmt: skip
    assert summary["not_run"]["synthesis[1].lut"] == "nextpnr-ecp5 failed before this was known"
    assert [path.name for path in Path("out/synth").iterdir()] == ["yosys.json"]


def test_what_does_not_fit_is_not_placed(
    routed: Seeds, counted: Counts, capsys: pytest.CaptureFixture[str]
) -> None:
    counted(lut=30_000)
    routed({})
    assert main(["synth", "out", "--pnr"]) == 1
    first, second = read_checked(Path("out"))["synthesis"]
    assert first["reason"] == "does not fit ecp5-25k: 30000 lut of 24288"
    assert (second["status"], second["reason"]) == ("not_run", "pyosys has failed")


def test_more_ports_than_pins_are_bytes(routed: Seeds, counted: Counts) -> None:
    counted(ports=256)
    routed({0: 100.0})
    assert main(["synth", "out", "--pnr"]) == 0
    _, entry = read_checked(Path("out"))["synthesis"]
    assert entry["place_and_route"]["top"] == "tiny_bytes"
    assert "module tiny_bytes" in Path("out/synth/tiny_bytes.v").read_text()
    assert Path("out/synth/tiny_bytes.bit").exists()


def test_a_packer_that_fails(routed: Seeds, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Path:
        raise ToolError("ecppack", "exit status 1")

    routed({0: 100.0})
    monkeypatch.setattr(nextpnr, "pack", fail)
    assert main(["synth", "out", "--pnr"]) == 1
    _, entry = read_checked(Path("out"))["synthesis"]
    assert (entry["status"], entry["reason"]) == ("failed", "ecppack: exit status 1")


def test_the_folder_stays_one_that_can_be_verified(
    routed: Seeds, monkeypatch: pytest.MonkeyPatch
) -> None:
    routed({0: 100.0})
    monkeypatch.setenv("CXX", "no-such-compiler")
    before = read_checked(Path("out"))
    assert main(["synth", "out", "--pnr"]) == 0
    after = read_checked(Path("out"))
    assert main(["verify", "out"]) == 0
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"synthesis", "energy", "not_run", "files", "seconds", "digest"}
    assert {"synthesis", "place_and_route"} <= set(after["seconds"])
    assert main(["synth", "out"]) == 0
    alone = read_checked(Path("out"))
    assert len(alone["synthesis"]) == 1
    assert "place_and_route" not in alone["seconds"]
    assert main(["verify", "out"]) == 0
    assert [path.name for path in Path("out/synth").iterdir()] == ["yosys.json"]


def test_two_runs_give_the_same(routed: Seeds) -> None:
    routed({0: 100.0})
    digests = []
    for _ in range(2):
        assert main(["synth", "out", "--pnr"]) == 0
        digests.append(read_checked(Path("out"))["digest"])
    assert digests[0] == digests[1]


@pytest.mark.usefixtures("counted")
def test_what_an_interruption_left_is_replaced() -> None:
    for name in ("synth/half.bit", ".synth.x/half", ".synth.x.y/netlist.json", ".summary.json.z"):
        Path("out", name).parent.mkdir(exist_ok=True)
        Path("out", name).touch()
    assert main(["verify", "out"]) == 1
    assert main(["synth", "out"]) == 0
    assert [path.name for path in Path("out/synth").iterdir()] == ["yosys.json"]


def test_an_interruption_changes_nothing(routed: Seeds, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> Routed:
        raise KeyboardInterrupt

    routed({})
    monkeypatch.setattr(nextpnr, "place_and_route", interrupt)
    before = {path: path.stat().st_mtime_ns for path in sorted(Path("out").rglob("*"))}
    files = [path for path in before if path.is_file()]
    assert main(["synth", "out", "--pnr"]) == 130
    assert sorted(Path("out").rglob("*")) == list(before)
    assert all(path.stat().st_mtime_ns == before[path] for path in files)


@pytest.mark.usefixtures("counted")
def test_a_script_for_vivado(capsys: pytest.CaptureFixture[str]) -> None:
    _retarget("xc7a35t")
    assert main(["synth", "out", "--freq", "160"]) == 0
    text = Path("out/synth/vivado.tcl").read_text()
    assert "-period 6.250 [get_ports clk]" in text
    assert "synth_design -top tiny -part xc7a35tcpg236-1\n" in text
    read = set(re.findall(r"^read_(?:verilog|mem) (.*)$", text, re.MULTILINE))
    assert read == {p.name for p in Path("out/verilog").iterdir() if p.suffix in (".v", ".mem")}
    steps = ("synth_design", "place_design", "route_design", "report_timing", "write_bitstream")
    places = [text.index(f"\n{step}") for step in steps]
    assert places == sorted(places)
    output = capsys.readouterr().out
    assert "for Vivado: cd out/synth && vivado -mode batch -source vivado.tcl\n" in output
    assert "for other flows: out/verilog/tiny.core is a FuseSoC core\n" in output


@pytest.mark.usefixtures("counted")
def test_gowin_is_only_counted(capsys: pytest.CaptureFixture[str]) -> None:
    _retarget("gowin-gw1n9")
    assert main(["synth", "out"]) == 0
    assert "only counted: Gowin's place and route wants pins" in capsys.readouterr().out


@pytest.mark.needs("pyosys")
def test_primitives_are_taken_and_stated(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["synth", "out", "--primitives"]) == 0
    (counted,) = json.loads(Path("out/summary.json").read_text())["synthesis"]
    assert counted["primitives"] is True
    assert "with the part's own multipliers and memories: primitives/\n" in capsys.readouterr().out
