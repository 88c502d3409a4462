"""The backend for boards, on a board that is none: what it asks of pynq, in which order."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from lstmir.backends.driver.host import Accelerator, DriverError
from tests.flow.tiny import CLASSES, INPUTS, STEPS


class Buffer(np.ndarray):
    """What pynq allocates: an array that is to be freed."""

    freed = 0

    def freebuffer(self) -> None:
        Buffer.freed += 1


class FakeDma:
    """Answers what it is sent, as the interpreter does."""

    def __init__(self, folder: Path) -> None:
        self.model = Accelerator("interpreter", folder)
        self.target: np.ndarray | None = None
        self.recvchannel = SimpleNamespace(transfer=self._receive, wait=lambda: None)
        self.sendchannel = SimpleNamespace(transfer=self._send, wait=lambda: None)

    def _receive(self, target: np.ndarray) -> None:
        self.target = target

    def _send(self, source: np.ndarray) -> None:
        packet = source.view(np.int8).astype(int).reshape(-1, INPUTS)
        (answer,) = self.model.run_integers([packet])
        assert self.target is not None and len(self.target) == len(answer)
        self.target[:] = answer.astype(f"int{8 * self.target.itemsize}").view(self.target.dtype)


def test_a_board(tiny_design: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bitstream, words = tmp_path / "tiny.bit", {0x08: 1}
    bitstream.touch()
    mmio = SimpleNamespace(read=words.__getitem__, write=words.__setitem__)
    overlay = SimpleNamespace(axi_dma_0=FakeDma(tiny_design), tiny_0=SimpleNamespace(mmio=mmio))

    def allocate(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        return np.zeros(shape, dtype).view(Buffer)

    fake = SimpleNamespace(Overlay=lambda path: overlay, allocate=allocate)
    monkeypatch.setitem(sys.modules, "pynq", fake)
    with pytest.raises(DriverError, match="there is no bitstream '': give bitstream=FILE"):
        Accelerator("pynq", tiny_design)
    with pytest.raises(DriverError, match="the overlay has no block 'dma'"):
        Accelerator("pynq", tiny_design, bitstream=bitstream, dma="dma")
    data = np.random.default_rng(0).normal(size=(STEPS, 3, INPUTS))
    with Accelerator("pynq", tiny_design, bitstream=bitstream, block="tiny_0") as board:
        found = board.run(data)["y"]
        assert board._backend is not None
        board._backend.write(0x08, 5)
        assert board._backend.read(0x08) == words[0x08] == 5
    assert found.shape == (3, CLASSES)
    assert np.array_equal(found, Accelerator("interpreter", tiny_design).run(data)["y"])
    assert Buffer.freed == 6
