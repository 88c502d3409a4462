"""The operation table: one description of each operation, from which everything else derives.

The parser's checks, the printer's pretty forms, the verifier and the language reference read it;
an operation is added by describing it in one dialect file and giving it an evaluation rule.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

from lstmir.ir.attributes import Attribute
from lstmir.ir.diagnostics import Invalid, suggestion
from lstmir.ir.types import Type

if TYPE_CHECKING:
    from lstmir.ir.context import OpContext

Infer: TypeAlias = "Callable[[OpContext], Sequence[Type]]"
Verify: TypeAlias = "Callable[[OpContext, Sequence[Type]], None]"


@dataclass(frozen=True)
class Group:
    """A part of an operation's pretty form: `keyword (…)`.

    `list`: plain operands. `binds`: `(%inside = %outside, …)`, where the names on the left are
    arguments of the operation's region. `pairs`: `(%a = %b, …)`, where both are operands.
    `defines`: names of the region's leading arguments, which no operand gives.
    """

    keyword: str
    kind: Literal["list", "binds", "pairs", "defines"] = "list"


@dataclass(frozen=True)
class OpDefinition:
    """Everything the compiler knows of one operation.

    `operands` and `results` are names; a trailing `*` says any number, a trailing `?` says that
    it may be absent. An operation with `groups` lists all its operands in them, and its attribute
    `segments` tells how many are in each. `infer` gives the narrowest result types; wider ones are
    legal. Where it is None, the types are written by whoever makes the operation and `verify`
    judges them. `region_arguments` gives the types of the arguments that enter the region.
    """

    name: str
    summary: str
    operands: tuple[str, ...] = ()
    results: tuple[str, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    groups: tuple[Group, ...] = ()
    infer: Infer | None = None
    verify: Verify | None = None
    region_arguments: Callable[[OpContext], Sequence[Type]] | None = None
    terminator: bool = False
    example: str = ""

    @cached_property
    def operand_groups(self) -> tuple[Group, ...]:
        """The groups that hold operands; `segments` has a number for each."""
        return tuple(group for group in self.groups if group.kind != "defines")

    @property
    def has_region(self) -> bool:
        """Whether the operation holds a region."""
        return self.region_arguments is not None

    @cached_property
    def takes_resource(self) -> bool:
        """Whether the operation names a resource, written `@name`."""
        return any(attribute.name == "resource" for attribute in self.attributes)


DEFINITIONS: dict[str, OpDefinition] = {}


def define(definition: OpDefinition) -> OpDefinition:
    """Enter an operation in the table. Raises ValueError if the name is taken."""
    if definition.name in DEFINITIONS:
        raise ValueError(f"operation '{definition.name}' is defined twice")
    DEFINITIONS[definition.name] = definition
    return definition


def definition_of(name: str) -> OpDefinition:
    """The description of an operation. Raises `Invalid` for an unknown name."""
    found = DEFINITIONS.get(name)
    if found is None:
        raise Invalid(f"unknown operation '{name}'{suggestion(name, DEFINITIONS)}")
    return found


def check_count(names: Sequence[str], count: int, what: str, op: str) -> None:
    """Raise `Invalid` if `count` operands or results do not fit the names of a definition."""
    most: float = sum(1 for name in names)
    least = sum(1 for name in names if not name.endswith(("*", "?")))
    if any(name.endswith("*") for name in names):
        most = float("inf")
    if least <= count <= most:
        return
    expected = str(least) if least == most else f"{least} to {most}"
    if most == float("inf"):
        expected = f"{least} or more"
    raise Invalid(f"'{op}' takes {expected} {what}(s) ({', '.join(names)}), got {count}")
