"""Passes and recipes by name. Only the files of those that are asked for are loaded."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from lstmir import passes
from lstmir.ir.diagnostics import UsageError, suggestion

if TYPE_CHECKING:
    from lstmir.pipeline.passes import Pass
    from lstmir.pipeline.text import NamedPipeline

PASS_NAMES = tuple(module.replace("_", "-") for module in passes.NAMES)
"""All passes, in the order of `compile`."""


def check_pass(name: str) -> None:
    """Raise `UsageError` that names the nearest unless there is such a pass."""
    if name not in PASS_NAMES:
        raise UsageError(f"unknown pass '{name}'{suggestion(name, PASS_NAMES)}")


def find_pass(name: str) -> type[Pass]:
    """A pass, of which only the file is loaded. Raises `UsageError` that names the nearest."""
    from lstmir.pipeline.passes import pass_named

    check_pass(name)
    import_module(f"lstmir.passes.{name.replace('-', '_')}")
    return pass_named(name)


def find_passes(text: str, source: str = "<pipeline>") -> list[Pass]:
    """The passes of a pipeline text; the recipes are loaded only if it has a name that is no pass.

    Raises `UserError` with exit status 2 that cites `source`.
    """
    from lstmir.pipeline.stages import parse_stages
    from lstmir.pipeline.text import parse_pipeline

    used = {stage.name for stage in parse_stages(text, source)}
    recipes = _recipes() if used.difference(PASS_NAMES) else {}
    return parse_pipeline(text, find=find_pass, named=recipes, source=source)


def _recipes() -> Mapping[str, NamedPipeline]:
    from lstmir.flow.recipes import RECIPES

    return RECIPES
