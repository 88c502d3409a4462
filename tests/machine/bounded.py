"""Machines for sequences of any length up to a longest one, which the golden model does not know."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from lstmir.ir.interface import Port, ports, set_ports
from lstmir.ir.module import Module
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module
from tests.machine.machines import REFUSED, Machine, Packet
from tests.passes.levels import apply


@dataclass(frozen=True)
class Bounded(Machine):
    """A network that takes any length; its machine has room for `longest` steps."""

    longest: int = 5

    def bounded(self) -> Module:
        """Level 3 with a known longest sequence."""
        text = print_module(self.recipe.fixed_point(self.network))
        module = parse_module(text.replace("tensor<?x", f"tensor<{self.longest}x"))
        every = [*ports(module, "input"), *ports(module, "output")]
        set_ports(module, [self.bounded_port(port) for port in every])
        return module

    def bounded_port(self, port: Port) -> Port:
        """A port with as many steps."""
        if port.time is None:
            return port
        shape = list(port.shape)
        shape[port.time] = self.longest
        return replace(port, shape=tuple(shape))

    @cached_property
    def level_4(self) -> Module:
        """Tiled, packed and scheduled."""
        return apply(self.bounded(), self.pipeline.removesuffix(",lower-to-rtl"))

    @cached_property
    def level_5(self) -> Module:
        """Registers and logic."""
        return apply(self.bounded(), self.pipeline)

    def too_long(self, extra: int, seed: int) -> Packet:
        """A packet with so many beats more than the machine has room for."""
        beats = self.packet(self.longest + extra, seed).beats
        beats = beats[: self.longest * self.network.features + extra]
        return Packet([*((data, False) for data, _ in beats[:-1]), (beats[-1][0], True)], [REFUSED])
