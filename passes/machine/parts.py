"""The memories of a step's inputs, where several come in a packet, or several words in a beat."""

from __future__ import annotations

from math import lcm

import numpy as np

from lstmir.ir.operation import Value
from lstmir.numeric.fixed import FixedType
from lstmir.passes.machine.logic import Logic, natural
from lstmir.passes.machine.nest import Reading


class PartMemory:
    """Words of one input, as one reading takes them: so many neighbours at once.

    Word w lies in bank w % banks: a beat's words, and what is read together, are in different ones. The
    words stand in the step from word `first` on, `lanes` of a step in a beat.
    """

    def __init__(
        self, logic: Logic, element: FixedType, first: int, reading: Reading, lanes: int,
        buffers: int, name: str,
    ) -> None:  # fmt: skip
        self.logic, self.element, self.first = logic, element, first + reading.base
        self.readers, self.size, self.lanes = reading.readers, reading.size, lanes
        self.banks = lcm(self.readers, lanes)
        self.rows = -(-self.size // self.banks)
        address = natural(buffers).width + (natural(self.rows).width if self.rows > 1 else 0)
        self.rams = [
            logic.ram(1 << address, element, f"{name}_bank_{bank}" if self.banks > 1 else name)
            for bank in range(min(self.banks, self.size))
        ]

    def write(self, accept: Value, beat: Value, buffer: Value, words: list[Value]) -> None:
        """Take what a beat has of the input: `words` are those of its lanes."""
        logic, element = self.logic, self.element
        for bank, ram in enumerate(self.rams):
            beats = [
                (self.first + word) // self.lanes for word in range(bank, self.size, self.banks)
            ]
            word = words[(self.first + bank) % self.lanes]
            data = logic.as_type(logic.bits(word, 0, element.width), element)
            mine, row = self.place(beats, beat, bank)
            address = self.address(buffer, row)
            written = logic.op("rtl.write", ram, address, data, logic.all(accept, mine))
            logic.drive(ram, written)

    def place(self, beats: list[int], beat: Value, bank: int) -> tuple[Value, Value]:
        """Whether a beat has a word of a bank, and its row."""
        logic = self.logic
        if len(beats) == 1:
            return logic.equals(beat, beats[0]), logic.literal(0, natural(self.rows))
        assert isinstance(beat.type, FixedType)
        count = 1 << beat.type.width
        mine, rows = np.zeros(count, np.int64), np.zeros(count, np.int64)
        mine[beats], rows[beats] = 1, np.arange(len(beats))
        has = logic.read(logic.rom(mine, natural(2), f"has_{self.first}_{bank}"), beat)
        row = logic.read(logic.rom(rows, natural(self.rows), f"row_{self.first}_{bank}"), beat)
        return logic.equals(has, 1), row

    def address(self, buffer: Value, row: Value) -> Value:
        """The address of a row of a buffer."""
        logic = self.logic
        if self.rows == 1:
            return logic.op("rtl.concat", buffer)
        return logic.op("rtl.concat", buffer, logic.widened(row, natural(self.rows)))

    def read(self, buffer: Value, row: Value) -> list[Value]:
        """The neighbours of a row, as many as there are readers; behind the last word any."""
        logic, ratio = self.logic, self.banks // self.readers
        bits = (ratio - 1).bit_length()
        assert isinstance(row.type, FixedType)
        high = row
        if bits:
            width = max(0, row.type.width - bits)
            high = logic.bits(row, bits, width) if width else logic.literal(0, natural(1))
        if self.rows > 1:
            high = self.resized(high)
        address = self.address(buffer, high)
        words = [logic.read(ram, address) for ram in self.rams]
        found = []
        for reader in range(self.readers):
            choices = [
                words[min(part * self.readers + reader, len(words) - 1)] for part in range(ratio)
            ]
            if not bits:
                found.append(choices[0])
                continue
            part = logic.bits(row, 0, min(bits, row.type.width))
            found.append(logic.pick(choices[: 1 << min(bits, row.type.width)], part))
        return found

    def resized(self, row: Value) -> Value:
        """A row in the bits of this memory's: readers may count further than it has rows."""
        wanted = natural(self.rows)
        assert isinstance(row.type, FixedType)
        if row.type.width > wanted.width:
            return self.logic.bits(row, 0, wanted.width)
        return self.logic.widened(row, wanted)
