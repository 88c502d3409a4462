"""Prints modules. Printing what was parsed from a printed text gives the same text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from lstmir.ir.definition import DEFINITIONS, Group, OpDefinition
from lstmir.ir.garbage import collection_paused
from lstmir.ir.module import Function, Module, used_resources
from lstmir.ir.naming import names_in
from lstmir.ir.operands import segments_of
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import Type
from lstmir.syntax.attributes import print_attribute, print_attributes

if TYPE_CHECKING:
    import numpy as np

INLINE, ELIDE = "inline", "elide"

_INDENT = "  "


def print_module(module: Module, *, generic: bool = False, resources: str = INLINE) -> str:
    """The text of a module, in its pretty or its generic form.

    `resources` is "inline", "elide" (they are left out: the text cannot be read back), or the name
    of the archive that has them.
    """
    with collection_paused():
        return _print(module, _Printer(generic), resources)


def print_operation(op: Operation) -> str:
    """One operation as it would stand in its function's text, without its region."""
    printer = _Printer(generic=False)
    printer.name_region(op.parent)
    return printer.header(op, op.operands)


def _print(module: Module, printer: _Printer, resources: str) -> str:
    printer.line(f"module @{module.name}{_attributes_clause(module)} {{")
    for function in module.functions.values():
        printer.function(function)
    printer.line("}")
    if resources == INLINE:
        printer.inline(module)
    elif resources != ELIDE:
        printer.line(f"{{-# resources: {json.dumps(resources)} #-}}")
    return "\n".join(printer.lines) + "\n"


class _Printer:
    def __init__(self, generic: bool) -> None:
        self.generic = generic
        self.lines: list[str] = []
        self.indent = ""
        self.names: dict[Value, str] = {}
        self.signatures: dict[tuple[int, ...], str] = {}

    def line(self, text: str) -> None:
        self.lines.append(self.indent + text)

    def function(self, function: Function) -> None:
        self.indent += _INDENT
        self.names = {}
        order = self.name_region(function.region)
        parameters = self.parameters(function.region)
        results = _type_list(function.result_types)
        attributes = _attributes_clause(function)
        self.line(f"func @{function.name}({parameters}) -> {results}{attributes} {{")
        self.operations(order)
        self.line("}")
        self.indent = self.indent.removesuffix(_INDENT)

    def parameters(self, region: Region) -> str:
        return ", ".join(f"%{self.names[value]}: {value.type}" for value in region.arguments)

    def name_region(self, region: Region) -> list[Operation]:
        """Name the values of a region; gives its operations in the order of the text."""
        order = region.operations()
        names = names_in(region, order)
        if self.names:
            self.names.update(names)
        else:  # a whole function: they may be many, and need not be copied
            self.names = names
        return order

    def operations(self, order: Iterable[Operation]) -> None:
        self.indent += _INDENT
        for op in order:
            self.operation(op)
        self.indent = self.indent.removesuffix(_INDENT)

    def operation(self, op: Operation) -> None:
        operands = op.operands
        if not op.regions:
            self.line(self.header(op, operands) + self.trailer(op, operands))
            return
        region = op.regions[0]
        order = self.name_region(region)
        opening = f"({{ ^({self.parameters(region)}):" if self.generic else "{"
        self.line(f"{self.header(op, operands)} {opening}")
        self.operations(order)
        self.line(f"}}{')' if self.generic else ''}{self.trailer(op, operands)}")

    def header(self, op: Operation, operands: Sequence[Value]) -> str:
        results = self.values(op.results)
        equals = f"{results} = " if results else ""
        definition = DEFINITIONS.get(op.name)
        if self.generic or definition is None:
            return f'{equals}"{op.name}"({self.values(operands)})'
        resource = f" @{op.attributes['resource']}" if "resource" in op.attributes else ""
        if definition.operand_groups:
            parts = "".join(f" {part}" for part in self.groups(definition, op, operands))
            return f"{equals}{op.name}{resource}{parts}"
        values = f" {self.values(operands)}" if operands else ""
        return f"{equals}{op.name}{resource}{values}"

    def groups(
        self, definition: OpDefinition, op: Operation, operands: Sequence[Value]
    ) -> Iterator[str]:
        segments = iter(segments_of(op))
        arguments = self.argument_names(op)
        for group in definition.groups:
            if group.kind == "defines":
                count = len(op.regions[0].arguments) - len(operands)
                items = [next(arguments) for _ in range(count)]
            else:
                inside = [operands[index] for index in next(segments)]
                items = self.group_items(group, inside, arguments)
            if items:
                yield f"{group.keyword} ({', '.join(items)})".lstrip()

    def argument_names(self, op: Operation) -> Iterator[str]:
        for region in op.regions:
            for argument in region.arguments:
                yield f"%{self.names.get(argument, '')}"

    def group_items(
        self, group: Group, operands: Sequence[Value], arguments: Iterator[str]
    ) -> list[str]:
        names = [f"%{self.names[value]}" for value in operands]
        if group.kind == "binds":
            return [f"{next(arguments)} = {name}" for name in names]
        if group.kind == "pairs":
            return [f"{a} = {b}" for a, b in zip(names[::2], names[1::2], strict=True)]
        return names

    def trailer(self, op: Operation, operands: Sequence[Value]) -> str:
        hidden = () if self.generic else ("resource", "segments")
        return f"{print_attributes(op, hidden)} : {self.signature(op, operands)}"

    def signature(self, op: Operation, operands: Sequence[Value]) -> str:
        """The types behind the colon. They are told apart by identity, to print each once."""
        types = [producer.result_types[index] for producer, index in operands]
        key = (len(types), *map(id, types), *map(id, op.result_types))
        text = self.signatures.get(key)
        if text is None:
            text = self.signatures[key] = _signature(types, op.result_types)
        return text

    def values(self, values: Iterable[Value]) -> str:
        return ", ".join([f"%{self.names[value]}" for value in values])

    def inline(self, module: Module) -> None:
        used = used_resources(module)
        if not used:
            return
        self.line("{-# resources: {")
        entries = [f'{_INDENT}{name}: "{_hex(module.resources[name])}"' for name in used]
        self.line(",\n".join(entries))
        self.line("} #-}")


def _hex(array: np.ndarray) -> str:
    import numpy as np

    return "0x" + np.ascontiguousarray(array).tobytes().hex()


def _attributes_clause(owner: Module | Function) -> str:
    return f" attributes {print_attribute(owner.attributes)}" if owner.attributes else ""


def _signature(operands: Sequence[Type], results: Sequence[Type]) -> str:
    every = [*operands, *results]
    if every and all(type_ == every[0] for type_ in every):
        return str(every[0])
    return f"({', '.join(map(str, operands))}) -> {_type_list(results)}"


def _type_list(types: Sequence[Type]) -> str:
    return str(types[0]) if len(types) == 1 else f"({', '.join(map(str, types))})"
