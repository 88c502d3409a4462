"""Addresses of values: `/%ys/%zx` is `%zx` in the body of the operation whose first result is `%ys`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lstmir.ir.module import Function
from lstmir.ir.naming import names_in
from lstmir.ir.operation import Value
from lstmir.ir.region import Region


def value_paths(function: Function) -> dict[Value, str]:
    """The path of each value, in the order of the text, made of names as they are printed."""
    paths: dict[Value, str] = {}
    _enter(function.region, "", paths)
    return paths


def _enter(region: Region, prefix: str, paths: dict[Value, str]) -> None:
    order = region.operations()
    paths.update((v, f"{prefix}/%{name}") for v, name in names_in(region, order).items())
    for op in order:
        for inner in op.regions:
            if op.result_types:
                _enter(inner, paths[op.results[0]], paths)


def matching(paths: Mapping[Value, str], address: str) -> list[Value]:
    """The values at an address: a whole path if it begins with `/`, else the end of any path.

    `%` may be left out.
    """
    wanted = _components(address)
    ends = [(value, path.split("/")[1:]) for value, path in paths.items()]
    if address.startswith("/"):
        return [value for value, path in ends if path == wanted]
    return [value for value, path in ends if path[-len(wanted) :] == wanted]


def last_names(paths: Iterable[str]) -> list[str]:
    """The names at the ends of paths, each once."""
    return list(dict.fromkeys(path.rpartition("/")[2] for path in paths))


def _components(address: str) -> list[str]:
    return [f"%{part.removeprefix('%')}" for part in address.removeprefix("/").split("/")]
