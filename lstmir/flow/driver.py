"""What `compile` leaves in `driver/`: the host driver as it stands in the tree, and what it must know."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from typing import Any

from lstmir.flow.folder import write_files
from lstmir.flow.writing import top_name
from lstmir.interpreter.feeds import port_dtype
from lstmir.interpreter.streams import stream_format, stream_ports
from lstmir.ir.interface import Port
from lstmir.ir.module import Module
from lstmir.numeric.fixed import FixedType
from lstmir.passes.machine.memory_map import as_json, as_markdown
from lstmir.passes.stream_states import travelling

FACTS, MAP, MANUAL = "design.json", "memory_map.json", "memory_map.md"
_CODE = (".py", ".cpp")
ANY = -1


def write_driver(folder: Path, module: Module, known: dict[str, int] | None, golden: str) -> None:
    """The driver of a level-5 module; `golden` is the stage, inside DIR, that defines its bits.

    With the words of registers that are `known`, as `memory_map.constants` gives them, come the
    registers, as data and as a page.
    """
    registers = {} if known is None else as_json(known)
    files = {**driver_files(), FACTS: _text(facts(module, golden, registers or None))}
    if known is not None:
        files |= {MAP: _text(registers), MANUAL: as_markdown(module.name, known)}
    write_files(folder, files)


def driver_files() -> dict[str, str]:
    """The driver's own files, by name."""
    root = resources.files("lstmir.backends.driver").joinpath("host")
    found = (file for file in root.iterdir() if file.name.endswith(_CODE))
    return {file.name: file.read_text("utf-8") for file in found}


def facts(module: Module, golden: str, registers: dict[str, Any] | None) -> dict[str, Any]:
    """What the driver knows of the design."""
    steps, results = (_steps(stream_ports(module, kind)) for kind in ("input", "output"))
    return {
        "name": top_name(module),
        "input": _stream(module, "input"),
        "output": _stream(module, "output"),
        "steps": None if steps == ANY else steps,
        "states": travelling(module),
        "every_step": results is not None and results in (ANY, steps),
        "golden": golden,
        "registers": registers,
    }


def _steps(found: list[Port]) -> int | None:
    """The steps of a sample, `ANY` where that is free; None without steps."""
    return None if found[0].time is None else found[0].shape[found[0].time]


def _stream(module: Module, kind: str) -> dict[str, Any]:
    format_ = stream_format(module, kind)
    pairs = zip(stream_ports(module, kind), format_.parts, strict=True)
    return {
        "ports": [_port(port, *part) for port, part in pairs],
        "word": format_.word_width,
        "lanes": format_.lanes,
    }


def _port(port: Port, element: FixedType, words: int) -> dict[str, Any]:
    kept = {key: value for key, value in asdict(port).items() if key not in ("kind", "format")}
    format_ = {"signed": element.signed, "width": element.width, "fraction": element.frac}
    return {**kept, "dtype": port_dtype(port).name, "words": words, "format": format_}


def _text(data: dict[str, Any]) -> str:
    return json.dumps(data, indent=2) + "\n"
