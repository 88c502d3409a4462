"""What was found, as a table of text."""

from __future__ import annotations

from typing import Any

from benchmarks.hardware.cases import ESTIMATES, Case

Result = dict[str, Any]
HEAD = ("case", "ideal", "step", "busy", "predicted", "simulated", "ns/step",
        "LUT", "off", "FF", "DSP", "BRAM", "LUT", "off", "FF", "DSP", "BRAM", "MHz", "seed", "")  # fmt: skip
_KINDS = ("lut", "lut_off", "ff", "dsp", "bram")
ABOVE = (
    "cycles: the ideal, of a step, share of multipliers that are busy, of all test sequences; "
    "then what it takes of xc7, and how far the estimate of its LUTs is off, then of its target"
)


def text_of(results: list[Result], peers: list[Result]) -> str:
    """A line for each case, then why some are not there or miss what they are held to, then the peers."""
    rows = [HEAD, *(_row(result) for result in results)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [ABOVE, *(_padded(row, widths) for row in rows), ""]
    for result in results:
        lines += [f"{result['case']}: {line}" for line in _remarks(result)]
    networks = {result["network"] for result in results}
    lines += ["", "peers"]
    lines += [_peer(peer) for peer in peers if peer["network"] in networks]
    return "\n".join(lines) + "\n"


def missed(case: Case, found: Result) -> list[str]:
    """The limits that a case does not keep; a figure that is not known keeps none."""
    sides = [({**case.most, **ESTIMATES}, "at most", 1), (case.least, "at least", -1)]
    return [
        f"{name} is {_number(found[name])}, {words} {limit:g} expected"
        for limits, words, sign in sides
        for name, limit in limits.items()
        if found[name] is None or sign * found[name] > sign * limit
    ]


def _row(result: Result) -> tuple[str, ...]:
    if "error" in result:
        return (result["case"], *(len(HEAD) - 2) * ("-",), "not built")
    whole = ("ideal", "step", "utilization", "total_predicted", "total_simulated", "ns_per_step")
    cells = [_number(result[name]) for name in whole]
    cells += [
        _number(result.get(f"{place}_{kind}")) for place in ("xc7", "target") for kind in _KINDS
    ]
    cells += [_number(result["fmax_mhz"]), _number(result["seed"])]
    return (result["case"], *cells, "MISSED" if result["missed"] or result["failed"] else "ok")


def _remarks(result: Result) -> list[str]:
    if "error" in result:
        return [line for line in result["error"].split("\n") if line[:1].strip() or "note:" in line]
    path = result["critical_path"]
    limit = [f"limited by {path['from']} to {path['to']}, {path['ns']:.2f} ns"] if path else []
    return [*result["missed"], *(each.split("\n")[0] for each in result["failed"]), *limit]


def _peer(peer: Result) -> str:
    counts = [
        f"{part} {' '.join(f'{n} {kind}' for kind, n in peer[part].items() if n is not None)}"
        for part in ("xc7", "ecp5")
        if peer[part]
    ]
    figures = "; ".join([f"{peer['cycles_per_step']} cycles a step", *counts])
    return f"{peer['network']}: {peer['tool']}: {figures} ({peer['note']})"


def _padded(row: tuple[str, ...], widths: list[int]) -> str:
    first, *others = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
    return "  ".join([row[0].ljust(len(first)), *others]).rstrip()


def _number(figure: float | None) -> str:
    if figure is None:
        return "-"
    return (
        str(figure)
        if isinstance(figure, int)
        else f"{figure:.3g}"
        if figure < 1
        else f"{figure:.1f}"
    )
