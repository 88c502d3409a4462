"""What was found, as a table of text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Row = tuple[str, ...]
HEAD: Row = (
    "model", "recipe", "allowed", "options", "bits", "ratio", "float", "compressed", "lost", "as float",
)  # fmt: skip
_WORDS = ("model", "recipe", "options")


def text_of(results: list[dict[str, Any]]) -> str:
    """A line for each model, recipe and allowed loss, as wide as it needs to be."""
    rows = [HEAD, *(row for result in results for row in _rows(result))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = zip(row, widths, HEAD, strict=True)
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
