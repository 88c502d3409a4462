"""What one inference does: cycles, multiplications and words of memory, counted from the schedule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from math import prod
from typing import Any

from lstmir.flow.sizing.choose import cycles
from lstmir.interpreter.streams import beat_width
from lstmir.ir.module import Module
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import element_of, shape_of
from lstmir.numeric.fixed import FixedType
from lstmir.passes.machine.program import Program
from lstmir.passes.machine.timing import Timing
from lstmir.targets.energy.constants import Constants


@dataclass(frozen=True)
class Work:
    """Of one inference: a sequence of `steps`, from its first beat to the last beat of its result.

    The next one may begin `interval` cycles after it. `multiplications` are those that are executed,
    padding included; of these, `narrow` have factors that the family's constants call narrow. A word
    has `word_bits`. `dram_bits` are what comes from outside but the input and the result.
    """

    steps: int
    cycles: int
    interval: float
    multiplications: int
    narrow: int
    words: int
    word_bits: int
    dram_bits: int = 0

    def attribute(self) -> dict[str, Any]:
        """As a part of the summary."""
        return asdict(self)


def count_work(
    module: Module,
    program: Program,
    timing: Timing,
    steps: int,
    constants: Constants,
    dram_bits: int = 0,
) -> Work:
    """Of a scheduled module of level 4, for a sequence of so many steps.

    Words are those of every memory, whatever the synthesis makes of it, and of both streams.
    """
    assert constants.word_bits is not None
    latency, interval = cycles(timing, program.words_in, steps)
    streamed = _streamed(program, steps)
    words = sum(count * _words(width, constants.word_bits) for count, width in streamed)
    products = narrow = 0
    for op, times in _executed(module.main.region, 1, steps):
        words += times * _accessed(op, constants.word_bits)
        done = times * _products(op)
        products += done
        narrow += done * (_widest_factor(op) <= constants.narrow_bits) if done else 0
    return Work(
        steps, latency, interval, products, narrow, words, constants.word_bits, dram_bits
    )  # fmt: skip


def stream_bits(program: Program, steps: int) -> int:
    """Bits on the wires of both streams: what comes from a memory outside, and goes there, where the
    states travel. Words are extended and steps filled up, and so they lie in that memory.
    """
    coming = steps * program.beats_in * beat_width(*program.input_types)
    results = steps if program.result.every_step else 1
    going = results * program.beats_out * beat_width(*program.result_types)
    return program.lanes * (coming + going)


def _streamed(program: Program, steps: int) -> Iterator[tuple[int, int]]:
    """Elements, and the bits of each, that come in and leave."""
    for number in program.inputs:
        memory = program.memories[number]
        yield steps * memory.size, memory.type.width
    for part in program.result.parts:
        times = steps if program.result.every_step else 1
        yield part.sent * times, program.part_type(part).width


def _executed(region: Region, times: int, steps: int) -> Iterator[tuple[Operation, int]]:
    """Every operation that is in no loop's way, and how often it runs.

    What is loaded for the iterations of an inner loop counts in each of them: the machine reads it anew.
    """
    inner = [op for op in region.operations() if op.name == "tile.for"]
    again = sum(op.attributes["trip"] for op in inner) or 1
    for op in region.operations():
        if op.name == "rnn.scan":
            yield from _executed(op.regions[0], times * steps, steps)
        elif op.name == "tile.for":
            yield from _executed(op.regions[0], times * op.attributes["trip"], steps)
        else:
            yield op, times * (again if op.name == "tile.load" else 1)


def _accessed(op: Operation, word_bits: int) -> int:
    """Words that an operation reads or writes. Sums stand in registers, which take no time to read."""
    if op.name in ("tile.load", "fx.lookup") and op.attributes.get("latency") != 0:
        return _words(_bits(op.result), word_bits)
    if op.name == "tile.store":
        return _words(_bits(op.operands[1]), word_bits)
    return 0


def _products(op: Operation) -> int:
    if op.name == "tile.mac":
        return _size(op.operands[1])
    return _size(op.result) if op.name == "arith.mul" else 0


def _widest_factor(op: Operation) -> int:
    factors = op.operands[1:] if op.name == "tile.mac" else op.operands
    return max(_width(value) for value in factors)


def _words(bits: int, word_bits: int) -> int:
    return -(-bits // word_bits)


def _bits(value: Value) -> int:
    return _size(value) * _width(value)


def _width(value: Value) -> int:
    element = element_of(value.type)
    assert isinstance(element, FixedType)
    return element.width


def _size(value: Value) -> int:
    return prod(size or 0 for size in shape_of(value.type))
