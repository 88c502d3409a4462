"""nextpnr: what is read of its report, and the real one on small designs."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lstmir.flow.synthesis import place_and_route, synthesize
from lstmir.flow.toolchain import ToolError, nextpnr, yosys
from lstmir.flow.toolchain.nextpnr import signal_of
from lstmir.targets import PARTS
from lstmir.tools.lstmir import main
from tests.flow.summaries import read_checked
from tests.flow.test_synth import _retarget

MULTIPLIER = Path(__file__).with_name("multiplier.v")


@pytest.mark.parametrize(
    ("cell", "signal"),
    [
        ("f_table.0.0", "f_table"),
        ("kept_TRELLIS_FF_Q_DI_MULT18X18D_P8", "kept"),
        ("results.0.4$DPRAM_COMB2", "results"),
        ("tail.sums_TRELLIS_FF_Q_12", "tail.sums"),
        ("written_SB_DFFE_Q_D_SB_LUT4_O_LC", "written"),
        ("row_rom.0.0_RAM", "row_rom"),
        ("row_0", "row_0"),
        ("$abc$12", "$abc$12"),
    ],
)
def test_cells_are_called_as_the_verilog_calls_them(cell: str, signal: str) -> None:
    assert signal_of(cell) == signal


def _report(*clocks: str) -> dict[str, Any]:
    def path(start: str, end: str, delay: float) -> dict[str, Any]:
        ends = [{"from": {"cell": f"{d}_a"}, "to": {"cell": f"{d}_b"}, "delay": delay / 2}
                for d in ("first", "second")]  # fmt: skip
        return {"from": start, "to": end, "path": ends}

    edges = [f"posedge {clock}" for clock in clocks]
    paths = [path("<async>", edge, 50) for edge in edges]
    paths += [path(edge, edge, 10 * (1 + index)) for index, edge in enumerate(edges)]
    paths += [path(edge, "<async>", 50) for edge in edges]
    fmax = {clock: {"achieved": 100 / (1 + index)} for index, clock in enumerate(clocks)}
    utilization = {"B": {"used": 0, "available": 3}, "A": {"used": 2, "available": 3}}
    return {"critical_paths": paths, "fmax": fmax, "utilization": utilization}


@pytest.mark.parametrize("clock", ["clk", "$glbnet$clk$TRELLIS_IO_IN", "clk$SB_IO_IN_$glb_clk"])
def test_the_clock_is_the_design_s(clock: str) -> None:
    found = nextpnr._routed(3, _report("other_clk", clock))
    assert (found.seed, found.fmax_mhz, found.used) == (3, 50.0, {"A": 2})
    path = found.critical_path
    assert (path.start, path.end, path.ns) == ("first_a", "second_b", 20.0)


def test_without_the_clock_there_is_no_figure() -> None:
    with pytest.raises(ToolError, match="no register that follows another on 'clk'"):
        nextpnr._routed(0, _report("other_clk"))


@pytest.fixture
def design(tmp_path: Path) -> Path:
    """The multiplier, beside its memory image."""
    (tmp_path / "weights.hex").write_text("\n".join(f"{7919 * i % 65536:04x}" for i in range(512)))
    return Path(shutil.copy(MULTIPLIER, tmp_path))


@pytest.mark.needs("pyosys")
def test_ports_are_known_before_synthesis(design: Path) -> None:
    assert yosys.ports([design], "multiplier") == {
        "clk": ("input", 1), "rst": ("input", 1), "address": ("input", 9), "x": ("input", 16),
        "y": ("output", 32),
    }  # fmt: skip


@pytest.mark.needs("pyosys")
def test_a_netlist_tells_nothing_of_this_machine(design: Path, tmp_path: Path) -> None:
    netlist = tmp_path / "netlist.json"
    yosys.synthesize([design], "multiplier", "ecp5", netlist=netlist)
    assert str(tmp_path) not in netlist.read_text()


@pytest.mark.needs("pyosys", "nextpnr")
def test_the_multiplier_is_placed_as_its_seed_says(
    design: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What the user has told the sandbox, for work of his own.
    monkeypatch.setenv("YOWASP_MOUNT", "/elsewhere=/")
    part, bits = PARTS["ecp5-25k"], []
    for name, seed in (("first", 7), ("second", 7), ("third", 8)):
        folder = tmp_path / name
        folder.mkdir()
        counted = synthesize([design], "multiplier", part, folder / nextpnr.NETLIST)
        entry = place_and_route(folder, part, "multiplier", counted, [seed])
        assert (entry.status, entry.reason) == ("passed", None)
        assert (entry.dsp, entry.bram, entry.ff) == (1, 1, counted.ff)
        assert entry.fmax_mhz is not None and 50 < entry.fmax_mhz < 500
        timing = entry.place_and_route
        assert timing is not None and timing.seed == seed
        assert timing.critical_path.ns == pytest.approx(1000 / entry.fmax_mhz, rel=0.01)
        bits.append(nextpnr.pack(folder, part, "multiplier").read_bytes())
        assert not [each for each in folder.iterdir() if each.name.startswith("yowasp")]
    assert bits[0] == bits[1] != bits[2]
    assert len(bits[0]) > 100_000


@pytest.mark.needs("pyosys", "nextpnr")
def test_its_own_words_are_shown(design: Path, tmp_path: Path) -> None:
    (tmp_path / nextpnr.NETLIST).write_text("{}")
    with pytest.raises(ToolError, match=r"nextpnr-ecp5: exit status \d+\n(.*\n)*  ERROR: "):
        nextpnr.place_and_route(tmp_path, PARTS["ecp5-25k"], 0)


@pytest.mark.needs("pyosys", "nextpnr")
@pytest.mark.usefixtures("out")
@pytest.mark.parametrize(
    ("part", "options", "top", "bitstream"),
    [
        pytest.param("ecp5-25k", [], "tiny", "tiny.bit", marks=pytest.mark.soak),
        # The packer refuses what the tools before it let pass: a block's parameter that it has not.
        ("ecp5-25k", ["--primitives"], "tiny", "tiny.bit"),
        ("ice40-up5k", [], "tiny_bytes", "tiny_bytes.bin"),
    ],
)
def test_a_compiled_folder_gets_its_bitstream(
    part: str, options: list[str], top: str, bitstream: str
) -> None:
    _retarget(part)
    assert main(["synth", "out", "--pnr", *options]) == 0
    counted, placed = read_checked(Path("out"))["synthesis"]
    assert placed["status"] == "passed"
    assert placed["place_and_route"]["top"] == top
    assert (placed["dsp"], placed["bram"]) == (counted["dsp"], counted["bram"])
    assert placed["ff"] >= counted["ff"] and placed["lut"] >= counted["lut"]
    assert placed["fmax_mhz"] > 20
    signals = placed["place_and_route"]["critical_path"]
    names = [signals[end].removeprefix("inner.").split("[")[0] for end in ("from", "to")]
    folders = ["verilog", "primitives"] if options else ["verilog"]
    text = "".join(file.read_text() for name in folders for file in Path("out", name).glob("*.v"))
    assert [name for name in names if name.split(".")[-1] not in text] == []
    assert Path("out/synth", bitstream).stat().st_size > 50_000


@pytest.mark.soak
@pytest.mark.needs("pyosys", "nextpnr")
@pytest.mark.usefixtures("out")
@pytest.mark.parametrize("part", ["ecp5-25k", "ice40-up5k"])
def test_two_runs_give_the_same_bits(part: str) -> None:
    _retarget(part)
    digests = []
    for _ in range(2):
        assert main(["synth", "out", "--pnr"]) == 0
        digests.append(read_checked(Path("out"))["digest"])
    assert digests[0] == digests[1]


PROGRAM = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from lstmir.tools.lstmir import main
sys.exit(main())
"""


def _is_placing(*places: Path) -> bool:
    """Whether nextpnr's sandbox has made the folder that it removes when it ends well."""
    with contextlib.suppress(FileNotFoundError):  # folders come and go
        return any(list(place.rglob("yowasp_*")) for place in places)
    return False


@pytest.mark.needs("pyosys", "nextpnr")
@pytest.mark.usefixtures("out")
def test_ctrl_c_leaves_nothing(tmp_path_factory: pytest.TempPathFactory) -> None:
    before = sorted(Path.cwd().rglob("*"))
    scratch = tmp_path_factory.mktemp("scratch")
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "synth", "out", "--pnr", "--seeds", "5"],
        env={**os.environ, "TMPDIR": str(scratch)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    while not _is_placing(Path("out"), scratch):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=30)
    assert (process.returncode, output) == (130, "")
    assert errors.splitlines()[-1] == "interrupted"
    assert sorted(Path.cwd().rglob("*")) == before
    assert list(scratch.iterdir()) == []
