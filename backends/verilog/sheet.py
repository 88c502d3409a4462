"""The parts of a Verilog module as they are found, by the unit that they belong to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lstmir.backends.verilog.expressions import Expr
from lstmir.numeric.fixed import FixedType


@dataclass(frozen=True)
class Assign:
    """`target <= expr;`, where `expr` reads what an address in the target reads, too."""

    target: str
    expr: Expr


@dataclass(frozen=True)
class If:
    """A decision between statements; `otherwise` may be empty."""

    condition: Expr
    then: list[Statement]
    otherwise: list[Statement]


Statement = Assign | If


def expressions(statements: list[Statement]) -> Iterator[Expr]:
    """Every expression in some statements."""
    for statement in statements:
        if isinstance(statement, Assign):
            yield statement.expr
            continue
        yield statement.condition
        yield from expressions(statement.then)
        yield from expressions(statement.otherwise)


@dataclass(frozen=True)
class Wire:
    """A combinational signal. One that is a port is declared by the module's head."""

    name: str
    type: FixedType
    expr: Expr
    port: bool = False


@dataclass(frozen=True)
class Register:
    """A signal that changes with the clock; `init` is what reset sets, if it sets it."""

    name: str
    type: FixedType
    init: int | None
    next: list[Statement]
    port: bool = False

    @property
    def is_reset(self) -> bool:
        """Whether reset sets it."""
        return self.init is not None


@dataclass(frozen=True)
class Memory:
    """`words` words. They start as the file `image`, or as zeros that a loop over `counter` sets."""

    name: str
    type: FixedType
    words: int
    block: bool
    image: str | None = None
    counter: str = ""
    writes: list[Statement] = field(default_factory=list)


@dataclass
class Section:
    """One unit of the machine."""

    wires: list[Wire] = field(default_factory=list)
    registers: list[Register] = field(default_factory=list)
    memories: list[Memory] = field(default_factory=list)

    @property
    def signals(self) -> list[Wire | Register]:
        """All that is declared in wires."""
        return [*self.wires, *self.registers]

    @property
    def is_clocked(self) -> bool:
        """Whether anything changes with the clock."""
        moving = any(register.next or register.is_reset for register in self.registers)
        return moving or any(memory.writes for memory in self.memories)

    @property
    def expressions(self) -> Iterator[Expr]:
        """Every expression in the section."""
        yield from (wire.expr for wire in self.wires)
        for register in self.registers:
            yield from expressions(register.next)
        for memory in self.memories:
            yield from expressions(memory.writes)


@dataclass
class Sheet:
    """The sections of a module by their unit; what belongs to none is in the section without name."""

    sections: dict[str, Section] = field(default_factory=dict)

    def section(self, unit: str) -> Section:
        """The section of a unit, made at its first use."""
        return self.sections.setdefault(unit, Section())
