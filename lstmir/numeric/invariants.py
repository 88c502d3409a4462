"""Invariants of loops: boxes that states never leave, whatever the number of steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from lstmir.numeric.boxes import Box, FloatArray, anything

States = Sequence[Box]
Step = Callable[[States], States]
"""What holds the states one step on."""

_SCALES = (1.0, 64.0, 4096.0)
_NARROWINGS = 12
_BEYOND = 2.0**-42
"""How far, relatively, a guess goes beyond the solution, so that rounding does not spoil it."""
_SLACK = 2.0**-20
"""How far, relatively, an end that nearly holds is moved."""
_DIGITS = 2.0**12
_GUESSES = 4
"""As often, ends that don't hold are given up one by one; then whole states are."""


def invariant(step: Step, initial: States) -> list[Box]:
    """Boxes with the initial states in them that `step` leads back into themselves.

    From above: what holds of a step from ANY state comes first, then the ends that are still
    infinite are solved for, and last, as the states are known to be in smaller boxes, so are those
    behind a step. How a box was found does not matter: what is given was checked to be inductive,
    in outward rounding. An end for which that failed is infinite.
    """
    held = _narrowed(step, [anything(box.shape) for box in initial], initial)
    for scale in _SCALES:
        if all(map(_is_bounded, held)):
            break
        for guess in _guesses(step, held, initial, scale):
            # What two invariants have in common is one, too.
            held = _met(held, inductive(step, guess, initial))
    held = inductive(step, _narrowed(step, held, initial), initial)
    return _met(held, inductive(step, [_plain(box) for box in held], initial))


def inductive(step: Step, guess: States, initial: States) -> list[Box]:
    """The guess, with ends moved out or given up until a step from inside it stays inside."""
    held = _hulls(guess, initial)
    for attempt in range(_GUESSES + 2 * len(held) + 1):
        after = step(held)
        if all(a.within(b) for a, b in zip(after, held, strict=True)):
            return held
        held = [_given_up(a, b, attempt) for a, b in zip(after, held, strict=True)]
    return [anything(box.shape) for box in held]


def _given_up(after: Box, held: Box, attempt: int) -> Box:
    """The box without the ends that a step passed: at first those may move a little instead."""
    low, high = after.lo < held.lo, after.hi > held.hi
    if attempt >= _GUESSES:
        low, high = np.full_like(low, low.any()), np.full_like(high, high.any())
    room = _SLACK * held.magnitude
    near_low = (attempt == 0) & (after.lo >= held.lo - room)
    near_high = (attempt == 0) & (after.hi <= held.hi + room)
    lo = np.where(near_low, held.lo - 2 * room, -np.inf)
    hi = np.where(near_high, held.hi + 2 * room, np.inf)
    return Box(np.where(low, lo, held.lo), np.where(high, hi, held.hi))


def _guesses(step: Step, held: States, initial: States, scale: float) -> list[list[Box]]:
    """What might hold the states, from two steps of infinite ends that are made finite.

    An end behind a step is a straight line in the end before it where f * c + n is computed; where
    that line meets the diagonal, the state stays. Units that depend on each other have the
    farthest of these points in common.
    """
    near, far = (_cut(held, initial, size) for size in (scale, 2 * scale))
    apart, together = list[Box](), list[Box]()
    for box, one, two in zip(held, step(near), step(far), strict=True):
        lo, hi = -_solved(-one.lo, -two.lo, scale), _solved(one.hi, two.hi, scale)
        apart.append(_filled_in(box, lo, hi))
        farthest = np.asarray(lo.min(initial=0.0)), np.asarray(hi.max(initial=0.0))
        together.append(_filled_in(box, *farthest))
    return [near, apart, together]


def _solved(one: FloatArray, two: FloatArray, scale: float) -> FloatArray:
    """Where the line through (scale, one) and (2 scale, two) meets the diagonal, if it does."""
    with np.errstate(all="ignore"):
        slope = (two - one) / scale
        meets = (one - slope * scale) / (1.0 - slope)
        meets = np.maximum(meets, 0.0) * (1.0 + _BEYOND) + np.finfo(np.float64).tiny
    return np.where((slope < 1.0) & np.isfinite(meets), meets, np.inf)


def _cut(held: States, initial: States, size: float) -> list[Box]:
    """The boxes with `size` for infinite ends."""
    return _hulls([_filled_in(box, np.array(-size), np.array(size)) for box in held], initial)


def _filled_in(held: Box, lo: FloatArray, hi: FloatArray) -> Box:
    """The box with other ends for infinite ones."""
    lo, hi = np.where(np.isinf(held.lo), lo, held.lo), np.where(np.isinf(held.hi), hi, held.hi)
    return Box(np.minimum(lo, hi), np.maximum(lo, hi))


def _plain(box: Box) -> Box:
    """The box with ends of few digits: where the solution has few, that is the solution itself."""
    lo, hi = (_rounded(end) for end in (box.lo, box.hi))
    return Box(np.minimum(lo, hi), np.maximum(lo, hi))


def _rounded(end: FloatArray) -> FloatArray:
    """The ends, and numbers of few binary digits for those that are as near to one as guesses are."""
    digits, exponent = np.frexp(np.where(np.isinf(end), 0.0, end))
    few = np.ldexp(np.rint(digits * _DIGITS), exponent) / _DIGITS
    with np.errstate(invalid="ignore"):
        near = np.abs(end - few) <= 2 * _SLACK * np.abs(end)
    return np.where(near & np.isfinite(end), few, end)


def _narrowed(step: Step, held: States, initial: States) -> list[Box]:
    """What holds after steps from all that was known to hold, until little changes."""
    held = list(held)
    for _ in range(_NARROWINGS):
        narrower = _met(held, _hulls(step(held), initial))
        if not any(_is_narrower(new, old) for new, old in zip(narrower, held, strict=True)):
            return narrower
        held = narrower
    return held


def _is_narrower(new: Box, old: Box) -> bool:
    """Whether an end moved by a hundredth of the box, or became finite."""
    if np.any(np.isinf(old.lo) != np.isinf(new.lo)) or np.any(np.isinf(old.hi) != np.isinf(new.hi)):
        return True
    with np.errstate(invalid="ignore"):
        moved = np.maximum(new.lo - old.lo, old.hi - new.hi)
    return bool(np.any(moved > old.magnitude / 100))


def _is_bounded(box: Box) -> bool:
    return bool(np.all(np.isfinite(box.magnitude)))


def _met(some: States, others: States) -> list[Box]:
    return [a.meet(b) for a, b in zip(some, others, strict=True)]


def _hulls(some: States, others: States) -> list[Box]:
    return [a.hull(b) for a, b in zip(some, others, strict=True)]
