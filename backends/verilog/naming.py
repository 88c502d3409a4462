"""What a signal is called in each unit that sees it."""

from __future__ import annotations

from lstmir.backends.verilog.hints import describe, role
from lstmir.backends.verilog.names import Names
from lstmir.backends.verilog.units import OUTSIDE, Homes, Path, is_signal, memory_of, shared
from lstmir.ir.operation import Operation, Value

_FARTHEST = 6


class Naming:
    """Names of signals by unit, before it is known which of them are free.

    A name that begins with the path of the unit that looks at it is said without. Any other is said
    from the place where both paths part: what `controller` makes is `begins` there, and
    `controller_begins` in `array`.
    """

    def __init__(self, homes: Homes) -> None:
        self._homes = homes
        self._ports = {value: name for name, value in reversed(homes.design.outputs.items())}
        self._made_up = self._make_up()

    def _make_up(self) -> dict[Value, str]:
        """Different names for what has none and is read in another unit than its own."""
        operations = [op for op in self._homes.design.operations if is_signal(op.result)]
        taken: dict[Path, Names] = {self._homes[op]: Names() for op in operations}
        nameless: list[Value] = []
        for op in operations:
            home, name = self._homes[op], op.result.name or self._ports.get(op.result)
            if name is not None:
                taken[home].take(_without(name, home))
            elif any(self._homes[user] != home for user in self._homes.users[op.result]):
                nameless.append(op.result)
        return {value: taken[self._homes[value.op]].take(self._hint(value)) for value in nameless}

    def seen_from(self, value: Value, path: Path) -> str:
        """The name of a value in a unit."""
        home = self._homes[value.op]
        name = value.name or self._ports.get(value) or self._made_up[value]
        if (own := _without(name, path)) != name:
            return own
        return "_".join([*home[shared(home, path) :], _without(name, home)])

    def _hint(self, value: Value) -> str:
        home = self._homes[value.op]
        user = next(iter(self._homes.users.get(value, ())), OUTSIDE)
        if user.name in ("rtl.read", "rtl.write"):
            memory = self._memory_name(user)
            return role(user, user.operands.index(value), _without(memory, home))
        if user.name == "rtl.cast" and user.result.name is not None:
            return _without(user.result.name, home)
        operands = [operand.name and _without(operand.name, home) for operand in value.op.operands]
        return describe(value.op, operands, self.target(value))

    def _memory_name(self, user: Operation) -> str:
        memory = memory_of(user)
        return (memory and memory.result.name) or "memory"

    def target(self, value: Value) -> tuple[str, bool] | None:
        """The name of the first signal with one that a value ends in, and whether it is a register
        that takes the value as it is.
        """
        home, direct = self._homes[value.op], True
        for _ in range(_FARTHEST):
            user = next(iter(self._homes.users.get(value, ())), OUTSIDE)
            if user is OUTSIDE:
                port = self._ports.get(value)
                return (_without(port, home), False) if port else None
            direct &= _hands_on(user, value)
            if user.result.name is not None:
                return _without(user.result.name, home), direct and user.name == "rtl.reg"
            value = user.result
        return None


def _hands_on(user: Operation, value: Value) -> bool:
    if user.name == "arith.select":
        return value != user.operands[0]
    return user.name in ("rtl.reg", "rtl.cast")


def _without(name: str, path: Path) -> str:
    """A name without the path in front, if something that may begin a name is left of it."""
    prefix = "".join(f"{part}_" for part in path)
    rest = name.removeprefix(prefix)
    return rest if rest and not rest[0].isdigit() else name
