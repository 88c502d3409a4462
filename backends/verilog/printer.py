"""Prints a level-5 module as Verilog-2001: one module a unit, one file a module."""

from __future__ import annotations

import re

from lstmir.backends.verilog.comments import Comments
from lstmir.backends.verilog.hierarchy import Unit
from lstmir.backends.verilog.layout import instance
from lstmir.backends.verilog.lines import INDENT, table
from lstmir.backends.verilog.memories import images
from lstmir.backends.verilog.modules import Kind, kinds_of
from lstmir.backends.verilog.page import Page, Port, page_of
from lstmir.backends.verilog.plan import plans_of
from lstmir.interpreter.rtl_design import read_design
from lstmir.ir.module import Module

_IMAGE = re.compile(r"(?<=\$readmemh\()\w+")


def print_design(module: Module) -> dict[str, str]:
    """The files of the main function of a verified level-5 module, by name; the top is the first.

    `<function>.v` holds the top, `<function>_<unit>.v` the module of a unit; each constant memory
    has an image beside them. Every operation means exactly what the interpreter computes. Raises
    `UserError` if the function is no clocked design.
    """
    made = Print(module)
    texts = {f"{kind.name}.v": _text(kind, made.comments) for kind in reversed(made.kinds)}
    return {**texts, **images(made.design, module.resources)}


class Print:
    """A design as modules, a module before those that use it. Raises `UserError` if it is none."""

    def __init__(self, module: Module) -> None:
        self.design, self.comments = read_design(module.main), Comments(module.main)
        self.plans = plans_of(self.design)
        pages: dict[Unit, Page] = {}
        for unit in self.plans:
            pages[unit] = page_of(unit, self.plans, pages)
        self.kinds = kinds_of(self.design, pages)


def head(kind: Kind, ports: list[Port], comments: Comments) -> list[str]:
    """A module's text as far as the end of its ports."""
    lines = comments.head(kind.name, kind.units[0])
    rows = [f'{INDENT}parameter {name} = "{file}",' for name, file in kind.parameters.items()]
    lines += [f"module {kind.name} #(", *_ended(rows), ") ("] if rows else [f"module {kind.name} ("]
    return [*lines, *_ended(table(ports, ",")), ");"]


def _text(kind: Kind, comments: Comments) -> str:
    lines = head(kind, kind.page.ports, comments)
    lines += [_IMAGE.sub(lambda found: kind.image(found[0]), line) for line in kind.page.head]
    lines += _instances(kind)
    return "\n".join([*lines, *kind.page.tail, "", "endmodule", ""])


def _instances(kind: Kind) -> list[str]:
    """The units in a module; short ones of one kind stand close together."""
    lines: list[str] = []
    last: tuple[Kind, bool] | None = None
    for index, each in enumerate(kind.page.instances):
        child, ports = kind.children[index], {name: expr.text for name, expr in each.connections}
        text = instance(child.name, each.name, kind.passed(index), ports)
        is_short = not text[-1].startswith(f"{INDENT});")
        lines += text if last == (child, True) and is_short else ["", *text]
        last = child, is_short
    return lines


def _ended(rows: list[str]) -> list[str]:
    """Rows with a comma behind each but the last."""
    return [*rows[:-1], rows[-1].replace(",", "", 1)]
