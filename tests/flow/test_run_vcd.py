"""`lstmir run --vcd`: the dump is what a simulator of the printed Verilog shows, cycle by cycle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lstmir.flow.toolchain import verilator
from lstmir.flow.toolchain.process import run
from lstmir.flow.vcd import scope_of
from lstmir.interpreter.rtl_design import read_design
from lstmir.interpreter.streams import format_beats, parse_beats
from lstmir.interpreter.vcd import PERIOD
from lstmir.syntax.parser import parse_module
from lstmir.tools.lstmir import main
from tests.flow.refused import refused
from tests.flow.tiny import STEPS, data, write_data
from tests.interpreter.vcd_reader import Dump, read_vcd

SAMPLES = 2
STAGE = "out/stages/16-lower-to-rtl.lstmir"
WORDS = ["--feed", "feed.npz", "-o", "y.npz", "--vcd", "y.vcd"]
X = np.moveaxis(data()["x_test"][:SAMPLES], 0, 1)


def dumped() -> Dump:
    write_data(Path("feed.npz"), {"x": X})
    assert main(["run", STAGE, *WORDS]) == 0
    return read_vcd(Path("y.vcd").read_text(encoding="ascii"))


def beats(dump: Dump, letter: str) -> list[tuple[int, ...]]:
    """What went through a stream, read from the dump."""
    found: list[tuple[int, ...]] = []
    for time in range(0, dump.end, PERIOD):
        signals = dump.at(time)
        if signals[f"{letter}_axis_tvalid"] and signals[f"{letter}_axis_tready"]:
            found.append((signals[f"{letter}_axis_tdata"], signals[f"{letter}_axis_tlast"]))
    return found


@pytest.mark.usefixtures("out")
def test_the_streams_of_the_dump_are_the_golden_vectors() -> None:
    dump = dumped()
    assert dump.timescale == "1 ns"
    assert dump.scope == "tiny"
    for letter, name in (("s", "inputs"), ("m", "outputs")):
        golden = [beat[:2] for beat in parse_beats(Path(f"out/vectors/{name}.txt").read_text())]
        assert beats(dump, letter) == golden[: len(golden) // 6 * SAMPLES]


@pytest.mark.usefixtures("out")
def test_the_same_run_gives_the_same_bytes() -> None:
    dumped()
    first = Path("y.vcd").read_bytes()
    dumped()
    assert Path("y.vcd").read_bytes() == first


@pytest.mark.usefixtures("out")
def test_every_register_with_a_name_is_in_the_dump() -> None:
    dump, module = dumped(), parse_module(Path(STAGE).read_text())
    design = read_design(module.main)
    named = [value for value in design.registers if value.name is not None]
    registers = [name for name, (kind, _) in dump.signals.items() if kind == "reg"]
    assert len(registers) == len(named) > 40


def _wrapper(dump: Dump) -> str:
    """A module with the design's ports that shows what all signals inside it are at each clock."""
    ports = [name for name in dump.signals if name.startswith(("s_axis", "m_axis"))]
    outputs = ("m_axis_tdata", "m_axis_tvalid", "m_axis_tlast", "m_axis_tuser", "s_axis_tready")
    spans = {name: f"[{dump.signals[name][1] - 1}:0]" for name in ports}
    kinds = {name: "output" if name in outputs else "input" for name in ports}
    declared = ", ".join(f"{kinds[name]} {spans[name]} {name}" for name in ports)
    # The test bench offers noise where nothing is valid; the interpreter zeros.
    quiet = {name: f"s_axis_tvalid ? {name} : 0" for name in ("s_axis_tdata", "s_axis_tlast")}
    wired = ", ".join(f".{name}({quiet.get(name, name)})" for name in ports)
    inside = [name for name in dump.signals if name != "clk"]
    return f"""module wrapper(input clk, input rst, {declared});
      tiny dut(.clk(clk), .rst(rst), {wired});
      always @(posedge clk) if (!rst)
        $display("cycle {" ".join(["%b"] * len(inside))}", {", ".join(f"dut.{n}" for n in inside)});
    endmodule
    """


