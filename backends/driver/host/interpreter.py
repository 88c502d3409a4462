"""The model in fixed point, by lstmir's interpreter: the bits that the design must give."""

from __future__ import annotations

from collections.abc import Sequence

from .design import Design
from .errors import DriverError
from .packets import Array


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
        self._module = parse_module(text, str(path))

    def answers(self, packets: Sequence[Array]) -> list[Array]:
        from lstmir.interpreter.run import run_samples

        return [run_samples(self._module, [packet[None]])[0].ravel() for packet in packets]

    def read(self, address: int) -> int:
        raise DriverError("the interpreter runs the model, which has no registers")

    def write(self, address: int, word: int) -> None:
        self.read(address)

    def close(self) -> None:
        """Nothing was started."""
