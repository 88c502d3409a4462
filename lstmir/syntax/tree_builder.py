"""Turns what the grammar recognises into a syntax tree, while the text is read."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from lark import Token, Transformer, v_args

from lstmir.ir.types import Type
from lstmir.syntax import tokens
from lstmir.syntax.tokens import offset_of
from lstmir.syntax.tree import (
    BrokenSyntax,
    FunctionSyntax,
    GroupItem,
    GroupSyntax,
    ModuleSyntax,
    Operations,
    OperationSyntax,
    Parameter,
    RegionSyntax,
    SignatureSyntax,
)

_NAME = re.compile(r"%[\w.]+")
_RESULTS = re.compile(r"%[\w.]+(?:\s*,\s*%[\w.]+)*")


@v_args(inline=True)
class TreeBuilder(Transformer):  # type: ignore[type-arg]
    """One method for each rule of the grammar; names are tokens, which know their place.

    Raises `MalformedToken` where the content of a token makes no sense.
    """

    def understand(self, read: Callable[[Any], Any], written: Any) -> Any:
        """What is written, as `read` understands it."""
        return read(written)

    def module(self, symbol: Token | None, attributes: dict[str, Any] | None, *rest: Any) -> Any:
        *functions, resources = rest
        written = tuple(function for function in functions if function is not None)
        return ModuleSyntax(symbol or "@main", attributes or {}, written, resources or {})

    def function(
        self,
        symbol: Token,
        parameters: tuple[Parameter, ...] | None,
        types: tuple[Type, ...] | None,
        attributes: dict[str, Any] | None,
        operations: Operations,
    ) -> FunctionSyntax:
        return FunctionSyntax(symbol, parameters or (), types, attributes or {}, operations)

    def broken_function(self, text: Token) -> None:
        """It was reported."""

    def parameters(self, *items: Parameter) -> tuple[Parameter, ...]:
        return items

    def parameter(self, name: Token, type_: Type) -> Parameter:
        return Parameter(name, type_)

    def many_types(self, items: tuple[Type, ...] | None) -> tuple[Type, ...]:
        return items or ()

    def one_type(self, type_: Type) -> tuple[Type, ...]:
        return (type_,)

    def type_list(self, *types: Type) -> tuple[Type, ...]:
        return types

    def type(self, token: Token) -> Any:
        return self.understand(tokens.type_of, token)

    def operations(self, *items: Any) -> Operations:
        return items

    def operation(
        self, results: tuple[str, ...] | None, body: OperationSyntax
    ) -> OperationSyntax | BrokenSyntax:
        return body._replace(results=results or ())

    def broken_operation(self, text: Token) -> BrokenSyntax:
        names = _RESULTS.match(text)
        return BrokenSyntax(tuple(_NAME.findall(names[0])) if names else ())

    def results(self, *names: Token) -> tuple[str, ...]:
        return names

    operands = results

    def pretty(
        self, name: Token, symbol: Token | None, operands: Any, *rest: Any
    ) -> OperationSyntax:
        *groups, region, attributes, signature = rest
        return OperationSyntax(
            str(name), offset_of(name), (), operands or (), signature, symbol, tuple(groups),
            region, attributes,
        )  # fmt: skip

    def generic(
        self, name: Token, operands: Any, region: Any, attributes: Any, signature: Any
    ) -> OperationSyntax:
        return OperationSyntax(
            self.understand(tokens.text_of, name), offset_of(name), (), operands or (), signature, None, (),
            region, attributes, is_generic=True,
        )  # fmt: skip

    def group(self, keyword: Token | None, items: tuple[GroupItem, ...] | None) -> GroupSyntax:
        return GroupSyntax(keyword or "", items or ())

    def group_items(self, *items: GroupItem) -> tuple[GroupItem, ...]:
        return items

    def group_item(self, left: Token, right: Token | None) -> GroupItem:
        return GroupItem(left, right)

    def region(self, operations: Operations) -> RegionSyntax:
        return RegionSyntax(None, operations)

    def generic_region(self, parameters: Any, operations: Operations) -> RegionSyntax:
        return RegionSyntax(parameters or (), operations)

    def same_type(self, type_: Type) -> SignatureSyntax:
        return SignatureSyntax(type_, (), ())

    def function_type(self, operands: Any, results: tuple[Type, ...]) -> SignatureSyntax:
        return SignatureSyntax(None, operands or (), results)

    def dict(self, *entries: Any) -> Any:
        return self.understand(tokens.distinct, entries)

    def entry(self, name: Token, value: Any) -> tuple[str, Any]:
        return name, value

    def integer(self, token: Token) -> Any:
        return self.understand(tokens.integer, token)

    def float(self, token: Token) -> Any:
        return self.understand(tokens.number, token)

    def string(self, token: Token) -> Any:
        return self.understand(tokens.text_of, token)

    def true(self) -> bool:
        return True

    def false(self) -> bool:
        return False

    def symbol(self, token: Token) -> str:
        return str(token[1:])

    def array(self, *items: Any) -> tuple[Any, ...]:
        return tuple(item for item in items if item is not None)

    def resources(self, content: Any) -> Any:
        return content

    def inline(self, *items: Any) -> Any:
        return self.understand(tokens.distinct, items)

    def resource(self, name: Token, text: Token) -> tuple[str, str]:
        return name, text

    def archive(self, text: Token) -> str:
        return text