@pytest.mark.needs("g++", "verilator")
def test_the_dump_is_what_verilator_shows(out: Path) -> None:
    dump = dumped()
    folder = out / "verilog"
    (folder / "quiet.vlt").write_text("`verilator_config\nlint_off -rule WIDTH\n")
    (folder / "wrapper.v").write_text(_wrapper(dump))
    files = [folder / "quiet.vlt", *folder.glob("*.v")]
    program = verilator.build(files, "wrapper", folder / "testbench_verilator.cpp", out / "build")
    for name in ("inputs", "outputs"):
        golden = parse_beats((out / f"vectors/{name}.txt").read_text())
        Path(f"{name}.txt").write_text(format_beats(golden[: len(golden) // 6 * SAMPLES]))
    words = [program, Path("inputs.txt").resolve(), Path("outputs.txt").resolve()]
    done = run("the simulator", [*words, "--drain-cycles", "0"], folder=folder, expected=(0,))
    lines = [line.split()[1:] for line in done.stdout.splitlines() if line.startswith("cycle")]
    assert len(lines) * PERIOD == dump.end
    _compare(dump, lines)


def _compare(dump: Dump, lines: list[list[str]]) -> None:
    """Registers that no reset sets start at random values in the simulator: they are compared from
    the second sample on.
    """
    module = parse_module(Path(STAGE).read_text())
    pairs = zip(scope_of(module).registers, read_design(module.main).registers, strict=True)
    free = {
        ".".join([*signal.path, signal.name])
        for signal, value in pairs
        if signal and "init" not in value.op.attributes
    }
    assert 0 < len(free) < len(dump.signals)
    names = [name for name in dump.signals if name != "clk"]
    for cycle, words in enumerate(lines):
        simulated = {name: int(word, 2) for name, word in zip(names, words, strict=True)}
        if cycle < len(lines) // SAMPLES:
            simulated = {name: value for name, value in simulated.items() if name not in free}
        shown = dump.at(cycle * PERIOD)
        assert simulated == {name: shown[name] for name in simulated}, f"cycle {cycle + 1}"


NOTE = "  note: --vcd FILE shows its signals"
LEVEL_3 = "out/stages/12-approximate-activations.lstmir"


@pytest.mark.usefixtures("out")
@pytest.mark.parametrize(
    ("model", "words", "status", "message"),
    [
        (LEVEL_3, [], 2, f"--vcd needs a module of level 5 (rtl), {LEVEL_3} is none"),
        (STAGE, ["--vcd", "y.npz"], 2, "the output y.npz would replace another output"),
        (STAGE, ["--vcd", "feed.npz"], 2, "the output feed.npz would replace an input"),
        (STAGE, ["--vcd", "none/y.vcd"], 2, "cannot write none/y.vcd: there is no folder none"),
        (STAGE, ["--vcd", "."], 2, "the output . is a folder; expected the name of a file"),
        (
            STAGE,
            ["--trace", "%x"],
            2,
            f"--trace looks into levels 1 to 4, {STAGE} is of level 5 (rtl)\n{NOTE}",
        ),
    ],
)
def test_refused(
    model: str, words: list[str], status: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_data(Path("feed.npz"), {"x": X})
    found = refused(capsys, "run", model, *WORDS, *words)
    assert found == (status, f"error: {message}")


@pytest.mark.usefixtures("out")
def test_a_run_that_fails_leaves_no_dump(capsys: pytest.CaptureFixture[str]) -> None:
    write_data(Path("feed.npz"), {"x": X[: STEPS - 1]})
    status, message = refused(capsys, "run", STAGE, *WORDS)
    assert status == 1
    assert message.startswith("error: feed.npz: 'x' has shape [4, 2, 3]")


@pytest.mark.usefixtures("out")
def test_an_interruption_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    write_data(Path("feed.npz"), {"x": X})
    monkeypatch.setattr("lstmir.interpreter.vcd.VcdWriter._change", interrupt)
    assert refused(capsys, "run", STAGE, *WORDS) == (130, "interrupted")
