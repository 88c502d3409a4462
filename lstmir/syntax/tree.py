"""What the grammar yields: operations as written, before names are resolved."""

from __future__ import annotations

from typing import Any, NamedTuple

from lark import Token, Transformer, v_args

from lstmir.ir.types import Type
from lstmir.syntax import tokens
from lstmir.syntax.tokens import MalformedToken, Name, name_of, offset_of
from lstmir.syntax.type_syntax import parse_type


class Parameter(NamedTuple):
    """`%name: type`."""

    name: Name
    type: Type


class GroupItem(NamedTuple):
    """`%inside = %outside`, or `%value` alone."""

    left: Name
    right: Name | None


class GroupSyntax(NamedTuple):
    """`keyword (items)`."""

    keyword: str
    items: tuple[GroupItem, ...]
    offset: int


class RegionSyntax(NamedTuple):
    """A region; `parameters` is None in the pretty form, which does not write them."""

    parameters: tuple[Parameter, ...] | None
    operations: tuple[OperationSyntax, ...]


class SignatureSyntax(NamedTuple):
    """The types after `:`; `same` stands for all operands and results."""

    same: Type | None
    operands: tuple[Type, ...]
    results: tuple[Type, ...]


class OperationSyntax(NamedTuple):
    """An operation in either form."""

    results: tuple[Name, ...]
    name: str
    offset: int
    symbol: Name | None
    operands: tuple[Name, ...]
    groups: tuple[GroupSyntax, ...]
    region: RegionSyntax | None
    attributes: dict[str, Any]
    signature: SignatureSyntax
    generic: bool


class FunctionSyntax(NamedTuple):
    """A function."""

    name: Name
    parameters: tuple[Parameter, ...]
    result_types: tuple[Type, ...] | None
    attributes: dict[str, Any]
    operations: tuple[OperationSyntax, ...]


class ModuleSyntax(NamedTuple):
    """A module. Resources are still text: their constants know how to read them."""

    name: str
    attributes: dict[str, Any]
    functions: tuple[FunctionSyntax, ...]
    resources: dict[str, Name]


@v_args(inline=True)
class TreeBuilder(Transformer):  # type: ignore[type-arg]
    """Turns grammar rules into the tuples above while the text is parsed.

    Raises `MalformedToken` where the content of a token makes no sense.
    """

    def module(self, symbol: Token | None, attributes: dict[str, Any] | None, *rest: Any) -> Any:
        *functions, resources = rest
        name = symbol[1:] if symbol else "main"
        return ModuleSyntax(name, attributes or {}, tuple(functions), resources or {})

    def function(
        self,
        symbol: Token,
        parameters: tuple[Parameter, ...] | None,
        types: tuple[Type, ...] | None,
        attributes: dict[str, Any] | None,
        *operations: OperationSyntax,
    ) -> FunctionSyntax:
        return FunctionSyntax(
            name_of(symbol), parameters or (), types, attributes or {}, operations
        )

    def parameters(self, *items: Parameter) -> tuple[Parameter, ...]:
        return items

    def parameter(self, name: Token, type_: Type) -> Parameter:
        return Parameter(name_of(name), type_)

    def many_types(self, items: tuple[Type, ...] | None) -> tuple[Type, ...]:
        return items or ()

    def one_type(self, type_: Type) -> tuple[Type, ...]:
        return (type_,)

    def type_list(self, *types: Type) -> tuple[Type, ...]:
        return types

    def type(self, token: Token) -> Type:
        try:
            return parse_type(str(token))
        except ValueError as error:
            raise MalformedToken(str(error), offset_of(token)) from error

    def operation(self, results: tuple[Name, ...] | None, body: OperationSyntax) -> OperationSyntax:
        return body._replace(results=results or ())

    def results(self, *names: Token) -> tuple[Name, ...]:
        return tuple(name_of(name) for name in names)

    operands = results

    def pretty(
        self, name: Token, symbol: Token | None, operands: Any, *rest: Any
    ) -> OperationSyntax:
        *groups, region, attributes, signature = rest
        return OperationSyntax(
            (), str(name), offset_of(name), name_of(symbol) if symbol else None, operands or (),
            tuple(groups), region, attributes or {}, signature, generic=False,
        )  # fmt: skip

    def generic(
        self, name: Token, operands: Any, region: Any, attributes: Any, signature: Any
    ) -> OperationSyntax:
        return OperationSyntax(
            (), tokens.text_of(name), offset_of(name), None, operands or (), (), region,
            attributes or {}, signature, generic=True,
        )  # fmt: skip

    def group(self, keyword: Token | None, items: tuple[GroupItem, ...] | None) -> GroupSyntax:
        offset = offset_of(keyword) if keyword else items[0].left.offset if items else 0
        return GroupSyntax(str(keyword or ""), items or (), offset)

    def group_items(self, *items: GroupItem) -> tuple[GroupItem, ...]:
        return items

    def group_item(self, left: Token, right: Token | None) -> GroupItem:
        return GroupItem(name_of(left), name_of(right) if right else None)

    def region(self, *operations: OperationSyntax) -> RegionSyntax:
        return RegionSyntax(None, operations)

    def generic_region(self, parameters: Any, *operations: OperationSyntax) -> RegionSyntax:
        return RegionSyntax(parameters or (), operations)

    def same_type(self, type_: Type) -> SignatureSyntax:
        return SignatureSyntax(type_, (), ())

    def signature(self, operands: Any, results: tuple[Type, ...]) -> SignatureSyntax:
        return SignatureSyntax(None, operands or (), results)

    def dict(self, *entries: Any) -> dict[str, Any]:
        return tokens.distinct(entries)

    def entry(self, name: Token, value: Any) -> tuple[Name, Any]:
        return Name(str(name), offset_of(name)), value

    def integer(self, token: Token) -> int:
        return tokens.integer(token)

    def float(self, token: Token) -> Any:
        return tokens.number(token)

    def string(self, token: Token) -> str:
        return tokens.text_of(token)

    def true(self) -> bool:
        return True

    def false(self) -> bool:
        return False

    def symbol(self, token: Token) -> str:
        return str(token[1:])

    def array(self, *items: Any) -> tuple[Any, ...]:
        return tuple(item for item in items if item is not None)

    def resources(self, *items: Any) -> Any:
        return tokens.distinct(items)

    def resource(self, name: Token, text: Token) -> tuple[Name, Name]:
        return Name(str(name), offset_of(name)), Name(str(text)[1:-1], offset_of(text))
