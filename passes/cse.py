"""Computes nothing twice."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import ClassVar

from lstmir.ir.captures import captures_of
from lstmir.ir.equality import attributes_key, region_key
from lstmir.ir.module import Module
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.pipeline.passes import Context, Promise, register

# Two registers of equal description are still two registers.
_STATES = frozenset({"rtl.reg", "rtl.ram"})


@register
@dataclass(frozen=True)
class CommonSubexpressionElimination:
    """Of operations that compute the same from the same operands, only the first stays.

    They must agree in result types and in every attribute, records of other passes included; with
    regions, in their bodies too. Registers and memories are never merged. A body that captures a
    value twice reads one of the captures.

    ```mlir before
    func @main(%x: f32, %y: f32) -> f32 {
      %a = arith.mul %x, %y : f32
      %b = arith.mul %x, %y : f32
      %c = arith.mul %y, %x : f32
      %z = arith.add %a, %b, %c : f32
      return %z : f32
    }
    ```
    ```mlir after
    func @main(%x: f32, %y: f32) -> f32 {
      %a = arith.mul %x, %y : f32
      %c = arith.mul %y, %x : f32
      %z = arith.add %a, %a, %c : f32
      return %z : f32
    }
    ```
    """

    name: ClassVar[str] = "cse"
    summary: ClassVar[str] = "compute nothing twice"
    promise: ClassVar[Promise] = Promise.EXACT

    def run(self, module: Module, context: Context) -> None:
        """Merges within each region; a value does not leave its region for it."""
        for function in module.functions.values():
            _merge(function.region)


def _merge(region: Region) -> None:
    first: dict[Hashable, Operation] = {}
    for op in region.operations():
        for inner in op.regions:
            _share_captures(op)
            _merge(inner)
        if op is region.terminator or op.name in _STATES:
            continue
        same = first.setdefault(_key(op), op)
        if same is not op:
            region.replace(op, same.results)


def _key(op: Operation) -> Hashable:
    plain = op.name, op.operands, *op.result_types
    if not op.attributes and not op.regions:
        return plain
    return plain, attributes_key(op.attributes), tuple(map(region_key, op.regions))


def _share_captures(owner: Operation) -> None:
    inside: dict[Value, Value] = {}
    for argument, outer in captures_of(owner):
        same = inside.setdefault(outer, argument)
        if same != argument:
            owner.regions[0].replace_uses(argument, same)
