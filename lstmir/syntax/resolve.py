"""Gives names their values: turns what was written into operations, regions and modules."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from lstmir.ir.definition import Invalid, OpDefinition, context_of, definition_of
from lstmir.ir.diagnostics import Diagnostics, Location, Source, suggestion
from lstmir.ir.module import Function, Module
from lstmir.ir.operation import Operation, Region, Value
from lstmir.ir.segments import check_segments
from lstmir.ir.types import TensorType, Type, is_static, storage_dtype
from lstmir.syntax.groups import bound_names, operand_names, segments
from lstmir.syntax.tokens import Name
from lstmir.syntax.tree import FunctionSyntax, ModuleSyntax, OperationSyntax, RegionSyntax

# Deeper than any program, and shallow enough for whoever walks it by recursion.
MAX_DEPTH = 64

# None stands for a value whose definition is wrong: one mistake is one report.
Scope = dict[str, Value | None]


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
        self.depth = 0

    def error(self, message: str, offset: int) -> None:
        self.diagnostics.error(message, self.location(offset))

    def location(self, offset: int) -> Location:
        return Location(self.source, offset)

    def function(self, syntax: FunctionSyntax) -> None:
        name, offset = syntax.name
        if name in self.module.functions:
            self.error(f"function @{name} is defined twice", offset)
            return
        region = Region()
        scope: Scope = {}
        for parameter, type_ in syntax.parameters:
            self.bind(scope, parameter, region.add_argument(type_, _hint(parameter)))
        self.operations(region, syntax.operations, scope)
        function = Function(name, region, syntax.attributes, self.location(offset))
        self.module.functions[name] = function
        if syntax.result_types is None or region.terminator is None:
            return
        if syntax.result_types != function.result_types:
            found = _join(function.result_types)
            expected = _join(syntax.result_types)
            self.error(f"@{name} declares the results ({expected}) but gives ({found})", offset)

    def operations(
        self, region: Region, operations: tuple[OperationSyntax, ...], scope: Scope
    ) -> None:
        for index, syntax in enumerate(operations):
            self.operation(region, syntax, scope, last=index == len(operations) - 1)

    def operation(self, region: Region, syntax: OperationSyntax, scope: Scope, last: bool) -> None:
        try:
            op = self.resolve(region, syntax, scope, last)
        except Invalid as error:
            self.error(str(error), syntax.offset)
            op = None
        for index, name in enumerate(syntax.results):
            self.bind(scope, name, op.results[index] if op is not None else None)

    def resolve(
        self, region: Region, syntax: OperationSyntax, scope: Scope, last: bool
    ) -> Operation | None:
        """The operation, or None if an operand has no value (which was reported)."""
        definition = definition_of(syntax.name)
        attributes = self.attributes(definition, syntax)
        names = operand_names(definition, syntax)
        found = [self.value(name, scope) for name in names]
        operands = [value for value in found if value is not None]
        if len(operands) < len(names):
            return None
        check_segments(definition, attributes, len(operands))
        operand_types, result_types = _signature(syntax, len(operands))
        for name, value, type_ in zip(names, operands, operand_types, strict=True):
            if value.type != type_:
                self.error(f"%{name.text} is {value.type}, not {type_}", name.offset)
        op = Operation(
            syntax.name, result_types, attributes, (), map(_hint, syntax.results),
            self.location(syntax.offset),
        )  # fmt: skip
        if definition.takes_resource:
            self.resource(op, syntax)
        enter = region.terminate if definition.terminator and last else region.insert
        enter(op, operands)
        if syntax.region is not None:
            self.nested(definition, op, syntax, syntax.region)
        return op

    def attributes(self, definition: OpDefinition, syntax: OperationSyntax) -> dict[str, Any]:
        attributes = dict(syntax.attributes)
        if syntax.symbol is not None:
            if not definition.takes_resource:
                raise Invalid(f"'{syntax.name}' names no resource")
            if "resource" in attributes:
                raise Invalid(f"'{syntax.name}' names two resources")
            attributes["resource"] = syntax.symbol.text
        if syntax.groups and not definition.groups:
            raise Invalid(f"the operands of '{syntax.name}' stand without parentheses")
        if definition.operand_groups and not syntax.generic:
            if "segments" in attributes:
                raise Invalid("the attribute 'segments' belongs to the generic form")
            attributes["segments"] = segments(definition, syntax)
        return attributes

    def nested(
        self, definition: OpDefinition, op: Operation, syntax: OperationSyntax, body: RegionSyntax
    ) -> None:
        if self.depth == MAX_DEPTH:
            raise Invalid(f"regions are nested deeper than {MAX_DEPTH}")
        region = Region()
        region.owner = op
        op.regions.append(region)
        scope = self.arguments(definition, op, syntax, body, region)
        self.depth += 1
        self.operations(region, body.operations, scope)
        self.depth -= 1

    def arguments(
        self, definition: OpDefinition, op: Operation, syntax: OperationSyntax, body: RegionSyntax,
        region: Region,
    ) -> Scope:  # fmt: skip
        """Add the region's arguments: written out in the generic form, else by the definition."""
        if body.parameters is not None:
            parameters = [(parameter.name, parameter.type) for parameter in body.parameters]
        else:
            names = bound_names(definition, syntax)
            types = self.argument_types(definition, op)
            if len(names) != len(types):
                raise Invalid(f"'{op.name}' binds {len(names)} names, expected {len(types)}")
            parameters = list(zip(names, types, strict=True))
        scope: Scope = {}
        for name, type_ in parameters:
            self.bind(scope, name, region.add_argument(type_, _hint(name)))
        return scope

    def argument_types(self, definition: OpDefinition, op: Operation) -> Sequence[Type]:
        if definition.region_arguments is None:
            raise Invalid(f"'{op.name}' has no region")
        return definition.region_arguments(context_of(op, op.operands, self.module.resources))

    def value(self, name: Name, scope: Scope) -> Value | None:
        if name.text not in scope:
            near = suggestion(f"%{name.text}", [f"%{known}" for known in scope])
            self.error(f"%{name.text} is not defined in this region{near}", name.offset)
        return scope.get(name.text)

    def bind(self, scope: Scope, name: Name, value: Value | None) -> None:
        if name.text in scope:
            self.error(f"%{name.text} is defined twice", name.offset)
        scope[name.text] = value

    def resource(self, op: Operation, syntax: OperationSyntax) -> None:
        name = op.attributes.get("resource")
        type_ = op.result_types[0] if op.result_types else None
        if not isinstance(name, str) or not isinstance(type_, TensorType):
            return
        if name in self.module.resources:
            return
        text = self.resource_texts.get(name)
        if text is None:
            near = suggestion(f"@{name}", [f"@{known}" for known in self.resource_texts])
            raise Invalid(f"there is no resource @{name}{near}")
        try:
            self.module.resources[name] = _decode(text.text, type_)
        except ValueError as error:
            self.error(f"the resource '{name}' is no {type_}: {error}", text.offset)

    def unused_resources(self) -> None:
        if self.diagnostics.errors:
            return
        for name, text in self.resource_texts.items():
            if name not in self.module.resources:
                self.error(f"no operation uses the resource '{name}'", text.offset)


