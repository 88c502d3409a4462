"""Writes requantizations.json: which formats the machines of real models requantize.

    python -m tests.formal.requantizations MODEL=FILE.lstmir ...

FILE is the level-5 stage that `lstmir compile` leaves behind, or what `lstmir compress` writes of a
model that no machine takes; MODEL is what to call it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from lstmir.ir.module import Module
from lstmir.ir.types import ElementType, element_of
from lstmir.numeric.fixed import FixedType
from lstmir.syntax.parser import parse_module

FILE = Path(__file__).with_name("requantizations.json")

Row = tuple[bool, int, int]


def formats(module: Module) -> set[tuple[Row, Row]]:
    """Source and target of every requantization, as the fields of `FixedType`."""
    return {
        (_row(element_of(op.operands[0].type)), _row(element_of(op.result.type)))
        for op in module.walk()
        if op.name == "fx.requantize"
    }


def _row(type_: ElementType) -> Row:
    assert isinstance(type_, FixedType)
    return type_.signed, type_.width, type_.frac


def main(files: list[str]) -> None:
    """Write the formats of all files, each with the models that have it."""
    found: dict[tuple[Row, Row], list[str]] = {}
    for argument in files:
        model, _, file = argument.partition("=")
        for pair in formats(parse_module(Path(file).read_text())):
            found.setdefault(pair, []).append(model)
    rows = [
        json.dumps({"source": source, "target": target, "models": sorted(models)})
        for (source, target), models in sorted(found.items())
    ]
    about = json.dumps(" ".join((__doc__ or "").split()))
    FILE.write_text(f'{{"about": {about},\n"formats": [\n' + ",\n".join(rows) + "\n]}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
