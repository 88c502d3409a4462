"""Find what was installed by pip, without importing it."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from importlib.util import find_spec
from pathlib import Path


def folder_of(package: str) -> Path | None:
    """The folder of a top-level package. Finding its spec, unlike importing it, runs none of its code."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0])


def version_of(package: str) -> str:
    """The version of an installed package, or `unknown`."""
    try:
        return installed_version(package)
    except PackageNotFoundError:
        return "unknown"
