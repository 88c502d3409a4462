"""Forms that may be near enough to a function; only `proof` knows which are."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lstmir.numeric.carriers import IntArray, as_carrier
from lstmir.numeric.fixed import MAX_STORED_WIDTH, FixedType, narrowest
from lstmir.numeric.functions import MAX_TABLE_WIDTH, evaluate
from lstmir.numeric.lines import fit_lines, may_fit
from lstmir.numeric.preimages import integers_of, real_centres, real_values, results_behind
from lstmir.passes.activations.forms import (
    Absolute,
    Complementary,
    Form,
    Linear,
    Odd,
    Reduced,
    Rounded,
    Table,
    without_sign,
)
from lstmir.passes.activations.task import Task, fewer, ranges

FOLDS: dict[str, type[Odd] | type[Complementary]] = {
    "sigmoid": Complementary,
    "softsign": Odd,
    "tanh": Odd,
}
"""The functions whose values at negative operands follow from those at positive ones."""

_SHORT = 8
"""Bits of an operand whose magnitudes a table may have: a longer one would fill blocks of memory."""

GUARDS = range(4)
"""Bits that coefficients may have behind the last place of the result."""


def direct(task: Task) -> Form | None:
    """Operations that are the function: nothing is stored, and there is nothing to prove."""
    if task.name not in ("abs", "relu") or task.source.width > MAX_STORED_WIDTH:
        return None
    above = without_sign(task.source)
    if task.name == "relu" and (task.target.signed or task.saturates):
        return _on(task, above, Rounded(task.target))
    if task.name == "relu" or not task.source.signed:
        return Rounded(task.target)
    is_long = task.source.width > _SHORT
    return Absolute(task.target) if task.fold or task.max_error or is_long else None


def candidates(task: Task) -> Iterator[Form]:
    """Forms with tables: of each kind the one with the fewest stored bits."""
    if task.name == "abs":
        yield from _whole_table(task)
        return
    for range_ in ranges(task):
        yield from _tables(task, range_)
        index = fewer(range_, max(0, range_.width - MAX_TABLE_WIDTH))
        is_folded = task.fold and index.signed and index.width > 2
        if task.max_error:
            yield from _lines(task, index)
        if is_folded and task.name in FOLDS:
            yield from _folded(task, index)


def _whole_table(task: Task) -> Iterator[Form]:
    if task.source.width <= _SHORT:
        entries = evaluate(task.name, integers_of(task.source), task.source, task.target)
        yield Table(task.source, task.target, entries)


def _on(task: Task, index: FixedType, form: Form) -> Form:
    return form if index == task.source else Reduced(index, form)


def _tables(task: Task, range_: FixedType) -> Iterator[Form]:
    """The smallest table that is near enough: of as few of the high bits as the budget allows."""
    index = fewer(range_, max(0, range_.width - MAX_TABLE_WIDTH))
    results = results_behind(task.name, task.source, index, task.target)
    best = None
    while results.error(results.centres) <= task.max_error:
        best = results
        if results.index.width == 1:
            break
        results = results.halved()
    if best is not None:
        yield _on(task, best.index, Table(best.index, task.target, best.centres))


def _lines(task: Task, index: FixedType) -> Iterator[Form]:
    results = results_behind(task.name, task.source, index, task.target)
    wanted = real_centres(task.name, task.source, index, task.target)
    form = _longest_lines(task, index, task.target, wanted, (results.lows, results.highs))
    if form is not None:
        yield _on(task, index, form)


def _folded(task: Task, index: FixedType) -> Iterator[Form]:
    """Forms of the half of a function that is stored."""
    fold, magnitude = FOLDS[task.name], without_sign(index)
    if fold is Complementary and task.target.frac < 1:
        return  # one is no number of the format
    # What is stored is at most 1: twice the larger end of the target has room for that, or more.
    most = max(-task.target.min_int, task.target.max_int)
    roomy = FixedType(False, most.bit_length() + 1, task.target.frac)
    side = -1 if fold is Complementary else 1
    signed = FixedType(True, index.width, index.frac)
    operands = as_carrier(side * integers_of(magnitude), signed)
    entries = evaluate(task.name, operands, signed, roomy).clip(0, most)
    element = narrowest(0, int(entries.max()), roomy.frac)
    # The magnitude saturates anyway, so nothing else must, unless that costs nothing.
    is_short = task.source.width <= MAX_TABLE_WIDTH and not task.saturates
    outer = task.source if is_short and index.frac == task.source.frac else index
    yield _on(task, outer, fold(magnitude, Table(magnitude, element, entries), task.target))
    if task.max_error:
        wanted = real_values(task.name, operands, signed, element)
        lines = _longest_lines(task, magnitude, element, wanted, (entries, entries))
        if lines is not None:
            yield _on(task, outer, fold(magnitude, lines, task.target))


def _longest_lines(
    task: Task, index: FixedType, target: FixedType, wanted: np.ndarray,
    results: tuple[IntArray, IntArray],
) -> Form | None:  # fmt: skip
    """Lines of as many operands each as the budget allows, in the shortest coefficients for them.

    `results` are the least and the greatest that each operand may ask for.
    """
    if not may_fit(index, target):
        return None
    for low_bits in range(index.width - 1, 1, -1):
        for guard in GUARDS:
            lines = fit_lines(wanted, index, target, low_bits, guard)
            given = lines.values()
            if all(int(np.abs(given - end).max()) <= task.max_error for end in results):
                return Linear(lines)
    return None
