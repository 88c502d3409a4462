"""What is to be replaced, and to which bits its operand may come down."""

from __future__ import annotations

from dataclasses import dataclass

from lstmir.numeric.carriers import as_carrier
from lstmir.numeric.fixed import FixedType
from lstmir.numeric.functions import MAX_TABLE_WIDTH, domain, evaluate
from lstmir.passes.activations.forms import without_sign


@dataclass(frozen=True)
class Task:
    """A function between two formats, and what a form of it may do.

    `max_error` is in last places of the target. With `fold`, operations may save stored bits.
    `saturates` says that the operand comes from a saturation, which may be a narrower one.
    """

    name: str
    source: FixedType
    target: FixedType
    max_error: int = 0
    fold: bool = False
    saturates: bool = False

    @property
    def label(self) -> str:
        """A name for what belongs to it, such as tanh_s8_5_s8_7."""
        return f"{self.name}_{_label(self.source)}_{_label(self.target)}"

    @property
    def defined(self) -> FixedType:
        """The source, without a sign where the function has no negative operands."""
        cut = domain(self.name, self.source)[0] > self.source.min_int
        return without_sign(self.source) if cut else self.source


def _label(type_: FixedType) -> str:
    frac = f"m{-type_.frac}" if type_.frac < 0 else str(type_.frac)
    return f"{'s' if type_.signed else 'u'}{type_.width}_{frac}"


def ranges(task: Task) -> list[FixedType]:
    """Formats of the operand's fraction bits to which it may saturate."""
    found = [task.defined]
    costs_nothing = task.saturates or task.max_error or task.fold
    if costs_nothing or task.source.width > MAX_TABLE_WIDTH:
        found += [flat_range(task, budget) for budget in sorted({0, task.max_error})]
    return list(dict.fromkeys(found))


def flat_range(task: Task, budget: int) -> FixedType:
    """The narrowest range outside of which the function stays within a budget of its values there."""
    whole = task.defined
    narrower = [FixedType(whole.signed, width, whole.frac) for width in range(1, whole.width)]
    if whole.signed:
        narrower += [FixedType(False, width, whole.frac) for width in range(1, whole.width)]
    fitting = (range_ for range_ in sorted(narrower, key=lambda t: t.width)
               if _is_flat_outside(task, range_, budget))  # fmt: skip
    return next(fitting, whole)


def _is_flat_outside(task: Task, range_: FixedType, budget: int) -> bool:
    whole = task.defined
    ends = [whole.min_int, range_.min_int, range_.max_int, whole.max_int]
    results = evaluate(task.name, as_carrier(ends, whole), whole, task.target)
    below, least, greatest, above = map(int, results)
    return max(least - below, above - greatest) <= budget


def fewer(type_: FixedType, dropped: int) -> FixedType:
    """A format without its lowest bits."""
    return FixedType(type_.signed, type_.width - dropped, type_.frac - dropped)
