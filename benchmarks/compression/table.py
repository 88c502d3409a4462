"""What was found, as a table of text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Row = tuple[str, ...]
HEAD: Row = (
    "model", "recipe", "allowed", "options", "bits", "ratio", "float", "compressed", "lost", "as float",
)  # fmt: skip
METHODS: Row = ("model", "what", "plain", "error", "right", "better", "error", "right", "")
_WORDS = ("model", "recipe", "options", "what", "plain", "better")


def text_of(results: list[dict[str, Any]]) -> str:
    """A line for each model, recipe and allowed loss, as wide as it needs to be."""
    return _lines([HEAD, *(row for result in results for row in _rows(result))])


def text_of_methods(methods: list[dict[str, Any]]) -> str:
    """A line for each model and comparison: mean squared errors of the outputs, and right answers."""
    return _lines([METHODS, *(row for found in methods for row in _compared(found))])


def _compared(found: dict[str, Any]) -> Iterator[Row]:
    for each in found["comparisons"]:
        ends = [(each[end]["method"], f"{each[end]['error']:.3g}", _right(each[end]))
                for end in ("plain", "better")]  # fmt: skip
        (plain, *before), (better, *after) = ends
        holds = "ok" if each["holds"] else "MISSED"
        yield (found["model"], each["what"], plain, *before, better, *after, holds)


def _right(end: dict[str, Any]) -> str:
    return "-" if end["right"] is None else f"{end['right']}/{end['samples']}"


def _lines(rows: list[Row]) -> str:
    """Columns as wide as they need to be, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = zip(row, widths, rows[0], strict=True)
        padded = [c.ljust(w) if name in _WORDS else c.rjust(w) for c, w, name in cells]
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines) + "\n"


def _rows(result: dict[str, Any]) -> Iterator[Row]:
    for row in result["rows"]:
        name = (result["model"], result["recipe"], f"{row['max_loss']:g}")
        if row["options"] is None:
            least = result["least_loss"]["estimate"]
            yield (*name, f"none: the least that is expected is {least:.2g}", *6 * ("-",))
            continue
        options = " ".join(f"{key}={value}" for key, value in row["options"].items()) or "-"
        yield (*name, options, str(row["bits"]), f"{row['ratio']:.1f}", *_quality(row))


def _quality(row: dict[str, Any]) -> Row:
    if "right" in row:
        count = row["samples"]
        float_, right = (f"{row[key]}/{count}" for key in ("float_right", "right"))
        return float_, right, f"{row['loss']:.2f}", f"{row['agreement']:.1%}"
    same = row["frames"] - row["frames_changed"]
    changed = f"{row['frames_changed']}/{row['frames']} change side"
    return "-", changed, f"{row['loss']:.4f}", f"{same / row['frames']:.1%}"
