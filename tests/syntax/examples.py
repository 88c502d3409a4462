"""The examples of the operation table as whole modules."""

from __future__ import annotations

from math import prod

from lstmir import dialects
from lstmir.ir.definition import DEFINITIONS, OpDefinition, definition_of
from lstmir.ir.diagnostics import Source
from lstmir.ir.types import TensorType, storage_dtype
from lstmir.syntax.groups import operand_names
from lstmir.syntax.parser import parse_syntax

dialects.load()

# Terminators stand where they belong.
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


def with_examples() -> list[OpDefinition]:
    """The operations that have an example."""
    return [definition for definition in DEFINITIONS.values() if definition.example]


def example_module(definition: OpDefinition) -> str:
    """A module with the example of an operation; what it uses are parameters of the function."""
    if definition.name in _AROUND:
        return _AROUND[definition.name].format(definition.example)
    source = Source(
        definition.name, f"module @m {{ func @f() {{ {definition.example} return : () -> () }} }}"
    )
    syntax = parse_syntax(source).functions[0].operations[0]
    names = [name.text for name in operand_names(definition_of(syntax.name), syntax)]
    same = syntax.signature.same
    types = syntax.signature.operands if same is None else (same,) * len(names)
    parameters = ", ".join(f"%{n}: {t}" for n, t in dict(zip(names, types, strict=True)).items())
    text = (
        f"module @m {{ func @main({parameters}) {{\n{definition.example}\nreturn : () -> () }} }}"
    )
    if syntax.symbol is None:
        return text
    type_ = syntax.signature.same
    assert isinstance(type_, TensorType)
    size = prod(type_.static_shape) * storage_dtype(type_.element).itemsize
    return f'{text}\n{{-# resources: {{ {syntax.symbol.text}: "0x{"00" * size}" }} #-}}'
