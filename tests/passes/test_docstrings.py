"""The IR before and after in a pass's docstring is what the pass does. See docs/passes.md."""

from __future__ import annotations

import inspect
import re
from typing import NamedTuple

import pytest

from lstmir import passes
from lstmir.pipeline.manager import run_passes
from lstmir.pipeline.passes import PASSES
from lstmir.pipeline.text import parse_pipeline
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module

passes.load()

# They need calibration data, or work on programs too long for a docstring.
WITHOUT_EXAMPLE = {
    "allot",
    "allot-widths",
    "assign-bitwidths",
    "block-layout",
    "calibrate",
    "expand-cells",
    "isolate-sample",
    "lower-to-rtl",
    "measure-sensitivity",
    "prune",
    "schedule",
    "tile",
}

_EXAMPLE = re.compile(r"```mlir before\n(.*?)```\s*```mlir after\n(.*?)```", re.DOTALL)
_OPTIONS = re.compile(r"// options: *(.*)\n")


class Example(NamedTuple):
    """One example: pipeline text, and IR before and after."""

    pipeline: str
    before: str
    after: str


def examples(name: str) -> list[Example]:
    found = _EXAMPLE.findall(inspect.getdoc(PASSES[name]) or "")
    return [_example(name, before, after) for before, after in found]


def _example(name: str, before: str, after: str) -> Example:
    options = _OPTIONS.match(before)
    pipeline = f"{name}{{{options[1]}}}" if options else name
    return Example(pipeline, _whole(before), _whole(after))


def _whole(text: str) -> str:
    """A module; a function alone is one in a module `@main`."""
    start = re.sub(r"\A(//[^\n]*\n)*", "", text)
    return text if start.startswith("module") else f"module @main {{\n{text}}}\n"


ALL = [
    pytest.param(example, id=f"{name}-{index}")
    for name in PASSES
    for index, example in enumerate(examples(name))
]


@pytest.mark.parametrize("example", ALL)
def test_the_example_is_what_the_pass_does(example: Example) -> None:
    module = parse_module(example.before, "before")
    run_passes(module, parse_pipeline(example.pipeline))
    after = parse_module(example.after, "after")
    assert print_module(module) == print_module(after)
    assert print_module(parse_module(example.before)) != print_module(after)


def test_every_pass_has_an_example() -> None:
    assert {name for name in PASSES if not examples(name)} == WITHOUT_EXAMPLE


def test_every_block_belongs_to_an_example() -> None:
    for name, pass_class in PASSES.items():
        blocks = (inspect.getdoc(pass_class) or "").count("```mlir")
        assert blocks == 2 * len(examples(name)), name
