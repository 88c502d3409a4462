"""The constants as a page of Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from lstmir.targets.energy.constants import FLAGS, UNITS, Constant, Constants, constants_of
from lstmir.targets.parts import PARTS

_INTRODUCTION = (
    "Constants of the [energy model](energy.md), as they stand in `lstmir/targets/energy/`. "
    "Low, mid and high have one flag, or one each:"
)
_HEAD = ("| | part | low | mid | high | unit | flag | reference |", "| --- " * 8 + "|")


def constants_page() -> str:
    """The text of `docs/energy-constants.md`."""
    lines = [
        "<!-- Written by docs/generate.py. -->", "", "# Constants of energy", "",
        _INTRODUCTION, "",
        *(f"- {flag}: {meaning}" for flag, meaning in FLAGS.items()),
    ]  # fmt: skip
    for family in dict.fromkeys(part.family for part in PARTS.values()):
        lines += ["", f"## {family}", "", *_HEAD, *_family(family), *_remarks(family)]
    dram = constants_of(next(iter(PARTS.values()))).by_name["dram"]
    lines += ["", "## A memory outside", "", *_HEAD, _row(dram, "all")]
    return "".join(f"{line}\n" for line in lines)


def _constants(family: str) -> dict[str, Constants]:
    return {name: constants_of(part) for name, part in PARTS.items() if part.family == family}


def _family(family: str) -> Iterator[str]:
    """A row for each constant, or one for each part where they differ."""
    of_part = _constants(family)
    for name in UNITS:
        if name == "dram":
            continue
        rows: dict[Constant, list[str]] = {}
        for part, constants in of_part.items():
            rows.setdefault(constants.by_name[name], []).append(part)
        for constant, parts in rows.items():
            yield _row(constant, "all" if len(rows) == 1 else ", ".join(parts))


def _row(constant: Constant, parts: str) -> str:
    value = constant.value
    figures = [f"{each:g}" for each in (value.low, value.mid, value.high)] if value else ["-"] * 3
    cells = [f"`{constant.symbol}`", parts, *figures, constant.unit, constant.flag or "-"]
    return f"| {' | '.join([*cells, constant.reference])} |"


def _remarks(family: str) -> Iterator[str]:
    """What else the file says."""
    constants = next(iter(_constants(family).values()))
    if constants.word_bits:
        yield from ("", f"A word has {constants.word_bits} bits.")
    if constants.narrow_bits:
        yield (
            f"Factors of at most {constants.narrow_bits} bits take {constants.narrow_factor:g} of `e_mac`."
        )
    if constants.clock_mhz:
        yield f"Clock, where none is known: {constants.clock_mhz:g} MHz, {constants.clock_reference}."
    if constants.missing:
        yield from ("", "`energy` is null for these parts.")
