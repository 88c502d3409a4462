"""Gives names their values: turns what was written into operations, regions and modules."""

from __future__ import annotations

from typing import Any

import numpy as np

from lstmir.ir.definition import Group, Invalid, OpDefinition, context_of, definition_of
from lstmir.ir.diagnostics import Diagnostics, Location, Source, suggestion
from lstmir.ir.module import Function, Module
from lstmir.ir.operation import Operation, Region, Value
from lstmir.ir.types import TensorType, Type, is_static, storage_dtype
from lstmir.syntax.tree import (
    FunctionSyntax,
    GroupSyntax,
    ModuleSyntax,
    Name,
    OperationSyntax,
    RegionSyntax,
)

Scope = dict[str, Value]


def resolve_module(syntax: ModuleSyntax, source: Source) -> Module:
    """The module behind a syntax tree. Raises `UserError` with all errors found."""
    resolver = _Resolver(syntax, source)
    for function in syntax.functions:
        resolver.function(function)
    resolver.unused_resources()
    resolver.diagnostics.raise_if_any()
    return resolver.module


class _Resolver:
    def __init__(self, syntax: ModuleSyntax, source: Source) -> None:
        self.source = source
        self.module = Module(syntax.name, syntax.attributes)
        self.resource_texts = syntax.resources
        self.diagnostics = Diagnostics()

    def error(self, message: str, offset: int) -> None:
        self.diagnostics.error(message, self.location(offset))

    def location(self, offset: int) -> Location:
        return Location(self.source, offset)

    def function(self, syntax: FunctionSyntax) -> None:
        if syntax.name.text in self.module.functions:
            self.error(f"function @{syntax.name.text} is defined twice", syntax.name.offset)
            return
        region, scope = Region(), {}
        for name, type_ in syntax.parameters:
            self.bind(scope, name, region.add_argument(type_, _hint(name)))
        self.operations(region, syntax.operations, scope)
        place = self.location(syntax.name.offset)
        function = Function(syntax.name.text, region, syntax.attributes, place)
        self.module.functions[function.name] = function
        if syntax.result_types is None or region.terminator is None:
            return
        if syntax.result_types != function.result_types:
            found = ", ".join(map(str, function.result_types))
            self.error(f"@{function.name} returns ({found}), which is not what it declares", syntax.name.offset)

    def operations(
        self, region: Region, operations: tuple[OperationSyntax, ...], scope: Scope
    ) -> None:
        for index, syntax in enumerate(operations):
            self.operation(region, syntax, scope, last=index == len(operations) - 1)

    def operation(self, region: Region, syntax: OperationSyntax, scope: Scope, last: bool) -> None:
        try:
            definition = definition_of(syntax.name)
            operands, attributes = self.operands(definition, syntax, scope)
            operand_types, result_types = self.signature(syntax, len(operands))
        except Invalid as error:
            self.error(str(error), syntax.offset)
            self.poison(syntax.results, scope)
            return
        for name, value, type_ in zip(_names(syntax), operands, operand_types, strict=False):
            if value.type != type_:
                self.error(f"%{name.text} is {value.type}, not {type_}", name.offset)
        op = Operation(
            syntax.name, result_types, attributes, (), map(_hint, syntax.results),
            self.location(syntax.offset),
        )  # fmt: skip
        if definition.takes_resource:
            self.resource(op, syntax)
        if definition.terminator and last:
            region.terminate(op, operands)
        else:
            region.insert(op, operands)
        if syntax.region is not None:
            self.nested(definition, op, syntax, syntax.region)
        for name, value in zip(syntax.results, op.results, strict=True):
            self.bind(scope, name, value)

    def nested(
        self, definition: OpDefinition, op: Operation, syntax: OperationSyntax, body: RegionSyntax
    ) -> None:
        region, scope = Region(), {}
        region.owner = op
        op.regions.append(region)
        if body.parameters is not None:
            for name, type_ in body.parameters:
                self.bind(scope, name, region.add_argument(type_, _hint(name)))
        else:
            self.bound_arguments(definition, op, syntax, region, scope)
        self.operations(region, body.operations, scope)

    def bound_arguments(
        self, definition: OpDefinition, op: Operation, syntax: OperationSyntax, region: Region,
        scope: Scope,
    ) -> None:  # fmt: skip
        if definition.region_arguments is None:
            self.error(f"'{op.name}' has no region", syntax.offset)
            return
        context = context_of(op, op.operands, self.module.resources)
        try:
            types = definition.region_arguments(context)
        except Invalid as error:
            self.error(str(error), syntax.offset)
            return
        names = _bound_names(definition, syntax)
        if len(names) != len(types):
            self.error(f"'{op.name}' binds {len(names)} names, expected {len(types)}", syntax.offset)
            return
        for name, type_ in zip(names, types, strict=True):
            self.bind(scope, name, region.add_argument(type_, _hint(name)))

    def operands(
        self, definition: OpDefinition, syntax: OperationSyntax, scope: Scope
    ) -> tuple[list[Value], dict[str, Any]]:
        attributes = dict(syntax.attributes)
        if syntax.symbol is not None:
            if not definition.takes_resource:
                raise Invalid(f"'{syntax.name}' names no resource")
            attributes["resource"] = syntax.symbol.text
        if definition.operand_groups and not syntax.generic:
            attributes["segments"] = _segments(definition, syntax)
        found = [self.value(name, scope) for name in _names(syntax)]
        if None in found:
            raise Invalid(f"'{syntax.name}' uses an undefined value")
        return [value for value in found if value is not None], attributes

    def signature(
        self, syntax: OperationSyntax, operand_count: int
    ) -> tuple[tuple[Type, ...], tuple[Type, ...]]:
        same = syntax.signature.same
        if same is not None:
            return (same,) * operand_count, (same,) * len(syntax.results)
        operands, results = syntax.signature.operands, syntax.signature.results
        if len(operands) != operand_count:
            raise Invalid(f"'{syntax.name}' has {operand_count} operand(s) but {len(operands)} operand type(s)")
        if len(results) != len(syntax.results):
            raise Invalid(f"'{syntax.name}' has {len(syntax.results)} result(s) but {len(results)} result type(s)")
        return operands, results

    def value(self, name: Name, scope: Scope) -> Value | None:
        value = scope.get(name.text)
        if value is None and name.text not in scope:
            near = suggestion(name.text, scope)
            self.error(f"%{name.text} is not defined in this region{near}", name.offset)
        return value

    def bind(self, scope: Scope, name: Name, value: Value) -> None:
        if name.text in scope:
            self.error(f"%{name.text} is defined twice", name.offset)
        scope[name.text] = value

    def poison(self, names: tuple[Name, ...], scope: Scope) -> None:
        """After an error, let later uses pass: one mistake is one report."""
        for name in names:
            scope.setdefault(name.text, None)  # type: ignore[arg-type]

    def resource(self, op: Operation, syntax: OperationSyntax) -> None:
        name = op.attributes.get("resource")
        type_ = op.result_types[0] if op.result_types else None
        if name is None or name in self.module.resources or not isinstance(type_, TensorType):
            return
        text = self.resource_texts.get(name)
        if text is None:
            near = suggestion(name, self.resource_texts)
            self.error(f"there is no resource @{name}{near}", syntax.offset)
            return
        array = self.decode(text, type_)
        if array is not None:
            self.module.resources[name] = array

    def decode(self, text: Name, type_: TensorType) -> np.ndarray | None:
        try:
            data = bytes.fromhex(text.text.removeprefix("0x"))
            dtype = storage_dtype(type_.element)
        except ValueError as error:
            self.error(f"not a resource in hexadecimal, or not storable: {error}", text.offset)
            return None
        if not is_static(type_.shape):
            self.error(f"a constant cannot be {type_}: its shape is dynamic", text.offset)
            return None
        expected = int(np.prod(type_.shape)) * dtype.itemsize
        if len(data) != expected:
            self.error(f"the resource has {len(data)} bytes; {type_} needs {expected}", text.offset)
            return None
        return np.frombuffer(data, dtype).reshape(type_.shape)

    def unused_resources(self) -> None:
        for name, text in self.resource_texts.items():
            if name not in self.module.resources and not self.diagnostics.errors:
                self.error(f"no operation uses the resource '{name}'", text.offset)


