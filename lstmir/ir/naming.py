"""The names that values have in the text."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region

SYMBOL = re.compile(r"[\w.]+")
"""Names of modules and functions."""

RESOURCE_NAME = re.compile(r"[A-Za-z_][\w.]*")
"""Names of resources, and keys of dictionaries."""

_ILLEGAL = re.compile(r"[^\w.]")


def names_in(region: Region, order: Iterable[Operation], *, hints: bool = True) -> dict[Value, str]:
    """A unique name, without `%`, for each value of a region whose operations are in `order`.

    Values without a usable name of their own are numbered; without `hints` all of them are.
    """
    names: dict[Value, str] = {}
    taken: dict[str, int] = {}
    numbered = 0
    for op in (region.entry, *order):
        for index, hint in enumerate(op.result_names):
            name = _usable(hint) if hints else None
            if name is None:
                name, numbered = str(numbered), numbered + 1
            names[Value(op, index)] = _unique(name, taken)
    return names


def symbol(hint: str | None, default: str = "constant") -> str:
    """A name for a resource, made of that of a value."""
    name = _usable(hint) or default
    return name if RESOURCE_NAME.fullmatch(name) else f"_{name}"


def _usable(name: str | None) -> str | None:
    """A name as the grammar has it. Numbers are for those who have none."""
    if not name or name.isdecimal():
        return None
    return name if name.isalnum() else _ILLEGAL.sub("_", name)


def _unique(name: str, taken: dict[str, int]) -> str:
    """The name, or `name_1`, …; `taken` has for each name the number to try next."""
    unique = name
    while unique in taken:
        taken[name] += 1
        unique = f"{name}_{taken[name]}"
    taken[unique] = 0
    return unique
