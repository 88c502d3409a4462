"""A machine with ECP5's multipliers and memories, simulated with models of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from lstmir.backends.verilog.primitives import print_primitives
from lstmir.flow.toolchain.simulate import STEADY, simulate
from lstmir.interpreter.streams import format_beats
from tests.backends.verilog import simulators
from tests.backends.verilog.blocks import MODELS
from tests.machine.machines import Machine
from tests.machine.simulators import print_machine
from tests.passes.levels import Recipe
from tests.strategies.networks import Network

pytestmark = pytest.mark.needs("g++", "verilator")


def test_bits_and_cycles(tmp_path: Path) -> None:
    machine = Machine(Network(1, 12, 10), Recipe(), 4)
    files = print_machine(machine, "machine", tmp_path)
    primitives = print_primitives(machine.level_5)
    names = {file.name for file in files}
    assert {"machine_multiplier.v", "machine_memory.v"} <= primitives.keys() <= names
    for name, text in primitives.items():
        # A block's pins that are not needed are left out.
        (tmp_path / name).write_text(f"// verilator lint_off PINMISSING\n{text}")
    packets = [machine.packet(steps, steps) for steps in (3, 1, 4)]
    inputs, outputs = tmp_path / "inputs.txt", tmp_path / "outputs.txt"
    inputs.write_text(format_beats(beat for packet in packets for beat in packet.beats))
    outputs.write_text(format_beats(beat for packet in packets for beat in packet.answer))
    executable = simulators.build("verilator", [*files, MODELS], "machine", tmp_path)
    result = simulate(executable, inputs, outputs, STEADY, folder=tmp_path)
    assert result.passed
    assert result.cycles_total == machine.predict([3, 1, 4])
