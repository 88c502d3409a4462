"""Removes what nothing uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from lstmir.ir.captures import drop_unused_captures
from lstmir.ir.module import Module
from lstmir.ir.region import Region
from lstmir.pipeline.passes import Context, Promise, register


@register
@dataclass(frozen=True)
class DeadCodeElimination:
    """Removes operations without users, captures that no body reads, and unused resources.

    No operation has side effects: what nobody uses may go, and with it, whatever only it used.
    States of a loop stay, and so does what a loop emits.

    ```mlir before
    func @main(%x: tensor<2xf32>, %k: tensor<2xf32>) -> tensor<2xf32> {
      %forgotten = arith.mul %k, %k : tensor<2xf32>
      %y = tile.for index (%i) carry (%a = %x) capture (%b = %x, %c = %forgotten) {
        %s = arith.add %a, %b : tensor<2xf32>
        %t = arith.mul %c, %c : tensor<2xf32>
        tile.yield %s : tensor<2xf32>
      } {trip = 3} : tensor<2xf32>
      return %y : tensor<2xf32>
    }
    ```
    ```mlir after
    func @main(%x: tensor<2xf32>, %k: tensor<2xf32>) -> tensor<2xf32> {
      %y = tile.for index (%i) carry (%a = %x) capture (%b = %x) {
        %s = arith.add %a, %b : tensor<2xf32>
        tile.yield %s : tensor<2xf32>
      } {trip = 3} : tensor<2xf32>
      return %y : tensor<2xf32>
    }
    ```
    """

    name: ClassVar[str] = "dce"
    summary: ClassVar[str] = "remove what nothing uses"
    promise: ClassVar[Promise] = Promise.EXACT

    def run(self, module: Module, context: Context) -> None:
        """Cleans every function; the parameters of functions stay."""
        for function in module.functions.values():
            remove_dead(function.region)
        module.drop_unused_resources()


def remove_dead(region: Region) -> None:
    """Remove what no value that leaves the region depends on.

    Users stand behind what they use: seen from the end, every operation is judged after them.
    """
    for op in reversed(region.operations()):
        if op is region.terminator:
            continue
        if not region.is_used(op):
            region.erase(op)
            continue
        for inner in op.regions:
            remove_dead(inner)
            drop_unused_captures(op)
