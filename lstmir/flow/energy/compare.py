"""An accelerator's energy beside that of a processor whose time was measured: ratios, as intervals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

KINDS = {"latency": "alone", "period": "with the idle time of its period"}
TERMS = {"dram": "dram: what comes from outside and goes there"}
"""Terms whose names alone do not tell what they are."""


@dataclass(frozen=True)
class Reference:
    """What else runs the network: the seconds of an inference, and bounds of the power, by a `source`."""

    name: str
    seconds: float
    low_w: float
    high_w: float
    source: str

    @property
    def microjoules(self) -> tuple[float, float]:
        """The energy of an inference, from and to."""
        return 1e6 * self.seconds * self.low_w, 1e6 * self.seconds * self.high_w


def ratio(reference: Reference, charge: dict[str, Any]) -> tuple[float, float]:
    """How many times the energy the reference takes, at least and at most.

    `charge` is the `latency` or the `period` of a summary's `energy`.
    """
    low, high = reference.microjoules
    accelerator = charge["microjoules"]
    return low / accelerator["high"], high / accelerator["low"]


def verdict(bounds: tuple[float, float], claim: float) -> str:
    """Where a claimed ratio lies."""
    if claim < bounds[0]:
        return "below"
    return "inside" if claim <= bounds[1] else "above"


def compare(
    name: str, energy: dict[str, Any], references: Sequence[Reference], claim: float | None = None
) -> str:
    """Tables in Markdown: microjoules of an inference, what they go to, ratios, and what all rest on.

    `energy` is that of a summary, with a `latency` that is not null.
    """
    lines = [
        "| an inference | uJ, low | mid | high | us | static |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        *_accelerator(name, energy),
        *map(_reference, references),
        "",
        *_terms(energy),
        *_ratios(energy, references, claim),
        "",
        *(f"- {line}" for line in _assumptions(name, energy, references)),
    ]
    return "".join(f"{line}\n" for line in lines)


def _charges(energy: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    return ((what, energy[kind]) for kind, what in KINDS.items() if energy[kind])


def _terms(energy: dict[str, Any]) -> Iterator[str]:
    """What each charge goes to, without what takes nothing."""
    for what, charge in _charges(energy):
        yield f"| of it, {what} | uJ, low | mid | high |"
        yield "| --- | ---: | ---: | ---: |"
        for name, term in charge["terms"].items():
            figures = " | ".join(f"{figure:.4g}" for figure in term.values())
            if any(term.values()):
                yield f"| {TERMS.get(name, name)} | {figures} |"
        yield ""


def _accelerator(name: str, energy: dict[str, Any]) -> Iterator[str]:
    clock = energy["clock"]
    assumed = f", {clock['mhz']:g} MHz ASSUMED" if clock["source"] == "assumed" else ""
    for what, charge in _charges(energy):
        figures = " | ".join(f"{figure:.4g}" for figure in charge["microjoules"].values())
        yield f"| {name}, {what}{assumed} | {figures} | {charge['us']:.4g} | {charge['static_share']:.0%} |"


def _reference(reference: Reference) -> str:
    low, high = reference.microjoules
    return f"| {reference.name} | {low:.4g} | | {high:.4g} | {1e6 * reference.seconds:.4g} | |"


def _ratios(
    energy: dict[str, Any], references: Sequence[Reference], claim: float | None
) -> Iterator[str]:
    claimed = "" if claim is None else f" {claim:g} lies |"
    yield f"| ratio | at least | at most |{claimed}"
    yield f"| --- | ---: | ---: |{' --- |' if claimed else ''}"
    for what, charge in _charges(energy):
        for reference in references:
            bounds = ratio(reference, charge)
            told = "" if claim is None else f" {verdict(bounds, claim)} |"
            yield f"| {reference.name}, to {what} | {bounds[0]:.3g} | {bounds[1]:.3g} |{told}"


def _assumptions(
    name: str, energy: dict[str, Any], references: Sequence[Reference]
) -> Iterator[str]:
    work, clock, size = energy["work"], energy["clock"], energy["size"]
    yield (
        f"{name}: {work['steps']} steps, {work['cycles']} cycles "
        f"at {clock['mhz']:g} MHz ({clock['source']}); "
        f"{size['lut']} LUT, {size['ff']} FF ({size['source']}); {work['multiplications']} multiplications, "
        f"{work['words']} words of {work['word_bits']} bits, {work['dram_bits']} bits from outside"
    )
    for each in dict.fromkeys((r.low_w, r.high_w, r.source) for r in references):
        yield "reference: {:.3g} to {:.3g} W: {}".format(*each)
    yield from energy["warnings"]
