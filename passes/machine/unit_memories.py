"""The memories with a word a unit, which tails load and store."""

from __future__ import annotations

from dataclasses import dataclass, field

from lstmir.ir.operation import Value
from lstmir.passes.machine.logic import Logic
from lstmir.passes.machine.nest import Kind
from lstmir.passes.machine.program import Program
from lstmir.passes.machine.receiver import sequence_depth, step_address


@dataclass
class UnitMemories:
    """The memories with a word a unit, which tails load; made when the first one asks."""

    logic: Logic
    program: Program
    loaded: set[int] = field(init=False)
    _rams: dict[tuple[int, int], Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.loaded = {
            nest.places[op.operands[0]].memory
            for nest in self.program.nests
            for op in nest.tail.regions[0].operations()
            if op.name == "tile.load" and op.operands[0] in nest.places
        }

    def of(self, memory: int, tail: int, tails: int) -> Value:
        """The part for one tail of a state's memory, or of what a nest leaves for another one's tail."""
        if (memory, tail) not in self._rams:
            described = self.program.memories[memory]
            unit = self.logic.unit
            self.logic.enter(
                f"{described.name}_units", "A word a unit, which the tails load and store."
            )
            depth = -(-described.depth // tails)
            name = "words" if tails == 1 else f"words_{tail}"
            if described.kind is Kind.SEQUENCE:
                words = sequence_depth(described.steps, depth)
                self._rams[memory, tail] = self.logic.ram(words, described.type, name)
            elif depth == 1:
                self._rams[memory, tail] = self.logic.reg(described.type, name)
            else:
                self._rams[memory, tail] = self.logic.ram(depth, described.type, name)
            self.logic.enter(unit)
        return self._rams[memory, tail]

    def address(self, memory: int, tails: int, turn: Value, step: Value | None) -> Value:
        """The address of the unit of a turn, in the memory of a whole sequence that of a step."""
        if step is None:
            return turn
        described = self.program.memories[memory]
        return step_address(self.logic, step, turn, described.steps, -(-described.depth // tails))

    def read(
        self, memory: int, tail: int, tails: int, turn: Value, step: Value | None = None
    ) -> Value:
        """The word of the tail's unit in a turn; that of a lone unit is a register."""
        held, turn = self.of(memory, tail, tails), self.address(memory, tails, turn, step)
        return self.logic.read(held, turn) if held.op.name == "rtl.ram" else held

    def write(
        self, memory: int, tail: int, tails: int, turn: Value, word: Value, valid: Value,
        step: Value | None = None,
    ) -> None:  # fmt: skip
        """Store a word."""
        logic, held = self.logic, self.of(memory, tail, tails)
        turn = self.address(memory, tails, turn, step)
        if held.op.name == "rtl.ram":
            logic.drive(held, logic.op("rtl.write", held, turn, word, valid))
        else:
            logic.drive(held, logic.select(valid, word, held))
