"""Gives each value the bits that the outputs miss most, under the budget that its formats are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np

from lstmir.ir.module import Module
from lstmir.ir.operation import Operation
from lstmir.numeric.allotment import allot
from lstmir.numeric.fixed import MAX_STORED_WIDTH, FixedType
from lstmir.numeric.functions import MAX_TABLE_WIDTH
from lstmir.passes.ranges import format_of_state
from lstmir.passes.rounded_runs import Place, run_rounded
from lstmir.passes.sensitivity import Sensitivity
from lstmir.pipeline.passes import Context, Promise, cannot, register

_LEAST = 2


@register
@dataclass(frozen=True)
class AllotWidths:
    """Moves fraction bits from values that can spare them to those that cannot.

    `assign-bitwidths` gives all inputs, all gates, all states as many bits as each other. What they
    are worth differs: a gate that is almost 1 and multiplies a state at every step has to say how
    much it is less than 1, one that is small how small; others are good with a few bits. So the
    network runs with ONE value rounded, in its format and in formats with up to `spread` bits fewer
    or more behind the point, for each value and each operand of a function. One multiplier then
    gives each its width: of all allotments that cost no more bits than there are now, elements
    counted, that with the least sum of what the outputs are measured to lose
    (`lstmir/numeric/allotment.py`). Integer bits stay. Weights and biases keep their formats.

    The record `missed` says what the outputs lose by the format of a result, `operand_missed` by
    that of a function's operand: Kullback and Leibler's divergence, in nats a sample, of a vector
    with an element a class, else the mean squared difference; on calibration data, noisy ones and
    mixtures.
    """

    name: ClassVar[str] = "allot-widths"
    summary: ClassVar[str] = "give each value the bits that the outputs miss most"
    promise: ClassVar[Promise] = Promise.MEASURED

    spread: int = field(default=4, metadata={"help": "bits that a width may change; 0: none"})

    def __post_init__(self) -> None:
        """Refuse what is no number of bits."""
        if not 0 <= self.spread < MAX_STORED_WIDTH:
            raise ValueError(f"spread must be 0 to {MAX_STORED_WIDTH - 1} bits, not {self.spread}")

    def run(self, module: Module, context: Context) -> None:
        """Raises `UserError` without formats, or without calibration data."""
        if "formats" not in module.main.attributes:
            raise cannot(self, "there are no formats: run assign-bitwidths first")
        if not self.spread:
            return
        items = [_Item(place, format_, self.spread) for place, format_ in _formats(module)]
        sensitivity = Sensitivity(self, module, context)
        losses = []
        for number, item in enumerate(items):
            context.progress(f"allot-widths: value {number + 1} of {len(items)}")
            losses.append(item.losses(module, sensitivity))
        budget = sum(item.place.elements * item.format.width for item in items)
        chosen = allot([item.costs for item in items], losses, budget)
        for item, choice, lost in zip(items, chosen, losses, strict=True):
            item.set(module, item.formats[choice], float(lost[choice]))
        _set_states(module)


@dataclass(frozen=True)
class _Item:
    """A value that is rounded, the format that it has, and by how many bits that may change."""

    place: Place
    format: FixedType
    spread: int

    @property
    def formats(self) -> list[FixedType]:
        """What it may have, with the same integer bits."""
        most = MAX_STORED_WIDTH if self.place.user is None else MAX_TABLE_WIDTH
        most, least = max(most, self.format.width), min(_LEAST, self.format.width)
        bits = range(-self.spread, self.spread + 1)
        return [
            replace(self.format, width=self.format.width + n, frac=self.format.frac + n)
            for n in bits
            if least <= self.format.width + n <= most
        ]

    @property
    def costs(self) -> np.ndarray:
        """Bits."""
        return np.array([self.place.elements * each.width for each in self.formats], np.float64)

    def losses(self, module: Module, sensitivity: Sensitivity) -> np.ndarray:
        """How far the outputs move with nothing else rounded."""
        runs = (run_rounded(module, sensitivity.samples, self.place, each) for each in self.formats)
        return np.array([sensitivity.divergence(outputs[0]) for outputs in runs])

    def set(self, module: Module, format_: FixedType, lost: float) -> None:
        """Record what was chosen."""
        value, user, main = self.place.value, self.place.user, module.main
        if user is not None:
            user.attributes |= {"operand_format": format_, "operand_missed": lost}
        elif value.op is main.region.entry:
            formats = list(main.attributes["formats"])
            formats[value.index] = format_
            main.attributes["formats"] = tuple(formats)
        else:
            value.op.attributes |= {"format": format_, "missed": lost}


def _formats(module: Module) -> Iterator[tuple[Place, FixedType]]:
    """Where something is rounded, and to what; states that are inputs have no format of their own."""
    main = module.main
    for value, format_ in zip(main.parameters, main.attributes["formats"], strict=True):
        if format_of_state(value) is None:
            yield Place(value), format_
    for op in module.walk():
        yield from _formats_at(op)


def _formats_at(op: Operation) -> Iterator[tuple[Place, FixedType]]:
    operand, result = op.attributes.get("operand_format"), op.attributes.get("format")
    if isinstance(operand, FixedType):
        yield Place(op.operands[0], op), operand
    if isinstance(result, FixedType) and op.name != "tensor.constant":
        yield Place(op.result), result


def _set_states(module: Module) -> None:
    """Give inputs that are states, and constants that they begin as, their formats again."""
    main = module.main
    main.attributes["formats"] = tuple(
        format_of_state(value) or format_
        for value, format_ in zip(main.parameters, main.attributes["formats"], strict=True)
    )
    for op in module.walk():
        found = format_of_state(op.result) if op.name == "tensor.constant" else None
        if found is not None and "format" in op.attributes:
            op.attributes["format"] = found