def _hint(name: Name) -> str | None:
    return None if name.text.isdecimal() else name.text


def _names(syntax: OperationSyntax) -> list[Name]:
    names = list(syntax.operands)
    kinds = {group.keyword: group.kind for group in definition_of(syntax.name).groups}
    for group in syntax.groups:
        names += _operand_names(kinds.get(group.keyword, "list"), group)
    return names


def _operand_names(kind: str, group: GroupSyntax) -> list[Name]:
    if kind == "defines":
        return []
    lefts, rights = kind != "binds", kind != "list"
    return [
        name
        for item in group.items
        for name, wanted in ((item.left, lefts), (item.right, rights))
        if wanted and name is not None
    ]


def _segments(definition: OpDefinition, syntax: OperationSyntax) -> tuple[int, ...]:
    known = [group.keyword for group in definition.groups]
    written = {group.keyword: group for group in syntax.groups}
    order = [known.index(keyword) if keyword in known else -1 for keyword in written]
    if order != sorted(set(order)) or -1 in order or len(written) != len(syntax.groups):
        parts = ", ".join(f"'{keyword}'" for keyword in known)
        raise Invalid(f"the parts of '{definition.name}' are {parts}, in this order")
    for group in definition.groups:
        _check_items(definition.name, group, written.get(group.keyword))
    return tuple(
        len(_operand_names(group.kind, written[group.keyword])) if group.keyword in written else 0
        for group in definition.operand_groups
    )


def _check_items(op: str, group: Group, written: GroupSyntax | None) -> None:
    equations = group.kind in ("binds", "pairs")
    items = written.items if written else ()
    if all((item.right is not None) == equations for item in items):
        return
    form = "(%a = %b, …)" if equations else "(%a, …)"
    raise Invalid(f"'{group.keyword}' of '{op}' is written {form}")


def _bound_names(definition: OpDefinition, syntax: OperationSyntax) -> list[Name]:
    binding = {group.keyword for group in definition.groups if group.kind in ("binds", "defines")}
    return [
        item.left for group in syntax.groups if group.keyword in binding for item in group.items
    ]
