"""Finds operations that the table accepts among combinations of candidates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import prod
from random import Random
from typing import Any, NamedTuple, TypeAlias

from lstmir.ir.definition import OpDefinition
from lstmir.ir.operation import Attributes, Value
from lstmir.ir.types import Type, element_of
from tests.strategies.candidates import attribute_values, result_types
from tests.strategies.kinds import elements_of
from tests.strategies.program import Program
from tests.strategies.rules import accepts, inferred, stand_in

Slot: TypeAlias = Value | Type
"""An operand: a value that is there, or the type of one that is yet to be made."""

WIDEST_RESULT = 96
"""Exact results grow with every operation; wider ones are left out."""

UNSIGNED_ONLY = ("math.log", "math.sqrt")
"""They verify on signed fixed point, but a negative number stops the interpreter."""

STRIDE = 1_000_003
"""A prime: steps of it meet every combination."""


class Draft(NamedTuple):
    """A legal operation that is yet to be made."""

    operands: Sequence[Slot]
    attributes: Attributes
    types: Sequence[Type]


def type_of(slot: Slot) -> Type:
    """The type of an operand."""
    return slot.type if isinstance(slot, Value) else slot


def first_legal(
    p: Program,
    definition: OpDefinition,
    operands: Sequence[Sequence[Slot]],
    guide: Type,
    tries: int = 24,
) -> Draft | None:
    """A legal operation on candidates for its operands; attributes and written types are guesses
    near the type of the guide.

    It is the first one from a random combination on: one draw, which shrinks.
    """
    attributes = {
        attribute.name: attribute_values(p, attribute, guide)
        for attribute in definition.attributes
        if attribute.required or p.chance(0.4)
    }
    written = [result_types(p, guide) for _ in definition.results if definition.infer is None]
    first, last = len(operands), len(operands) + len(attributes)
    columns = [*operands, *attributes.values(), *written]
    for chosen in _combinations(p.random, columns, tries):
        named = dict(zip(attributes, chosen[first:last], strict=True))
        types = _legal_types(p, definition, chosen[:first], named, chosen[last:])
        if types is not None:
            return Draft(chosen[:first], named, types)
    return None


def _combinations(
    random: Random, columns: Sequence[Sequence[Any]], most: int
) -> Iterator[list[Any]]:
    """Some of all combinations, from a random one on; neighbours differ in most columns."""
    total = prod(map(len, columns))
    if total == 1:
        yield [column[0] for column in columns]
        return
    place = random.randrange(total) if total else 0
    for _ in range(min(total, most)):
        rest, chosen = place, []
        for column in columns:
            rest, index = divmod(rest, len(column))
            chosen.append(column[index])
        yield chosen
        place = (place + STRIDE) % total


def _legal_types(
    p: Program,
    definition: OpDefinition,
    slots: Sequence[Slot],
    attributes: Attributes,
    written: Sequence[Callable[[], Type]],
) -> Sequence[Type] | None:
    """The types of the results, inferred or written; None where the operation will not do."""
    values = [slot if isinstance(slot, Value) else stand_in(slot) for slot in slots]
    context = p.context(values, attributes)
    if definition.name in UNSIGNED_ONLY and elements_of(element_of(context.types[0])) == "signed":
        return None
    if definition.infer is None:
        guesses = [make() for make in written]
        return guesses if accepts(definition, context, guesses) else None
    types = inferred(definition, context)
    if types is None or any(element_of(type_).width > WIDEST_RESULT for type_ in types):
        return None
    if definition.verify is not None and not accepts(definition, context, types):
        return None
    return p.widened(definition, context, types)
