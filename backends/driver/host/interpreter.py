"""The model in fixed point, by lstmir's interpreter: the bits that the design must give."""

from __future__ import annotations

from collections.abc import Sequence

from .design import Design
from .errors import DriverError
from .packets import Packet


class Interpreter:
    """Runs the stage of the compilation that defines the bits. Raises `DriverError` without lstmir."""

    def __init__(self, design: Design) -> None:
        try:
            from lstmir import dialects
            from lstmir.syntax.parser import parse_module
        except ImportError as error:
            raise DriverError("the interpreter needs lstmir, which is not installed") from error
        dialects.load()
        path = design.folder / design.golden
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise DriverError(f"cannot read {path}: {error.strerror}") from error
        self._design = design
        self._module = parse_module(text, str(path))

    def answers(self, packets: Sequence[Packet]) -> list[Packet]:
        return [self._answer(packet) for packet in packets]

    def _answer(self, packet: Packet) -> Packet:
        from lstmir.interpreter.run import run_samples

        design = self._design
        pairs = zip(design.input.ports, packet, strict=True)
        found = run_samples(self._module, [port.from_steps(steps)[None] for port, steps in pairs])
        results = zip(design.output.ports, found, strict=True)
        return [port.to_steps(array[0]) for port, array in results]

    def read(self, address: int) -> int:
        raise DriverError("the interpreter runs the model, which has no registers")

    def write(self, address: int, word: int) -> None:
        self.read(address)

    def close(self) -> None:
        """Nothing was started."""
