"""Gives names their values: turns what was written into operations, regions and modules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from lstmir.ir.attached import attached
from lstmir.ir.context import OpContext
from lstmir.ir.definition import OpDefinition, definition_of
from lstmir.ir.diagnostics import Diagnostics, Invalid, Location, Source, suggestion
from lstmir.ir.module import Function, Module
from lstmir.ir.operands import check_segments
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import TensorType, Type
from lstmir.syntax.groups import bound_names, operand_names, segments
from lstmir.syntax.resources import ArchivedResources, InlineResources
from lstmir.syntax.tokens import offset_of, text_of
from lstmir.syntax.tree import (
    FunctionSyntax,
    ModuleSyntax,
    Operations,
    OperationSyntax,
    RegionSyntax,
)

# Deeper than any program, and shallow enough for whoever walks it by recursion.
MAX_DEPTH = 64

# None stands for a value whose definition is wrong: one mistake is one report.
Scope = dict[str, Value | None]


def resolve_module(syntax: ModuleSyntax, source: Source, diagnostics: Diagnostics) -> Module:
    """The module behind a syntax tree. What is wrong with it goes to `diagnostics`."""
    resolver = _Resolver(syntax, source, diagnostics)
    for function in syntax.functions:
        resolver.function(function)
    resolver.unused_resources()
    return resolver.module


class _Resolver:
    def __init__(self, syntax: ModuleSyntax, source: Source, diagnostics: Diagnostics) -> None:
        self.source = source
        place = self.location(offset_of(syntax.name))
        self.module = Module(syntax.name[1:], syntax.attributes, location=place)
        self.diagnostics = diagnostics
        self.resources = self.open_resources(syntax.resources)
        self.depth = 0
        self.written: Operations = ()  # the operations of the region that is being read

    def open_resources(
        self, written: dict[str, str] | str
    ) -> InlineResources | ArchivedResources | None:
        """None for an archive that cannot be read, which is reported once."""
        if not isinstance(written, str):
            return InlineResources(written)
        try:
            path = Path(self.source.name).parent / text_of(written)
            return ArchivedResources(path, offset_of(written))
        except ValueError as error:
            self.error(str(error), offset_of(written))
            return None

    def error(self, message: str, offset: int, *notes: str) -> None:
        self.diagnostics.error(message, self.location(offset), *notes)

    def location(self, offset: int) -> Location:
        return Location(self.source, offset)

    def function(self, syntax: FunctionSyntax) -> None:
        name, offset = syntax.name[1:], offset_of(syntax.name)
        if name in self.module.functions:
            first = self.module.functions[name].location
            self.error(f"function @{name} is defined twice", offset, *_defined(first))
            return
        region = Region()
        scope: Scope = {}
        self.add_arguments(region, syntax.parameters, scope)
        self.operations(region, syntax.operations, scope)
        function = Function(name, region, syntax.attributes, self.location(offset))
        self.module.functions[name] = function
        try:
            self.records(function.attributes)
        except Invalid as error:
            self.error(str(error), offset)
        declared = syntax.result_types
        if declared is None or None in declared or region.terminator is None:
            return
        if declared != function.result_types:
            found = _join(function.result_types)
            self.error(
                f"@{name} declares the results ({_join(declared)}) but gives ({found})", offset
            )

    def operations(self, region: Region, operations: Operations, scope: Scope) -> None:
        op, self.written = None, operations
        for syntax in operations:
            op = None
            if isinstance(syntax, OperationSyntax):
                try:
                    op = self.operation(region, syntax, scope)
                except Invalid as error:
                    self.error(str(error), syntax.offset)
            for index, name in enumerate(syntax.results):
                self.bind(scope, name, Value(op, index) if op is not None else None)
        if op is not None and definition_of(op.name).terminator:
            region.end_with(op)

    def operation(self, region: Region, syntax: OperationSyntax, scope: Scope) -> Operation | None:
        """The operation, or None if an operand has no or another value (which was reported)."""
        definition = definition_of(syntax.name)
        attributes = self.attributes(definition, syntax)
        names: Sequence[str] = syntax.operands
        if syntax.groups:
            names = operand_names(definition, syntax)
        operands = self.values(names, scope)
        if operands is None:
            return None
        check_segments(definition, attributes, len(operands))
        result_types = self.types(syntax, names, operands)
        if result_types is None:
            return None
        op = Operation(
            syntax.name, result_types, attributes, (), map(_hint, syntax.results),
            Location(self.source, syntax.offset),
        )  # fmt: skip
        if definition.takes_resource:
            self.resource(op)
        if attributes:
            self.records(attributes)
        region.insert(op, operands)
        if syntax.region is not None:
            self.nested(definition, op, syntax, syntax.region)
        return op

    def values(self, names: Sequence[str], scope: Scope) -> list[Value] | None:
        """The values of these names, or None if one has none."""
        values = [value for name in names if (value := scope.get(name)) is not None]
        if len(values) == len(names):
            return values
        for name in names:
            if name not in scope:
                self.error(self.undefined(name, scope), offset_of(name))
        return None

    def undefined(self, name: str, scope: Scope) -> str:
        """What is wrong with a name that has no value yet."""
        if any(name in syntax.results for syntax in self.written):
            return (
                f"{name} is not defined yet: operations stand in order, and a loop needs a register"
            )
        return f"{name} is not defined in this region{suggestion(name, scope)}"

    def types(
        self, syntax: OperationSyntax, names: Sequence[str], operands: Sequence[Value]
    ) -> Sequence[Type] | None:
        """The result types of an operation, or None unless its operands have the types it states.

        Raises `Invalid` unless there is a type for each.
        """
        same, operand_types, result_types = syntax.signature
        if same is not None:
            operand_types, result_types = (same,) * len(operands), (same,) * len(syntax.results)
        _check_count(syntax.name, "operand", len(operands), operand_types)
        _check_count(syntax.name, "result", len(syntax.results), result_types)
        fits = True
        for (op, index), type_, name in zip(operands, operand_types, names, strict=True):
            found = op.result_types[index]
            if found is not type_ and found != type_:
                message = f"{name} is {found}, not {type_}"
                self.error(message, offset_of(name), *_defined(op.location))
                fits = False
        return result_types if fits else None

    def attributes(self, definition: OpDefinition, syntax: OperationSyntax) -> dict[str, Any]:
        attributes = dict(syntax.attributes) if syntax.attributes else {}
        if syntax.symbol is not None:
            if not definition.takes_resource:
                raise Invalid(f"'{syntax.name}' names no resource")
            if "resource" in attributes:
                raise Invalid(f"'{syntax.name}' names two resources")
            attributes["resource"] = syntax.symbol[1:]
        if syntax.groups and not definition.groups:
            raise Invalid(f"the operands of '{syntax.name}' stand without parentheses")
        if definition.groups and definition.operand_groups and not syntax.is_generic:
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
        op.regions = (region,)
        scope = self.arguments(definition, op, syntax, body, region)
        outer = self.written
        self.depth += 1
        self.operations(region, body.operations, scope)
        self.depth -= 1
        self.written = outer

    def arguments(
        self, definition: OpDefinition, op: Operation, syntax: OperationSyntax, body: RegionSyntax,
        region: Region,
    ) -> Scope:  # fmt: skip
        """Add the region's arguments: written out in the generic form, else by the definition."""
        parameters: Iterable[tuple[str, Type | None]]
        if body.parameters is not None:
            parameters = body.parameters
        else:
            names = bound_names(definition, syntax)
            types = self.argument_types(definition, op)
            if len(names) != len(types):
                raise Invalid(f"'{op.name}' binds {len(names)} names, expected {len(types)}")
            parameters = zip(names, types, strict=True)
        scope: Scope = {}
        self.add_arguments(region, parameters, scope)
        return scope

    def add_arguments(
        self, region: Region, parameters: Iterable[tuple[str, Type | None]], scope: Scope
    ) -> None:
        for name, type_ in parameters:
            value = None if type_ is None else region.add_argument(type_, _hint(name))
            self.bind(scope, name, value)

    def argument_types(self, definition: OpDefinition, op: Operation) -> Sequence[Type]:
        if definition.region_arguments is None:
            raise Invalid(f"'{op.name}' has no region")
        context = OpContext(op.operands, op.attributes, self.module.resources, op)
        return definition.region_arguments(context)

    def bind(self, scope: Scope, name: str, value: Value | None) -> None:
        if name in scope:
            first = scope[name]
            place = first.op.location if first is not None else None
            self.error(f"{name} is defined twice", offset_of(name), *_defined(place))
        scope[name] = value

    def resource(self, op: Operation) -> None:
        name = op.attributes.get("resource")
        type_ = op.result_types[0] if op.result_types else None
        if type_ is not None and not isinstance(type_, TensorType):
            raise Invalid(f"'{op.name}' makes a tensor, not {type_}")
        if type_ is not None and isinstance(name, str):
            self.load(name, type_)

    def records(self, attributes: dict[str, Any]) -> None:
        """Read the arrays that records name. Raises `Invalid` where there is none of a name."""
        for name, type_ in attached(attributes):
            self.load(name, type_)

    def load(self, name: str, type_: TensorType) -> None:
        if name in self.module.resources or self.resources is None:
            return
        try:
            self.module.resources[name] = self.resources.array(name, type_)
        except ValueError as error:
            place = self.resources.offset(name)
            self.error(f"the resource '{name}' is no {type_}: {error}", place)

    def unused_resources(self) -> None:
        if self.diagnostics.errors or self.resources is None:
            return
        for name in self.resources.names():
            if name not in self.module.resources:
                place = self.resources.offset(name)
                self.error(f"no operation uses the resource '{name}'", place)


def _check_count(op: str, what: str, count: int, types: Sequence[Type]) -> None:
    if len(types) != count:
        raise Invalid(f"'{op}' has {count} {what}(s) but {len(types)} {what} type(s)")


def _defined(place: Location | None) -> list[str]:
    """A note that tells in which line something was defined, if that is known."""
    if place is None:
        return []
    return [f"it is defined in line {place.source.position(place.offset)[0]}"]


def _hint(name: str) -> str | None:
    return None if name[1:].isdecimal() else str(name[1:])


def _join(types: Sequence[Type | None]) -> str:
    return ", ".join(map(str, types))
