"""A design on a board with PYNQ, fed by a DMA engine.

Written against pynq 3: `Overlay`, `allocate`, the `axi_dma` block's channels, `MMIO`. It was never run on
a board: the project has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .design import Design
from .errors import DriverError
from .packets import Packet, from_words, to_words


class Board:
    """An overlay whose DMA engine `dma` leads both streams, in beats of the streams' own widths.

    `block` is the name of the design in the overlay, for its registers. Raises `DriverError` without
    pynq, without a bitstream, and where the overlay lacks one of them.
    """

    def __init__(
        self, design: Design, bitstream: str | Path = "", dma: str = "axi_dma_0", block: str = ""
    ) -> None:
        try:
            import pynq
        except ImportError as error:
            raise DriverError(
                "the backend 'pynq' needs the package pynq, which is installed on PYNQ boards"
            ) from error
        if not Path(bitstream).is_file():
            raise DriverError(f"there is no bitstream '{bitstream}': give bitstream=FILE.bit")
        self._design, self._allocate = design, pynq.allocate
        self._overlay = pynq.Overlay(str(bitstream))
        self._dma = self._part(dma)
        self._block = block

    def _part(self, name: str) -> Any:
        found = getattr(self._overlay, name, None) if name else None
        if found is None:
            raise DriverError(f"the overlay has no block '{name}'")
        return found

    def answers(self, packets: Sequence[Packet]) -> list[Packet]:
        return [self._answer(packet) for packet in packets]

    def _answer(self, packet: Packet) -> Packet:
        # In memory, the low lane of a beat comes first.
        words, result = to_words(packet, self._design.input), self._design.output
        count = self._design.beats_of(len(packet[0])) * result.lanes
        source = self._allocate(shape=(len(words),), dtype=words.dtype)
        target = self._allocate(shape=(count,), dtype=f"uint{result.word}")
        try:
            source[:] = words
            self._dma.recvchannel.transfer(target)
            self._dma.sendchannel.transfer(source)
            self._dma.sendchannel.wait()
            self._dma.recvchannel.wait()
            return from_words(target.copy(), result)
        finally:
            source.freebuffer()
            target.freebuffer()

    def read(self, address: int) -> int:
        return int(self._part(self._block).mmio.read(address))

    def write(self, address: int, word: int) -> None:
        self._part(self._block).mmio.write(address, word)

    def close(self) -> None:
        """The bitstream stays in the device."""
