"""The one thing that pyproject.toml cannot say: packages are found in several folders at once."""

from __future__ import annotations

import tomllib
from pathlib import Path

from setuptools import find_packages, setup

PROJECT = tomllib.loads(Path(__file__).with_name("pyproject.toml").read_text(encoding="utf-8"))
FOLDERS: dict[str, str] = PROJECT["tool"]["setuptools"]["package-dir"]


def packages() -> list[str]:
    """Every package of the tree, by the name under which it is imported."""
    found = set(FOLDERS)
    for name, folder in FOLDERS.items():
        found.update(f"{name}.{inner}" for inner in find_packages(folder))
    return sorted(found)


setup(packages=packages())
