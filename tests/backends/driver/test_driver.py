"""The driver that `compile` leaves: the same bits from the Verilog and from the interpreter."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from lstmir.backends.driver.host import Accelerator, DriverError
from lstmir.backends.driver.host.simulation import Simulation
from lstmir.flow.folder import check_untouched, read_summary
from lstmir.interpreter.run import run
from lstmir.syntax.parser import parse_module
from tests.backends.driver.conftest import VOWELS

SIMULATED = pytest.mark.needs("g++", "verilator")
FEATURES = 12
SAMPLES = 40


@pytest.fixture(scope="module")
def accelerator(vowels: Path) -> Iterator[Accelerator]:
    with Accelerator("simulation", vowels) as found:
        yield found


def samples() -> np.ndarray:
    """Recordings, and some so loud that everything is clipped."""
    data = np.load(VOWELS / "vowels.npz")["x_test"][:SAMPLES].copy()
    data[::8] *= 100
    return np.moveaxis(data, 0, 1)


def golden(folder: Path, array: np.ndarray) -> np.ndarray:
    facts = json.loads((folder / "driver" / "design.json").read_text())
    text = (folder / facts["golden"]).read_text()
    return run(parse_module(text, "golden"), {facts["input"]["ports"][0]["name"]: array})["logits"]


@SIMULATED
def test_both_backends_give_the_bits_of_the_interpreter(
    vowels: Path, accelerator: Accelerator
) -> None:
    expected = golden(vowels, samples())
    with Accelerator("interpreter", vowels) as interpreter:
        for each in (accelerator, interpreter):
            (name, found), *others = each.run(samples()).items()
            assert (name, others) == ("logits", [])
            assert found.dtype == expected.dtype
            assert np.array_equal(found, expected)
            by_name = each.run({each.design.input.names[0]: samples()})
            assert np.array_equal(by_name["logits"], expected)


@SIMULATED
def test_sequences_of_different_lengths(vowels: Path, accelerator: Accelerator) -> None:
    data = samples()
    sequences = [data[:length, n] for n, length in enumerate((1, 29, 2, 17, 1))]
    found = accelerator.run_sequences(sequences)
    with Accelerator("interpreter", vowels) as interpreter:
        expected = interpreter.run_sequences(sequences)
    assert [each.shape for each in found] == [(9,)] * 5
    assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))


@SIMULATED
def test_a_host_decides_packet_by_packet(accelerator: Accelerator) -> None:
    """What is sent next depends on what came back; one answer at a time is what all at once are."""
    random = np.random.default_rng(3)
    packet, sent, answers = random.integers(-128, 128, (3, FEATURES)), [], []
    for _ in range(6):
        (answer,) = accelerator.run_integers([packet])
        sent.append(packet)
        answers.append(answer)
        packet = np.resize(answer % 128, (1 + abs(int(answer[0])) % 4, FEATURES))
    again = accelerator.run_integers(sent)
    assert all(np.array_equal(a, b) for a, b in zip(again, answers, strict=True))


@SIMULATED
def test_registers(vowels: Path, accelerator: Accelerator) -> None:
    registers = accelerator.registers
    registers.write("control", 0b10001)
    accelerator.run(samples())
    summary = read_summary(vowels)
    each = summary["schedule"]["cycles_total_predicted"] / 370
    assert registers.read("packets_answered") == SAMPLES
    assert each * SAMPLES <= registers.read("cycles_total_low") < each * SAMPLES + 400
    assert registers.read("input_length") == FEATURES
    with pytest.raises(DriverError, match="the register status can only be read"):
        registers.write("status", 0)
    with pytest.raises(DriverError, match="4294967296 is no word of 32 bits"):
        registers.write("control", 1 << 32)
    with pytest.raises(DriverError, match="no register 'nothing'; there are identification, "):
        registers.read("nothing")


@SIMULATED
def test_a_design_that_was_stopped_does_not_answer(accelerator: Accelerator) -> None:
    packets = [np.full((2, FEATURES), value) for value in (1, 2)]
    expected = accelerator.run_integers(packets[1:])
    accelerator.registers.write("control", 0)
    with pytest.raises(DriverError, match="the design does not answer, and was reset"):
        accelerator.run_integers(packets)
    assert np.array_equal(accelerator.run_integers(packets[1:]), expected)


@SIMULATED
def test_the_simulator_is_built_once_and_the_folder_stays_as_it_was(
    vowels: Path, accelerator: Accelerator
) -> None:
    (program,) = (vowels / "driver" / "build").glob("*/Vtop")
    before = program.stat().st_mtime_ns
    Accelerator("simulation", vowels).close()
    assert program.stat().st_mtime_ns == before
    (vowels / "driver" / "__pycache__").mkdir(exist_ok=True)
    (vowels / "driver" / "__pycache__" / "errors.pyc").touch()
    check_untouched(vowels, read_summary(vowels))


@SIMULATED
def test_answers_that_are_none(accelerator: Accelerator) -> None:
    backend, packet = accelerator._backend, [np.zeros((1, FEATURES))]
    assert isinstance(backend, Simulation)
    with pytest.raises(DriverError, match="the design refused a packet"):
        backend._read(packet, "1", "0")
    with pytest.raises(DriverError, match="the design answered with 1 beats"):
        backend._read(packet, "0", "0")


@SIMULATED
def test_a_simulator_that_died_is_told(vowels: Path) -> None:
    accelerator = Accelerator("simulation", vowels)
    assert isinstance(accelerator._backend, Simulation)
    accelerator._backend._process.kill()
    with pytest.raises(DriverError, match="the simulator ended with status -9"):
        accelerator.run(samples())
    accelerator.close()
    with pytest.raises(DriverError, match="the accelerator was closed"):
        accelerator.run(samples())
    accelerator.close()
