"""Random machines as Verilog, all in one simulator: the bits, and the cycles, of level 5."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

import lstmir.backends.verilog
from lstmir.backends.verilog.printer import print_design
from lstmir.flow.toolchain import verilator
from lstmir.flow.toolchain.simulate import SimulationResult, simulate
from lstmir.interpreter.streams import beat_width, format_beats
from tests.machine.machines import Machine, Packet, random_machine
from tests.passes.levels import Recipe
from tests.strategies.networks import Network

pytestmark = pytest.mark.needs("g++", "verilator")

TESTBENCH = Path(lstmir.backends.verilog.__file__).with_name("templates") / "testbench.cpp"
MACHINES = [random_machine(seed) for seed in range(8)]
STEPS = [3, 1, 2, 4]
STALLS = [(50, 50), (100, 7), (7, 100)]
TOP = "machines"


@dataclass(frozen=True)
class Simulator:
    """All machines behind one pair of streams; the file `which.mem` says which one is driven."""

    executable: Path
    folder: Path

    def run(
        self, number: int, packets: list[Packet], valid: int = 100, ready: int = 100
    ) -> SimulationResult:
        """Send packets to a machine, and compare what it answers."""
        inputs, outputs = self.folder / "inputs.txt", self.folder / "outputs.txt"
        inputs.write_text(format_beats(beat for packet in packets for beat in packet.beats))
        outputs.write_text(format_beats(beat for packet in packets for beat in packet.answer))
        (self.folder / "which.mem").write_text(f"{number:x}\n")
        return simulate(self.executable, inputs, outputs, ready, valid, number, folder=self.folder)


def build(machines: list[Machine], folder: Path) -> Simulator:
    files = write_verilog(machines, folder)
    return Simulator(verilator.build(files, TOP, TESTBENCH, folder / "build"), folder)


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Simulator:
    return build(MACHINES, tmp_path_factory.mktemp("machines"))


def write_verilog(machines: list[Machine], folder: Path) -> list[Path]:
    """Every machine, and a top that hands the streams on to one of them."""
    files = [folder / f"{TOP}.v"]
    files[0].write_text(wrapper(machines))
    for number, machine in enumerate(machines):
        machine.level_5.main.name = f"machine_{number}"
        for name, text in print_design(machine.level_5).items():
            (folder / name).write_text(text)
            files += [folder / name] * name.endswith(".v")
    return files


def wrapper(machines: list[Machine]) -> str:
    """The streams of one machine at a time; the others see no valid beat."""
    instances, count = [], len(machines)
    bits = (count - 1).bit_length()
    for n, machine in enumerate(machines):
        width = beat_width(machine.format("input"))
        out = beat_width(machine.format("output"))
        ports = [
            ".clk(clk)", ".rst(rst)", f".s_axis_tdata(s_axis_tdata[{width - 1}:0])",
            f".s_axis_tvalid(s_axis_tvalid && which[0] == {bits}'d{n})", ".s_axis_tlast(s_axis_tlast)",
            f".s_axis_tready(taken[{n}])", f".m_axis_tdata(data[{64 * n} +: {out}])",
            f".m_axis_tvalid(valid[{n}])", f".m_axis_tlast(last[{n}])",
            f".m_axis_tuser(user[{n}])", ".m_axis_tready(m_axis_tready)",
        ]  # fmt: skip
        instances.append(f"  machine_{n} unit_{n} ({', '.join(ports)});")
        if out < 64:
            instances.append(f"  assign data[{64 * n + out} +: {64 - out}] = 0;")
    return "\n".join([
        f"module {TOP} (input clk, input rst, input [63:0] s_axis_tdata, input s_axis_tvalid,",
        "  input s_axis_tlast, output s_axis_tready, output [63:0] m_axis_tdata,",
        "  output m_axis_tvalid, output m_axis_tlast, output m_axis_tuser, input m_axis_tready);",
        f"  reg [{bits - 1}:0] which [0:0];", '  initial $readmemh("which.mem", which);',
        f"  wire [{64 * count - 1}:0] data;", f"  wire [{count - 1}:0] taken, valid, last, user;",
        "  assign s_axis_tready = taken[which[0]];",
        "  assign m_axis_tdata = data[{which[0], 6'd0} +: 64];",
        "  assign m_axis_tvalid = valid[which[0]];", "  assign m_axis_tlast = last[which[0]];",
        "  assign m_axis_tuser = user[which[0]];", *instances, "endmodule", "",
    ])  # fmt: skip


def is_right_and_on_time(simulator: Simulator, number: int, machine: Machine) -> None:
    packets = [machine.packet(n, seed, (1.0, 50.0)[seed % 2]) for seed, n in enumerate(STEPS)]
    result = simulator.run(number, packets)
    assert result.passed, result
    assert result.packet_cycles == [machine.predict(STEPS[:n]) for n in range(1, len(STEPS) + 1)]
    assert result.cycles_total == machine.predict(STEPS)


def survives_stalls(
    simulator: Simulator, number: int, machine: Machine, valid: int, ready: int
) -> None:
    packets = [machine.packet(n, seed) for seed, n in enumerate(STEPS)]
    if (features := machine.network.features) > 1:
        for place, beats in ((1, features + 1), (2, features - 1), (5, 1)):
            packets.insert(place, machine.malformed(beats, place))
    result = simulator.run(number, packets, valid, ready)
    assert result.passed, result


@pytest.mark.parametrize("number", range(len(MACHINES)))
def test_bits_and_cycles(simulator: Simulator, number: int) -> None:
    is_right_and_on_time(simulator, number, MACHINES[number])


@pytest.mark.parametrize(("valid", "ready"), STALLS)
@pytest.mark.parametrize("number", range(len(MACHINES)))
def test_stalls_and_malformed_packets(
    simulator: Simulator, number: int, valid: int, ready: int
) -> None:
    survives_stalls(simulator, number, MACHINES[number], valid, ready)


@pytest.mark.soak
@pytest.mark.parametrize("first", range(8, 72, 8))
def test_many_machines(first: int, tmp_path: Path) -> None:
    machines = [random_machine(seed) for seed in range(first, first + 8)]
    simulator = build(machines, tmp_path)
    for number, machine in enumerate(machines):
        is_right_and_on_time(simulator, number, machine)
        for valid, ready in STALLS:
            survives_stalls(simulator, number, machine, valid, ready)


def test_a_machine_lints_clean(tmp_path: Path) -> None:
    machine = Machine(Network(), Recipe(zeroed=0.5), 16)
    machine.level_5.main.name = "machine"
    for name, text in print_design(machine.level_5).items():
        (tmp_path / name).write_text(text)
    assert verilator.lint([tmp_path / "machine.v"], "machine") == ()
