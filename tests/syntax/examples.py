"""The examples of the operation table as whole modules."""

from __future__ import annotations

import re
from math import prod

from lstmir import dialects
from lstmir.ir.definition import DEFINITIONS, OpDefinition
from lstmir.ir.types import TensorType, storage_dtype
from lstmir.syntax.type_syntax import parse_type

dialects.load()

# Terminators and what only stands beside one stand where they belong.
_AROUND = {
    "return": "module @m {{ {} }}",
    "rnn.yield": (
        "module @m {{ func @main(%x: tensor<?x4xf32>, %h: tensor<4xf32>) {{\n"
        "%y, %s = rnn.scan (%xt = %x) state (%ht = %h) {{ {} }} : (tensor<?x4xf32>, tensor<4xf32>) -> "
        "(tensor<?x4xf32>, tensor<4xf32>)\nreturn : () -> () }} }}"
    ),
    "tile.yield": (
        "module @m {{ func @main(%x: tensor<4xf32>) {{\n"
        "%y = tile.for index (%i) carry (%b = %x) {{ {} }} {{trip = 2}} : tensor<4xf32>\n"
        "return : () -> () }} }}"
    ),
    "rtl.next": (
        "module @m {{ func @main(%y: !fx.u<4,0>, %d: !fx.u<4,0>) {{\n"
        "%q = rtl.reg {{init = 0}} : !fx.u<4,0>\n{} }} }}"
    ),
    "rtl.write": (
        "module @m {{ func @main(%a: !fx.u<4,0>, %w: !fx.s<8,7>, %e: i1) {{\n"
        "%m = rtl.ram : tensor<16x!fx.s<8,7>>\n{} rtl.next update (%m = %n) : tensor<16x!fx.s<8,7>> }} }}"
    ),
    "rtl.reg": "module @m {{ func @main() {{ {} rtl.next update (%q = %q) : !fx.u<4,0> }} }}",
    "rtl.ram": "module @m {{ func @main() {{ {} rtl.next update (%m = %m) : tensor<16x!fx.s<8,7>> }} }}",
}

_TYPE = re.compile(r"tensor<(?:[^<>]|<[^<>]*>)*>|!fx\.[su]<[^<>]*>|\b[fi]\d+\b")
_GROUP = re.compile(r"(\w*) \(([^)]*)\)")


def with_examples() -> list[OpDefinition]:
    """Every operation of the table: each has an example."""
    return list(DEFINITIONS.values())


def example_module(definition: OpDefinition) -> str:
    """A module with the example of an operation; what it uses are parameters of the function."""
    if definition.name in _AROUND:
        return _AROUND[definition.name].format(definition.example)
    types = _operand_types(definition)
    # Only constants have encodings.
    constants = {name: type_ for name, type_ in types.items() if "#" in type_}
    parameters = ", ".join(f"%{n}: {t}" for n, t in types.items() if n not in constants)
    lines = [f"%{name} = tensor.constant @{name} : {t}" for name, t in constants.items()]
    body = "\n".join([*lines, definition.example, "return : () -> ()"])
    resources = {name: _zeros(t) for name, t in (constants | _resource(definition)).items()}
    return f"module @m {{ func @main({parameters}) {{\n{body} }} }}\n{_section(resources)}"


def _operand_types(definition: OpDefinition) -> dict[str, str]:
    """The names that an example uses, and the types that its signature gives them."""
    names = _operand_names(definition)
    operands, arrow, _ = _signature(definition).partition("->")
    types = _TYPE.findall(operands)
    if not arrow:
        types *= len(names)
    return dict(zip(names, types, strict=True))


def _operand_names(definition: OpDefinition) -> list[str]:
    header = re.split(r" [{:]", definition.example)[0].rpartition(f"{definition.name} ")[2]
    if definition.groups:
        kinds = {group.keyword: group.kind for group in definition.groups}
        held = [(kinds[keyword], items) for keyword, items in _GROUP.findall(f" {header}")]
        assert all(kind in ("list", "binds", "defines") for kind, _ in held)
        header = ", ".join(items for kind, items in held if kind != "defines")
    return re.findall(r"%(\w+)\b(?! =)", header)


def _signature(definition: OpDefinition) -> str:
    return definition.example.rpartition(" : ")[2]


def _resource(definition: OpDefinition) -> dict[str, str]:
    """The resource that an example names, and its type."""
    return {name: _signature(definition) for name in re.findall(r"@(\w+)", definition.example)}


def _zeros(text: str) -> str:
    """A zero constant of a type as the resource section has it."""
    type_ = parse_type(text)
    assert isinstance(type_, TensorType)
    return f'"0x{"00" * prod(type_.static_shape) * storage_dtype(type_.element).itemsize}"'


def _section(resources: dict[str, str]) -> str:
    entries = ", ".join(f"{name}: {digits}" for name, digits in resources.items())
    return f"{{-# resources: {{ {entries} }} #-}}" if entries else ""
