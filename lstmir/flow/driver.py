"""What `compile` leaves in `driver/`: the host driver as it stands in the tree, and what it must know."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from typing import Any

from lstmir.flow.folder import write_files
from lstmir.interpreter.feeds import port_dtype
from lstmir.interpreter.streams import beat_width
from lstmir.ir.interface import Port, ports
from lstmir.ir.module import Module
from lstmir.numeric.fixed import FixedType
from lstmir.passes.machine.memory_map import as_json, as_markdown, constants
from lstmir.passes.machine.program import Program

FACTS, MAP, MANUAL = "design.json", "memory_map.json", "memory_map.md"
_CODE = (".py", ".cpp")


def write_driver(
    folder: Path, module: Module, program: Program, golden: str, axi_lite: bool
) -> None:
    """The driver of a scheduled module; `golden` is the stage, inside DIR, that defines its bits.

    With `axi_lite` come the registers, as data and as a page.
    """
    known = constants(program)
    registers = as_json(known) if axi_lite else None
    files = {**driver_files(), FACTS: _text(facts(module, program, golden, registers))}
    if registers is not None:
        files |= {MAP: _text(registers), MANUAL: as_markdown(module.name, known)}
    write_files(folder, files)


def driver_files() -> dict[str, str]:
    """The driver's own files, by name."""
    root = resources.files("lstmir.backends.driver").joinpath("host")
    found = (file for file in root.iterdir() if file.name.endswith(_CODE))
    return {file.name: file.read_text("utf-8") for file in found}


def facts(
    module: Module, program: Program, golden: str, registers: dict[str, Any] | None
) -> dict[str, Any]:
    """What the driver knows of the design."""
    (source,), (target,) = ports(module, "input"), ports(module, "output")
    steps = None if source.time is None else source.shape[source.time]
    return {
        "name": module.name,
        "input": _port(source, program.input.type),
        "output": _port(target, program.result_types[0]),
        "features": program.words_in,
        "steps": None if steps == -1 else steps,
        "words": program.result.count,
        "every_step": program.result.every_step,
        "golden": golden,
        "registers": registers,
    }


def _port(port: Port, element: FixedType) -> dict[str, Any]:
    kept = {key: value for key, value in asdict(port).items() if key not in ("kind", "format")}
    format_ = {"signed": element.signed, "width": element.width, "fraction": element.frac}
    return {
        **kept,
        "dtype": port_dtype(port).name,
        "format": {**format_, "beat": beat_width(element)},
    }


def _text(data: dict[str, Any]) -> str:
    return json.dumps(data, indent=2) + "\n"
