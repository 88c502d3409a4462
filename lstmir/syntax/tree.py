"""What the grammar yields: operations as written, before names are resolved.

Names keep their sigil. Where a text is read to report its errors, they are tokens, which know
their place (`offset_of`); where it is read for speed they are plain strings.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, TypeAlias

from lstmir.ir.types import Type


class Parameter(NamedTuple):
    """`%name: type`; None for a type that could not be read, which was reported."""

    name: str
    type: Type | None


class GroupItem(NamedTuple):
    """`%inside = %outside`, or `%value` alone."""

    left: str
    right: str | None


class GroupSyntax(NamedTuple):
    """`keyword (items)`."""

    keyword: str
    items: tuple[GroupItem, ...]


class RegionSyntax(NamedTuple):
    """A region; `parameters` is None in the pretty form, which does not write them."""

    parameters: tuple[Parameter, ...] | None
    operations: Operations


class SignatureSyntax(NamedTuple):
    """The types after `:`; `same` stands for all operands and results."""

    same: Type | None
    operands: tuple[Type, ...]
    results: tuple[Type, ...]


class OperationSyntax(NamedTuple):
    """An operation in either form; `offset` is that of its name."""

    name: str
    offset: int
    results: tuple[str, ...]
    operands: tuple[str, ...]
    signature: SignatureSyntax
    symbol: str | None = None
    groups: tuple[GroupSyntax, ...] = ()
    region: RegionSyntax | None = None
    attributes: dict[str, Any] | None = None
    is_generic: bool = False


class BrokenSyntax(NamedTuple):
    """An operation that could not be read, which was reported; `results` is what it defines."""

    results: tuple[str, ...]


Operations: TypeAlias = "Iterable[OperationSyntax | BrokenSyntax]"


class FunctionSyntax(NamedTuple):
    """A function."""

    name: str
    parameters: tuple[Parameter, ...]
    result_types: tuple[Type | None, ...] | None
    attributes: dict[str, Any]
    operations: Operations


class ModuleSyntax(NamedTuple):
    """A module. Resources are still text: their constants know how to read them.

    They are a dictionary of texts, or the name of the archive that has the arrays.
    """

    name: str
    attributes: dict[str, Any]
    functions: tuple[FunctionSyntax, ...]
    resources: dict[str, str] | str
