"""Reads a model, whatever its form, as a module."""

from __future__ import annotations

from pathlib import Path

from lstmir.frontends.importer import import_model
from lstmir.frontends.read import read_model
from lstmir.ir.diagnostics import UsageError, UserError
from lstmir.ir.interface import is_sampled
from lstmir.ir.module import Module
from lstmir.ir.types import is_fixed
from lstmir.ir.verify import verify
from lstmir.syntax.parser import parse_module

FORMATS = (".onnx", ".json", ".lstmir")


def load_model(path: str) -> Module:
    """The module in a `.onnx`, `.json` or `.lstmir` file, verified.

    Raises `UsageError` for a path that cannot be read, `UserError` for what is wrong inside.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        raise UsageError(f"cannot tell what {path} is: a model is {', '.join(FORMATS)}")
    if suffix == ".lstmir":
        return parse_module(_read_text(path), path)
    module = import_model(read_model(path), Path(path).stem)
    verify(module)
    return module


def _read_text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: error: the file is not UTF-8 text: {error.reason}") from error


def level_of(module: Module) -> int:
    """1 network, 2 dataflow, 3 fixed point, 4 tiled program, 5 rtl."""
    names = {op.name for op in module.walk()}
    if any(name.startswith("rtl.") for name in names):
        return 5
    if any(name.startswith("tile.") for name in names):
        return 4
    if any(is_fixed(type_) for op in module.walk() for type_ in op.result_types):
        return 3
    network = {"rnn.lstm", "linalg.linear"} & names
    return 2 if is_sampled(module) and not network else 1
