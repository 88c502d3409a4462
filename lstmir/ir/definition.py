"""The operation table: one description of each operation, from which everything else derives.

The parser's checks, the printer's pretty forms, the verifier and the language reference read it;
an operation is added by describing it in one dialect file and giving it an evaluation rule.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from lstmir.ir.diagnostics import suggestion
from lstmir.ir.operation import Attributes, Operation, Value
from lstmir.ir.types import FloatType, IntegerType, TensorType, Type
from lstmir.numeric.fixed import FixedType

if TYPE_CHECKING:
    import numpy as np


class Invalid(Exception):
    """An operation breaks its definition; the verifier adds the place."""


class OpContext:
    """What inference and verification may look at: types, attributes, and known constants.

    `is_local` tells whether they have kept to types and attributes so far: then what they found
    holds for every operation of the same types and attributes.
    """

    __slots__ = ("_op", "_operands", "_resources", "attributes", "is_local", "types")

    def __init__(
        self,
        operands: Sequence[Value],
        attributes: Attributes,
        resources: Resources,
        op: Operation | None = None,
    ) -> None:
        self.types: tuple[Type, ...] = tuple(
            [value.op.result_types[value[1]] for value in operands]
        )
        self.attributes = attributes
        self.is_local = True
        self._operands = operands
        self._resources = resources
        self._op = op

    @property
    def op(self) -> Operation | None:
        """The operation itself, unless it is yet to be made."""
        self.is_local = False
        return self._op

    def constant(self, index: int) -> np.ndarray | None:
        """The array of operand `index` if it is a constant (integers for fixed point)."""
        self.is_local = False
        return constant_of(self._operands[index], self._resources)


Resources: TypeAlias = "dict[str, np.ndarray]"
Infer = Callable[[OpContext], Sequence[Type]]
Verify = Callable[[OpContext, Sequence[Type]], None]


@dataclass(frozen=True)
class Attribute:
    """One attribute of an operation: its kind is a key of `ATTRIBUTE_KINDS`."""

    name: str
    kind: str
    summary: str
    required: bool = True


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


def constant_of(value: Value, resources: Resources) -> np.ndarray | None:
    """The array behind a value, seen through captures, if it is a constant."""
    if value.op.name == "tensor.constant":
        return resources.get(value.op.attributes["resource"])
    outer = captured_value(value)
    return constant_of(outer, resources) if outer is not None else None


def captured_value(value: Value) -> Value | None:
    """The value outside that an argument of a region stands for, if it is a capture."""
    region = value.op.region
    if region is None or value.op is not region.entry or region.owner is None:
        return None
    owner = region.owner
    operand = argument_operand(owner, value.index)
    if operand is None:
        return None
    groups = definition_of(owner.name).operand_groups
    for group, segment in zip(groups, segments_of(owner), strict=True):
        if group.keyword == "capture" and operand in segment:
            return owner.operands[operand]
    return None


def argument_operand(owner: Operation, argument: int) -> int | None:
    """The index of the operand that gives an argument of the owner's region, or None."""
    groups = definition_of(owner.name).operand_groups
    bound = [
        index
        for group, segment in zip(groups, segments_of(owner), strict=True)
        if group.kind == "binds"
        for index in segment
    ]
    leading = len(owner.regions[0].arguments) - len(bound)
    return bound[argument - leading] if argument >= leading else None


def segments_of(op: Operation) -> list[range]:
    """The operand indices of each group."""
    ends = list(accumulate(op.attributes["segments"]))
    return [range(start, end) for start, end in zip([0, *ends], ends, strict=False)]


def segment(op: Operation, keyword: str) -> tuple[Value, ...]:
    """The operands in the group with this keyword."""
    groups = definition_of(op.name).operand_groups
    index = next(i for i, group in enumerate(groups) if group.keyword == keyword)
    operands = op.operands
    return tuple(operands[i] for i in segments_of(op)[index])


def _is_type(value: Any) -> bool:
    return isinstance(value, FloatType | IntegerType | FixedType | TensorType)


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _all(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, tuple) and all(check(item) for item in value)


ATTRIBUTE_KINDS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "bool": ("true or false", lambda v: isinstance(v, bool)),
    "int": ("an integer", _is_int),
    "float": ("a number", lambda v: isinstance(v, float) or _is_int(v)),
    "str": ("a string", lambda v: isinstance(v, str)),
    "symbol": ("a resource name", lambda v: isinstance(v, str)),
    "ints": ("a list of integers", _all(_is_int)),
    "strings": ("a list of strings", _all(lambda v: isinstance(v, str))),
    "type": ("a type", _is_type),
    "types": ("a list of types", _all(_is_type)),
    "dict": ("a dictionary", lambda v: isinstance(v, dict)),
    "any": ("an attribute", lambda v: True),
}

# What passes may record on any operation, beside the attributes of its own definition.
RECORDS: dict[str, str] = {
    "range": "any",
    "format": "type",
    "operand_format": "type",
    "basis": "str",
    "start": "int",
    "latency": "int",
    "interval": "int",
    "unit": "str",
}


def check_attributes(definition: OpDefinition, attributes: Attributes) -> None:
    """Raise `Invalid` for a missing, unknown or ill-typed attribute."""
    known = {attribute.name: attribute for attribute in definition.attributes}
    for attribute in definition.attributes:
        if attribute.required and attribute.name not in attributes:
            raise Invalid(f"'{definition.name}' needs the attribute '{attribute.name}'")
    for name, value in attributes.items():
        if name == "segments" and definition.groups:
            kind = "ints"
        elif name in known:
            kind = known[name].kind
        elif name in RECORDS:
            kind = RECORDS[name]
        else:
            raise Invalid(f"'{definition.name}' has no attribute '{name}'{suggestion(name, known)}")
        expected, check = ATTRIBUTE_KINDS[kind]
        if not check(value):
            raise Invalid(f"the attribute '{name}' of '{definition.name}' must be {expected}")


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
