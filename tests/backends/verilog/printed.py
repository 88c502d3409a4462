"""What the printer makes of a function of level 5."""

from __future__ import annotations

from lstmir.backends.verilog.printer import print_design
from lstmir.syntax.parser import parse_module


def verilog(body: str, outputs: str = "y", parameters: str = "%x: !fx.s<8,0>") -> str:
    """The Verilog of a design, from its ports' end on, without indentation."""
    names = ", ".join(f'"{name}"' for name in outputs.split())
    head = f"module @part {{\n func @part({parameters}) attributes {{outputs = [{names}]}} {{"
    text = print_design(parse_module(f"{head}\n{body}\n }}\n}}"))["part.v"]
    lines = text.partition(");\n\n")[2].removesuffix("\nendmodule\n").splitlines()
    return "\n".join(line.strip() for line in lines if line.strip())
