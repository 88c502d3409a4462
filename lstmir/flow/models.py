"""Reads a model, whatever its form, as a module."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from lstmir.dialects.layers import LAYERS
from lstmir.flow.arrays import check_readable
from lstmir.frontends.importer import import_model
from lstmir.frontends.read import read_model
from lstmir.ir.diagnostics import Diagnostic, UsageError, UserError
from lstmir.ir.interface import is_sampled
from lstmir.ir.module import Module
from lstmir.ir.types import is_fixed
from lstmir.ir.verify import verify
from lstmir.syntax.parser import parse_module

FORMATS = (".onnx", ".json", ".lstmir")


def check_model_path(path: str) -> None:
    """Raise `UsageError` unless a path can be read and its ending tells what it holds."""
    if Path(path).suffix.lower() not in FORMATS:
        raise UsageError(f"cannot tell what {path} is: a model is {', '.join(FORMATS)}")
    check_readable(path)


def load_model(path: str) -> Module:
    """The module in a `.onnx`, `.json` or `.lstmir` file, verified.

    Raises `UsageError` for a path that cannot be read, `UserError` for what is wrong inside.
    """
    check_model_path(path)
    if Path(path).suffix.lower() == ".lstmir":
        return parse_module(_read_text(path), path)
    model = read_model(path)
    try:
        module = import_model(model, Path(path).stem)
        verify(module)
    except UserError as error:
        raise UserError([_named(path, each) for each in error.diagnostics]) from error
    return module


def _named(path: str, diagnostic: Diagnostic) -> Diagnostic:
    return replace(diagnostic, message=f"{path}: {diagnostic.message}")


def _read_text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text: {error.reason}") from error


def level_of(module: Module) -> int:
    """1 network, 2 dataflow, 3 fixed point, 4 tiled program, 5 rtl."""
    names = {op.name for op in module.walk()}
    if any(name.startswith("rtl.") for name in names):
        return 5
    if any(name.startswith("tile.") for name in names):
        return 4
    if any(is_fixed(type_) for op in module.walk() for type_ in op.result_types):
        return 3
    network = {*LAYERS, "linalg.linear"} & names
    return 2 if is_sampled(module) and not network else 1
