"""Runs level 5: a clocked design, cycle by cycle or from one stream of beats to another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lstmir.interpreter.rtl_design import memory_type, read_design, signal_type
from lstmir.interpreter.rtl_rules import padded
from lstmir.interpreter.rtl_source import has_streams, source_of
from lstmir.ir.diagnostics import UserError
from lstmir.ir.module import Module
from lstmir.ir.types import Type
from lstmir.numeric.fixed import FixedType

Stall = Callable[[int], bool]
"""Whether a stream may move in a cycle, counted from 1."""

Probe = Callable[[bool, Sequence[int], Sequence[int], Sequence[int]], None]
"""Looks at a cycle: whether reset is high, then registers, inputs and outputs in the design's order,
settled as they are just before the clock ticks. Truth values may come as bool.
"""


class Stalled(Exception):
    """A design stopped moving, or took too long, before its last beat came out."""


@dataclass(frozen=True)
class StreamResult:
    """What went through a design. Cycle 1 is the first clock after reset."""

    beats_out: list[tuple[int, int, int]]
    """Data, last and user of each output beat, as the natural numbers on the wires."""
    beats_in: int
    """How many input beats the design took."""
    cycles_total: int
    """The cycle in which the last output beat was transferred."""
    packet_cycles: list[int]
    """The cycle of the last beat of each output packet."""


class Clocked:
    """The main function of a level-5 module as a machine with a state.

    Registers and memories start at zero, then `reset` is applied. A probe sees every cycle. Raises
    `UserError` if the function is no clocked design.
    """

    def __init__(self, module: Module, probe: Probe | None = None) -> None:
        self.design = read_design(module.main)
        self.probe = probe
        self._constants = [
            _filled_up(module.resources[rom.op.attributes["resource"]].tolist())
            for rom in self.design.roms
        ]
        self.power_up()
        self.reset()

    @cached_property
    def source(self) -> str:
        """The Python source that simulates the design."""
        return source_of(self.design, probed=self.probe is not None)

    @cached_property
    def _functions(self) -> dict[str, Any]:
        functions: dict[str, Any] = {}
        exec(compile(self.source, f"<design {self.design.name}>", "exec"), functions)
        return functions

    def power_up(self) -> None:
        """Clear all registers and memories."""
        self._state = [0] * len(self.design.registers)
        self._memories = [_filled_up([0] * memory_type(ram)[0]) for ram in self.design.rams]
        self._memories += self._constants

    def reset(self) -> None:
        """Set each register that has an initial value to it; leave the others, and memories."""
        for index, register in enumerate(self.design.registers):
            self._state[index] = register.op.attributes.get("init", self._state[index])

    def step(self, inputs: Mapping[str, int], reset: bool = False) -> dict[str, int]:
        """The outputs of this cycle; then the clock ticks, with the reset line high if `reset`.

        Inputs and outputs are the integers behind the values of all ports. Raises ValueError for a
        port that is missing or unknown, or an integer that its type does not have.
        """
        if set(inputs) != set(self.design.inputs):
            expected = ", ".join(self.design.inputs)
            raise ValueError(f"the inputs are {expected}, not {', '.join(inputs)}")
        arguments = [
            _checked(name, int(inputs[name]), value.type)
            for name, value in self.design.inputs.items()
        ]
        registers = list(self._state)
        outputs = self._functions["cycle"](self._state, self._memories, reset, *arguments)
        if self.probe is not None:
            self.probe(reset, registers, arguments, outputs)
        return dict(zip(self.design.outputs, map(int, outputs), strict=True))

    def run_streams(
        self,
        beats: Sequence[tuple[int, bool]],
        expected_beats: int,
        *,
        max_cycles: int = 1 << 62,
        stall_cycles: int = 10_000,
        valid: Stall | None = None,
        ready: Stall | None = None,
    ) -> StreamResult:
        """Reset, offer beats (data as the natural number on the wires, last) and collect others.

        `valid` and `ready` say in which cycles a beat may be offered, and one is accepted. While
        none is offered, data and last are zero. Raises `Stalled` if nothing moves for
        `stall_cycles`, or `max_cycles` pass; `UserError` if the ports are not those of two streams.
        """
        if not has_streams(self.design):
            raise UserError(f"@{self.design.name} has other ports than one stream in and one out")
        self.reset()
        data_type = signal_type(self.design.inputs["s_axis_tdata"].type)
        offered = [(_from_wires(data, data_type), int(last)) for data, last in beats]
        limits = expected_beats, max_cycles, stall_cycles
        beats_out, taken, cycles, packet_cycles = self._functions["run"](
            self._state, self._memories, offered, *limits, valid, ready, self.probe
        )
        if len(beats_out) < expected_beats:
            raise Stalled(
                f"stopped in cycle {cycles}: {taken} of {len(beats)} beats went in, "
                f"{len(beats_out)} of {expected_beats} came out"
            )
        wires = (1 << signal_type(self.design.outputs["m_axis_tdata"].type).width) - 1
        collected = [(data & wires, int(last), int(user)) for data, last, user in beats_out]
        return StreamResult(collected, taken, cycles, packet_cycles)


def _filled_up(words: list[int]) -> list[int]:
    return words + [0] * (padded(len(words)) - len(words))


def _checked(name: str, integer: int, type_: Type) -> int:
    if not signal_type(type_).contains_int(integer, integer):
        raise ValueError(f"the input {name} is {type_}, which has no integer {integer}")
    return integer


def _from_wires(wires: int, type_: FixedType) -> int:
    if wires >> type_.width:
        raise ValueError(f"the data {wires:#x} do not fit {type_.width} wires")
    return wires - (wires > type_.max_int) * (1 << type_.width)
