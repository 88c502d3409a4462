"""Which units share a module, what it is called, and which images its instances name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from lstmir.backends.verilog.hierarchy import Unit
from lstmir.backends.verilog.names import Names
from lstmir.backends.verilog.page import Page
from lstmir.interpreter.rtl_design import Design


@dataclass(eq=False)
class Kind:
    """One module, and the units that are instances of it.

    `images` gives the file of each image by its parameter and unit: of its own memories, then of
    the units in it. One whose file is the same in all units is no parameter of the module.
    """

    base: str
    page: Page
    units: list[Unit] = field(default_factory=list)
    children: list[Kind] = field(default_factory=list)
    name: str = ""
    images: dict[str, dict[Unit, str]] = field(default_factory=dict)

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters of the module, and the file that each names where nothing else is said."""
        return {name: files[self.units[0]] for name, files in self.images.items() if _vary(files)}

    def image(self, name: str) -> str:
        """What stands in the module for the file of an image: its parameter, or the file."""
        return name if name in self.parameters else f'"{self.images[name][self.units[0]]}"'

    def passed(self, index: int) -> dict[str, str]:
        """The parameters of an instance in this module."""
        instance, child = self.page.instances[index], self.children[index]
        return {name: self.image(_within(instance.name, name)) for name in child.parameters}


def _vary(files: dict[Unit, str]) -> bool:
    return len(set(files.values())) > 1


def _within(instance: str, parameter: str) -> str:
    return f"{instance}_{parameter}".upper()


def base_of(unit: Unit) -> str:
    """The name of an instance without its number; empty for the top."""
    return re.sub(r"_\d+$", "", unit.path[-1]) if unit.path else ""


def kinds_of(design: Design, pages: dict[Unit, Page]) -> list[Kind]:
    """The modules of a design whose pages are in order; a module comes before those that use it."""
    found: dict[object, Kind] = {}
    of_unit: dict[Unit, Kind] = {}
    for unit, page in pages.items():
        children = [of_unit[child] for child in unit.children.values()]
        instances = [
            (each.name, [(port, expr.text) for port, expr in each.connections])
            for each in page.instances
        ]
        key = (base_of(unit), page.lines, repr(instances), tuple(map(id, children)))
        kind = found.setdefault(key, Kind(base_of(unit), page, children=children))
        kind.units.append(unit)
        of_unit[unit] = kind
    for kind in found.values():
        _gather_images(kind, pages)
    _name(list(found.values()), design.name)
    return list(found.values())


def _gather_images(kind: Kind, pages: dict[Unit, Page]) -> None:
    for index, image in enumerate(kind.page.images):
        kind.images[image.parameter] = {unit: pages[unit].images[index].file for unit in kind.units}
    for index, child in enumerate(kind.children):
        for parameter in child.parameters:
            files = child.images[parameter]
            kind.images[_within(kind.page.instances[index].name, parameter)] = {
                unit: files[list(unit.children.values())[index]] for unit in kind.units
            }


def _name(kinds: Iterable[Kind], design: str) -> None:
    names = Names()
    by_base: dict[str, list[Kind]] = {}
    for kind in kinds:
        by_base.setdefault(kind.base, []).append(kind)
    by_base[""][0].name = names.take(design)
    for base, alike in by_base.items():
        if base:
            for kind, words in zip(alike, _told_apart(base, alike), strict=True):
                kind.name = names.take(f"{design}_{words}")


def _told_apart(base: str, kinds: list[Kind]) -> list[str]:
    """Names for different modules with one name: by where they are, by a width, or by a number."""
    if len(kinds) == 1:
        return [base]
    around = [_around(kind) for kind in kinds]
    if len(set(around)) == len(kinds):
        return [f"{place}_{base}".lstrip("_") for place in around]
    for port, widths in _widths(kinds).items():
        if len(set(widths)) == len(kinds):
            return [f"{base}_{width}_bit_{port}" for width in widths]
    most = max(kinds, key=lambda kind: len(kind.units))
    return [base if kind is most else kind.units[0].path[-1] for kind in kinds]


def _around(kind: Kind) -> str:
    """The name of the units that all instances of a module are in."""
    places = {re.sub(r"_\d+$", "", unit.path[-2]) if unit.path[1:] else "" for unit in kind.units}
    return "_or_".join(sorted(places))


def _widths(kinds: list[Kind]) -> dict[str, list[int]]:
    """The widths of the ports that all of some modules have."""
    ports = [{name: type_.width for _, type_, name in kind.page.ports} for kind in kinds]
    common = [name for name in ports[0] if all(name in each for each in ports)]
    return {name: [each[name] for each in ports] for name in common}
