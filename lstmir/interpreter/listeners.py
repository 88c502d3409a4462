"""Listeners that keep what values were while a module ran: all of it, ranges, or histograms.

Fixed-point integers are kept and reported as the real numbers that they mean.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from lstmir.interpreter.plan import Array, Listener
from lstmir.interpreter.tensor import spread
from lstmir.ir.operation import Operation, Value
from lstmir.ir.types import Type, element_of
from lstmir.numeric.arrays import to_real
from lstmir.numeric.fixed import FixedType, to_float

Range = tuple[float, float]


@dataclass(frozen=True)
class Several:
    """Listeners that listen together."""

    listeners: Sequence[Listener]

    def see(self, value: Value, array: Array) -> None:
        for listener in self.listeners:
            listener.see(value, array)


class Trace:
    """Keeps every array that some values were in ONE run of a module."""

    def __init__(self, values: Iterable[Value]) -> None:
        self._seen: dict[Value, list[np.ndarray]] = {value: [] for value in values}
        owners = {owner for value in self._seen for owner in _owners(value)}
        self._runs: Counter[Operation] = Counter(dict.fromkeys(owners, 0))

    def see(self, value: Value, array: Array) -> None:
        if value in self._seen:
            self._seen[value].append(np.array(array))
        if value.index == 0 and value.op in self._runs:
            self._runs[value.op] += 1

    def array(self, value: Value, samples: int) -> np.ndarray | None:
        """What a value was: [samples, …], with an axis for each loop that it stands in, outermost
        first. Steps are in the order of the sequence, also where a scan runs in reverse.

        None for what was never an array, such as the index of a loop.
        """
        arrays = self._seen[value]
        if not arrays:
            return None
        owners = _owners(value)
        # How often the region around each loop ran, then how often that of the value did.
        runs = [*(self._runs[owner] for owner in owners), len(arrays)]
        steps = [inner // outer for outer, inner in pairwise(runs)]
        stacked = np.stack([spread(array, samples) for array in arrays], axis=1)
        whole = stacked.reshape(samples, *steps, *stacked.shape[2:])
        backwards = tuple(k + 1 for k, owner in enumerate(owners) if _is_reverse(owner))
        return _real(np.flip(whole, backwards), value.type)


def _owners(value: Value) -> list[Operation]:
    """The operations in whose bodies a value stands, outermost first."""
    region, owners = value.op.parent, list[Operation]()
    while region.owner is not None:
        owners.insert(0, region.owner)
        region = region.owner.parent
    return owners


def _is_reverse(owner: Operation) -> bool:
    return bool(owner.attributes.get("direction") == "reverse")


def _real(array: np.ndarray, type_: Type) -> np.ndarray:
    element = element_of(type_)
    return to_real(array, element) if isinstance(element, FixedType) else array


@dataclass
class Ranges:
    """Keeps the smallest and the largest element of each value, in the order of first sight."""

    found: dict[Value, Range] = field(default_factory=dict)

    def see(self, value: Value, array: Array) -> None:
        if not array.size:
            return
        lo, hi = _ends(array, value.type)
        old_lo, old_hi = self.found.get(value, (lo, hi))
        # Unlike min and max, these let no NaN get lost.
        self.found[value] = float(np.minimum(old_lo, lo)), float(np.maximum(old_hi, hi))


def _ends(array: np.ndarray, type_: Type) -> Range:
    element, lo, hi = element_of(type_), array.min(), array.max()
    if isinstance(element, FixedType):
        return to_float(int(lo), element.frac), to_float(int(hi), element.frac)
    return float(lo), float(hi)


@dataclass
class Histograms:
    """Counts the elements of values by their magnitude; of all values, or of some.

    The count under the key e is that of elements x with 2**e <= |x| < 2**(e + 1): what a format
    needs at its two ends. That under None is of zeros. NaN and infinity are not counted.
    """

    values: frozenset[Value] | None = None
    found: dict[Value, Counter[int | None]] = field(default_factory=dict)

    def see(self, value: Value, array: Array) -> None:
        if self.values is not None and value not in self.values:
            return
        reals = np.abs(_real(array, value.type).astype(np.float64))
        counts = self.found.setdefault(value, Counter())
        counts[None] += int((reals == 0).sum())
        _, exponents = np.frexp(reals[(reals > 0) & np.isfinite(reals)])
        keys, sizes = np.unique(exponents - 1, return_counts=True)
        counts.update(dict(zip(keys.tolist(), sizes.tolist(), strict=True)))
