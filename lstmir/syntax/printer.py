"""Prints modules. Printing what was parsed from a printed text gives the same text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from lstmir.ir.definition import DEFINITIONS, Group, OpDefinition, segments_of
from lstmir.ir.module import Function, Module, used_resources
from lstmir.ir.naming import names_in
from lstmir.ir.operation import Operation, Region, Value
from lstmir.ir.types import FloatType, IntegerType, TensorType, Type
from lstmir.numeric.fixed import FixedType

_INDENT = "  "
_TYPES = (FloatType, IntegerType, FixedType, TensorType)


def print_module(module: Module, *, generic: bool = False, resources: bool = True) -> str:
    """The text of a module, in its pretty or its generic form, with or without its resources."""
    printer = _Printer(generic)
    attributes = _attributes_clause(module.attributes)
    printer.line(f"module @{module.name}{attributes} {{")
    for function in module.functions.values():
        printer.function(function)
    printer.line("}")
    if resources:
        printer.resources(module)
    return "\n".join(printer.lines) + "\n"


def print_operation(op: Operation) -> str:
    """One operation as it would stand in its function's text, without its region."""
    printer = _Printer(generic=False)
    printer.name_region(op.parent)
    return printer.header(op)


class _Printer:
    def __init__(self, generic: bool) -> None:
        self.generic = generic
        self.lines: list[str] = []
        self.depth = 0
        self.names: dict[Value, str] = {}

    def line(self, text: str) -> None:
        self.lines.append(f"{_INDENT * self.depth}{text}")

    def function(self, function: Function) -> None:
        self.depth += 1
        order = self.name_region(function.region)
        parameters = self.parameters(function.region)
        results = _type_list(function.result_types)
        attributes = _attributes_clause(function.attributes)
        self.line(f"func @{function.name}({parameters}) -> {results}{attributes} {{")
        self.operations(order)
        self.line("}")
        self.depth -= 1

    def parameters(self, region: Region) -> str:
        return ", ".join(f"{self.names[value]}: {value.type}" for value in region.arguments)

    def name_region(self, region: Region) -> list[Operation]:
        """Name the values of a region; gives its operations in the order of the text."""
        order = region.operations()
        self.names.update((v, f"%{name}") for v, name in names_in(region, order).items())
        return order

    def operations(self, order: Iterable[Operation]) -> None:
        self.depth += 1
        for op in order:
            self.operation(op)
        self.depth -= 1

    def operation(self, op: Operation) -> None:
        if not op.regions:
            self.line(self.header(op) + self.trailer(op))
            return
        region = op.regions[0]
        order = self.name_region(region)
        opening = f"({{ ^({self.parameters(region)}):" if self.generic else "{"
        self.line(f"{self.header(op)} {opening}")
        self.operations(order)
        self.line(f"}}{')' if self.generic else ''}{self.trailer(op)}")

    def header(self, op: Operation) -> str:
        results = ", ".join(self.names[value] for value in op.results)
        equals = f"{results} = " if results else ""
        definition = DEFINITIONS.get(op.name)
        if self.generic or definition is None:
            return f'{equals}"{op.name}"({self.values(op.operands)})'
        parts = [op.name]
        if "resource" in op.attributes:
            parts.append(f"@{op.attributes['resource']}")
        if definition.operand_groups:
            parts += self.groups(definition, op)
        elif op.operands:
            parts.append(self.values(op.operands))
        return equals + " ".join(parts)

    def groups(self, definition: OpDefinition, op: Operation) -> list[str]:
        operands, segments = op.operands, iter(segments_of(op))
        arguments = iter(op.regions[0].arguments if op.regions else ())
        parts = []
        for group in definition.groups:
            inside = [operands[i] for i in next(segments)] if group.kind != "defines" else []
            items = self.group_items(group, inside, arguments, definition, op)
            if items:
                parts.append(f"{group.keyword} ({', '.join(items)})".lstrip())
        return parts

    def group_items(
        self, group: Group, operands: list[Value], arguments: Any, definition: OpDefinition,
        op: Operation,
    ) -> list[str]:  # fmt: skip
        if group.kind == "defines":
            count = len(op.regions[0].arguments) - len(op.operands)
            return [self.names.get(next(arguments), "") for _ in range(count)]
        if group.kind == "binds":
            return [f"{self.names.get(next(arguments), '')} = {self.names[v]}" for v in operands]
        if group.kind == "pairs":
            pairs = zip(operands[::2], operands[1::2], strict=True)
            return [f"{self.names[a]} = {self.names[b]}" for a, b in pairs]
        return [self.names[value] for value in operands]

    def trailer(self, op: Operation) -> str:
        hidden = () if self.generic else ("resource", "segments")
        order = [name for name in _attribute_order(op) if name not in hidden]
        attributes = {name: op.attributes[name] for name in order}
        clause = f" {print_attribute(attributes)}" if attributes else ""
        return f"{clause} : {_signature(op)}"

    def values(self, values: Iterable[Value]) -> str:
        return ", ".join(self.names[value] for value in values)

    def resources(self, module: Module) -> None:
        used = used_resources(module.walk())
        if not used:
            return
        self.line("{-# resources: {")
        for index, name in enumerate(used):
            comma = "," if index < len(used) - 1 else ""
            self.line(f'{_INDENT}{name}: "{_hex(module.resources[name])}"{comma}')
        self.line("} #-}")


def _attribute_order(op: Operation) -> list[str]:
    """Those of the definition as it lists them, then what passes recorded."""
    definition = DEFINITIONS.get(op.name)
    own = [attribute.name for attribute in definition.attributes] if definition else []
    return [n for n in own if n in op.attributes] + sorted(op.attributes.keys() - set(own))


def _hex(array: np.ndarray) -> str:
    return "0x" + np.ascontiguousarray(array).tobytes().hex()


def _attributes_clause(attributes: dict[str, Any]) -> str:
    return f" attributes {print_attribute(attributes)}" if attributes else ""


def _signature(op: Operation) -> str:
    operands, results = [value.type for value in op.operands], op.result_types
    every = [*operands, *results]
    if every and all(type_ == every[0] for type_ in every):
        return str(every[0])
    return f"({', '.join(map(str, operands))}) -> {_type_list(results)}"


def _type_list(types: Sequence[Type]) -> str:
    return str(types[0]) if len(types) == 1 else f"({', '.join(map(str, types))})"


def print_attribute(value: Any) -> str:
    """The text of an attribute's value. Raises TypeError for a value that has none."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | np.integer):
        return str(int(value))
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(print_attribute, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key} = {print_attribute(v)}' for key, v in value.items())}}}"
    if isinstance(value, _TYPES):
        return str(value)
    raise TypeError(f"{value!r} is no attribute")


def _float(value: float) -> str:
    if value != value or value in (float("inf"), float("-inf")):
        raise TypeError(f"{value} cannot be written as an attribute")
    return repr(value)
