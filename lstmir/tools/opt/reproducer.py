"""Reproducers: IR whose first lines say what to run on it, for `lstmir-opt --run-reproducer`."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, fields
from typing import Any

from lstmir.ir.diagnostics import Location, Source, UserError, suggestion

_HEADER = re.compile(r"\A(?:\s*//[^\n]*\n)*?\s*// reproducer:[^\S\n]*([^\n]*)")
_KINDS = {"str": (str, "a string"), "int": (int, "an integer"), "bool": (bool, "true or false")}


@dataclass(frozen=True)
class Reproducer:
    """What to run: pipeline text, how, and the hash of the calibration data (empty: it takes none)."""

    pipeline: str
    verify_each: bool = True
    seed: int = 0
    data: str = ""

    def text(self, module: str) -> str:
        """A file that says so and holds the module."""
        said = {key: value for key, value in asdict(self).items() if key != "data" or value}
        data = " --data FILE.npz" if self.data else ""
        return (
            f"// reproducer: {json.dumps(said)}\n"
            f"// lstmir-opt --run-reproducer THIS_FILE{data}\n{module}"
        )


def read_reproducer(source: Source) -> tuple[Reproducer, Location]:
    """What the comment at the head of a file says, and where it stands. Raises `UserError`."""
    match = _HEADER.match(source.text)
    if match is None:
        raise UserError(
            'this is no reproducer: expected \'// reproducer: {"pipeline": "…"}\' at its head',
            location=Location(source, 0),
        )
    place = Location(source, match.start(1))
    try:
        return _checked(json.loads(match[1])), place
    except json.JSONDecodeError as error:
        place = Location(source, match.start(1) + error.pos)
        raise UserError(f"not JSON: {error.msg}", location=place) from error
    except ValueError as error:
        raise UserError(str(error), location=place) from error


def _checked(said: Any) -> Reproducer:
    if not isinstance(said, dict):
        raise ValueError("expected a JSON object")
    known = {field.name: str(field.type) for field in fields(Reproducer)}
    for key, value in said.items():
        if key not in known:
            raise ValueError(f"a reproducer has no '{key}'{suggestion(key, known)}")
        kind, expected = _KINDS[known[key]]
        # Of Python's types bool is an int.
        if type(value) is not kind:
            raise ValueError(f"'{key}' must be {expected}")
    if not 0 <= said.get("seed", 0) < 2**32:
        raise ValueError("'seed' must be 0 to 4294967295")
    if "pipeline" not in said:
        raise ValueError("a reproducer needs a 'pipeline'")
    return Reproducer(**said)
