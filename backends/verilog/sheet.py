"""The parts of a Verilog module as they are found."""

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
class Inlet:
    """A signal that a unit in this one drives."""

    name: str
    type: FixedType
    port: bool


@dataclass(frozen=True)
class Image:
    """The file with a memory's words, and the parameter that names it where it varies."""

    parameter: str
    file: str


@dataclass(frozen=True)
class Memory:
    """`words` words. They start as the `image`, or as zeros that a loop over `counter` sets."""

    name: str
    type: FixedType
    words: int
    block: bool
    image: Image | None = None
    counter: str = ""
    writes: list[Statement] = field(default_factory=list)


@dataclass(frozen=True)
class Instance:
    """A unit in this one: `key` among its parent's, and what its signals are connected to."""

    key: str
    name: str
    connections: list[tuple[str, Expr]]


@dataclass
class Sheet:
    """One unit of the machine."""

    inlets: list[Inlet] = field(default_factory=list)
    wires: list[Wire] = field(default_factory=list)
    registers: list[Register] = field(default_factory=list)
    memories: list[Memory] = field(default_factory=list)
    instances: list[Instance] = field(default_factory=list)

    @property
    def signals(self) -> list[Inlet | Wire | Register]:
        """All that is declared in wires."""
        return [*self.inlets, *self.wires, *self.registers]

    @property
    def is_clocked(self) -> bool:
        """Whether anything but the units in it changes with the clock."""
        moving = any(register.next or register.is_reset for register in self.registers)
        return moving or any(memory.writes for memory in self.memories)

    @property
    def is_reset(self) -> bool:
        """Whether reset sets anything but the units in it."""
        return any(register.is_reset for register in self.registers)

    @property
    def expressions(self) -> Iterator[Expr]:
        """Every expression in the unit."""
        yield from (wire.expr for wire in self.wires)
        for register in self.registers:
            yield from expressions(register.next)
        for memory in self.memories:
            yield from expressions(memory.writes)
        for instance in self.instances:
            yield from (expr for _, expr in instance.connections)
