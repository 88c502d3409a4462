"""What the printer makes of a function of level 5."""

from __future__ import annotations

from lstmir.backends.verilog.printer import print_design
from lstmir.ir.module import Module
from lstmir.syntax.parser import parse_module


def design(
    body: str, outputs: str = "y", parameters: str = "%x: !fx.s<8,0>", *, name: str = "part",
    more: str = "", resources: str = "",
) -> Module:  # fmt: skip
    """A module of level 5 with one function; `more` are further attributes of the function."""
    names = ", ".join(f'"{output}"' for output in outputs.split())
    head = f"func @{name}({parameters}) attributes {{outputs = [{names}]{more}}}"
    tail = f"\n{{-# resources: {{{resources}}} #-}}" if resources else ""
    return parse_module(f"module @{name} {{\n {head} {{\n{body}\n }}\n}}{tail}")


def verilog(body: str, outputs: str = "y", parameters: str = "%x: !fx.s<8,0>") -> str:
    """The Verilog of a design's top, from its ports' end on, without indentation."""
    return inside(print_design(design(body, outputs, parameters))["part.v"])


def inside(text: str) -> str:
    """What stands between the ports and the end of a module, without indentation."""
    lines = text.partition("\n);\n\n")[2].removesuffix("\nendmodule\n").splitlines()
    return "\n".join(line.strip() for line in lines if line.strip())


def ports(text: str) -> list[str]:
    """The ports of a module, without what keeps them in columns."""
    lines = text.partition(" (\n  ")[2].partition("\n);\n")[0].splitlines()
    return [" ".join(line.replace(",", "").split()) for line in lines]
