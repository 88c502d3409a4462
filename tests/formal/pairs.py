"""A design as its definition and as what the printer made of it, both as terms of z3."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lstmir.backends.verilog.printer import print_design
from lstmir.ir.module import Module
from lstmir.syntax.parser import parse_module
from tests.formal import level5, netlist
from tests.formal.equivalence import Verdict, obligations, prove
from tests.formal.machine import Machine
from tests.formal.names import Names, printed_names

Files = dict[str, str]


@dataclass(frozen=True)
class Pair:
    """One machine, described twice over the same variables."""

    names: Names
    defined: Machine
    printed: Machine

    def verdicts(self, seconds: float = 60) -> list[Verdict]:
        """One verdict for each register, output and memory."""
        return [prove(each, seconds) for each in obligations(self.defined, self.printed)]

    def failures(self, seconds: float = 60) -> list[Verdict]:
        """What could not be proven; a test wants none."""
        return [verdict for verdict in self.verdicts(seconds) if not verdict.proven]


def pair(module: Module, folder: Path, damage: Callable[[Files], Files] | None = None) -> Pair:
    """Print a module of level 5 into a folder, and read it back; `damage` may change the files between."""
    names = printed_names(module)
    files = print_design(module)
    if damage is not None:
        files = damage(files)
    for name, text in files.items():
        (folder / name).write_text(text)
    verilog = [folder / name for name in files if name.endswith(".v")]
    defined = level5.meaning(module, names)
    widths = {path: register.size() for path, register in defined.registers.items()}
    printed = netlist.meaning(netlist.read_verilog(verilog, names.top), names, widths)
    return Pair(names, defined, printed)


def part(body: str, outputs: str = "y", parameters: str = "%x: !fx.s<8,0>") -> Module:
    """A design called `part`, by its text."""
    names = ", ".join(f'"{name}"' for name in outputs.split())
    head = f"module @part {{\n func @part({parameters}) attributes {{outputs = [{names}]}} {{"
    return parse_module(f"{head}\n{body}\n }}\n}}")
