"""The Verilog in Verilator: a process that a host talks to, packet by packet."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence

from .design import Design
from .errors import DriverError
from .packets import Packet, from_beats, from_words, to_beats, to_words
from .verilate import simulator

_SECONDS = 10.0


class Simulation:
    """Starts the simulator, and builds it where that was not done before.

    Packets that are sent together follow each other without a gap, as fast as the design takes them.
    `cycles` are those since the start.
    """

    def __init__(self, design: Design) -> None:
        self._design = design
        program = simulator(design)
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        self._process = subprocess.Popen(
            [str(program.resolve())],
            cwd=design.folder / "verilog",  # where its memory images are
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, encoding="utf-8",
        )  # fmt: skip
        self._ask("C")

    @property
    def cycles(self) -> int:
        """Clock cycles so far."""
        return int(self._ask("C")[0])

    def answers(self, packets: Sequence[Packet]) -> list[Packet]:
        """As `Backend.answers`. Raises `DriverError` for integers that are not in the input's format."""
        source = self._design.input
        sent = [to_beats(to_words(packet, source), source) for packet in packets]
        for beats in sent:
            self._say(f"P {' '.join(beats)}")
        found = [self._ask("A") for _ in packets]
        return [self._read(packet, *answer) for packet, answer in zip(packets, found, strict=True)]

    def _read(self, packet: Packet, user: str, *beats: str) -> Packet:
        """The integers of an answer."""
        result = self._design.output
        if user != "0":
            raise DriverError("the design refused a packet")
        if len(beats) != self._design.beats_of(len(packet[0])):
            raise DriverError(f"the design answered with {len(beats)} beats")
        return from_words(from_beats(beats, result), result)

    def read(self, address: int) -> int:
        response, word = self._ask(f"R {address:x}")
        _check(response, address)
        return int(word, 16)

    def write(self, address: int, word: int) -> None:
        (response,) = self._ask(f"W {address:x} {word:x}")
        _check(response, address)

    def close(self) -> None:
        """The simulator ends with its input."""
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.close()
            self._process.wait(_SECONDS)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._errors.close()

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{line}\n")
        except OSError:
            raise self._ended() from None

    def _ask(self, line: str) -> list[str]:
        """The words of the answer to a command."""
        self._say(line)
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.flush()
        except OSError:
            raise self._ended() from None
        answer = self._process.stdout.readline().split()
        if not answer:
            raise self._ended()
        if answer[0] == "!":
            raise DriverError(" ".join(answer[1:]))
        return answer

    def _ended(self) -> DriverError:
        status = self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().strip().splitlines()[-1:]
        return DriverError(": ".join([f"the simulator ended with status {status}", *lines]))


def _check(response: str, address: int) -> None:
    if response != "0":
        raise DriverError(f"the design has no register at 0x{address:02x} for this access")