def _signature(
    syntax: OperationSyntax, operand_count: int
) -> tuple[tuple[Type, ...], tuple[Type, ...]]:
    """The types of operands and results. Raises `Invalid` unless there is one for each."""
    same = syntax.signature.same
    if same is not None:
        return (same,) * operand_count, (same,) * len(syntax.results)
    operands, results = syntax.signature.operands, syntax.signature.results
    for what, count, types in (
        ("operand", operand_count, operands),
        ("result", len(syntax.results), results),
    ):
        if len(types) != count:
            raise Invalid(f"'{syntax.name}' has {count} {what}(s) but {len(types)} {what} type(s)")
    return operands, results


def _decode(text: str, type_: TensorType) -> np.ndarray:
    """The array that hexadecimal digits say. Raises ValueError if they are not as many as needed."""
    try:
        data = bytes.fromhex(text.removeprefix("0x"))
    except ValueError as error:
        raise ValueError("expected '0x' and hexadecimal digits") from error
    if not is_static(type_.shape):
        raise ValueError("its shape is dynamic")
    dtype = storage_dtype(type_.element)
    expected = prod(type_.shape) * dtype.itemsize
    if len(data) != expected:
        raise ValueError(f"it has {len(data)} bytes, expected {expected}")
    return np.frombuffer(data, dtype).reshape(type_.shape)


def _hint(name: Name) -> str | None:
    return None if name.text.isdecimal() else name.text


def _join(types: Sequence[Type]) -> str:
    return ", ".join(map(str, types))
