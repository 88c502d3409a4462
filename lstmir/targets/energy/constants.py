"""The constants of the energy model, each with where it is from and how well that is known."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lstmir.targets.parts import Part

FOLDER = Path(__file__).parent

FLAGS = {
    "P": "read in the primary source",
    "A": "read in its abstract",
    "S": "as a second author quotes it",
    "D": "our arithmetic on such figures",
    "M": "from memory, unchecked",
    "J": "a judgement",
}
"""How well a figure is known."""

UNITS = {
    "static": "W",
    "clk": "pJ a cycle",
    "ff": "pJ a flip-flop and cycle",
    "lut": "pJ a LUT and cycle",
    "mac": "pJ a multiplication with its addition",
    "mem": "pJ a word read or written",
    "dram": "pJ a bit",
}
"""What the model is made of."""


@dataclass(frozen=True)
class Range:
    """A figure that is known within bounds."""

    low: float
    mid: float
    high: float

    def __add__(self, other: Range) -> Range:
        return Range(self.low + other.low, self.mid + other.mid, self.high + other.high)

    def __mul__(self, factor: float) -> Range:
        return Range(self.low * factor, self.mid * factor, self.high * factor)

    def attribute(self) -> dict[str, float]:
        """As a part of the summary."""
        return asdict(self)


@dataclass(frozen=True)
class Constant:
    """One figure of a part. Without a `value`, `reference` says why there is none.

    `flag` is one of `FLAGS` for all of it, or three of them, for low, mid and high.
    """

    name: str
    value: Range | None
    flag: str
    reference: str

    @property
    def symbol(self) -> str:
        """What the model calls it."""
        return "P_static" if self.name == "static" else f"e_{self.name}"

    @property
    def unit(self) -> str:
        """As `UNITS` says."""
        return UNITS[self.name]


@dataclass(frozen=True)
class Constants:
    """Of one part: those of `UNITS`, by name.

    A word of memory has `word_bits`. Multiplications of at most `narrow_bits` take `narrow_factor` of
    the energy. `clock_mhz` is assumed where no clock is known; None where one always is.
    """

    by_name: Mapping[str, Constant]
    word_bits: int | None
    narrow_bits: int
    narrow_factor: float
    clock_mhz: float | None
    clock_reference: str | None

    @property
    def missing(self) -> str | None:
        """Which constants there are none of, and why; None if all are there."""
        reasons: dict[str, list[str]] = {}
        for each in self.by_name.values():
            if each.value is None:
                reasons.setdefault(each.reference, []).append(each.symbol)
        named = [f"{', '.join(names)}: {why}" for why, names in reasons.items()]
        return f"constants are missing: {'; '.join(named)}" if named else None

    def __getitem__(self, name: str) -> Range:
        value = self.by_name[name].value
        assert value is not None
        return value


@cache
def constants_of(part: Part) -> Constants:
    """What its family's file says of a part; a family without a file has no constants."""
    found = _read(part.family) | _read("dram")
    by_name = {name: _constant(name, found.get(name, {}), part) for name in UNITS}
    mac, mem, clock = (found.get(name, {}) for name in ("mac", "mem", "clock"))
    return Constants(
        by_name, mem.get("bits"), mac.get("narrow_bits", 0), mac.get("narrow_factor", 1.0),
        clock.get("mhz"), clock.get("reference"),
    )  # fmt: skip


def _read(name: str) -> dict[str, Any]:
    path = FOLDER / f"{name}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _constant(name: str, table: dict[str, Any], part: Part) -> Constant:
    table = table.get(part.name, table)
    if "low" not in table:
        return Constant(name, None, "", table.get("missing", "nothing is known of this part"))
    value = Range(table["low"], table["mid"], table["high"])
    return Constant(name, value, table["flag"], table["reference"])
