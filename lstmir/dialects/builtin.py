"""`builtin`: what every module needs."""

from __future__ import annotations

from lstmir.ir.definition import OpDefinition, define

RETURN = define(
    OpDefinition(
        "return",
        "The end of a function: gives its results.",
        operands=("values*",),
        terminator=True,
        example="func @main(%x: f32) -> f32 {\n  return %x : f32\n}",
    )
)
