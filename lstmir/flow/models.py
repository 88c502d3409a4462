"""Reads a model, whatever its form, as a module."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from lstmir.dialects.layers import LAYERS
from lstmir.flow.arrays import check_readable
from lstmir.frontends.importer import import_model
from lstmir.frontends.model.read import read_model
from lstmir.frontends.operators.scope import NodeRefused
from lstmir.frontends.parts.cut import WHOLE, Cut, cut_model
from lstmir.frontends.parts.outline import Outline, outline
from lstmir.ir.diagnostics import Diagnostic, UsageError, UserError
from lstmir.ir.interface import is_sampled
from lstmir.ir.module import Module
from lstmir.ir.types import is_fixed
from lstmir.ir.verify import verify
from lstmir.syntax.parser import parse_module

FORMATS = (".onnx", ".json", ".lstmir")


def check_model_path(path: str, cut: Cut = WHOLE) -> None:
    """Raise `UsageError` unless a path can be read and its ending tells what it holds.

    IR cannot be cut.
    """
    if Path(path).suffix.lower() not in FORMATS:
        raise UsageError(f"cannot tell what {path} is: a model is {', '.join(FORMATS)}")
    if cut and is_ir(path):
        raise UsageError(
            f"{path} is IR: --inputs and --outputs cut a part out of .onnx and .json files"
        )
    check_readable(path)


def load_model(path: str, cut: Cut = WHOLE) -> Module:
    """The module in a `.onnx`, `.json` or `.lstmir` file, or that of a part of it, verified.

    Raises `UsageError` for a path that cannot be read, `UserError` for what is wrong inside.
    """
    check_model_path(path, cut)
    if is_ir(path):
        return parse_module(_read_text(path), path)
    model = read_model(path)
    with _naming(path):
        module = import_model(cut_model(model, cut), Path(path).stem, Path(path).parent)
        verify(module)
    return module


def outline_model(path: str) -> Outline:
    """The recurrent parts of a `.onnx` or `.json` file. Raises as `load_model`."""
    check_model_path(path)
    if is_ir(path):
        raise UsageError(f"{path} is IR already; --list is for .onnx and .json files")
    model = read_model(path)
    with _naming(path):
        return outline(model, Path(path).parent)


def is_ir(path: str) -> bool:
    """Whether a path names IR, by its ending."""
    return Path(path).suffix.lower() == ".lstmir"


@contextmanager
def _naming(path: str) -> Iterator[None]:
    """Errors bear the name of the file."""
    try:
        yield
    except UserError as error:
        raise UserError([_named(path, each, error) for each in error.diagnostics]) from error


def _named(path: str, diagnostic: Diagnostic, error: UserError) -> Diagnostic:
    notes = diagnostic.notes
    if isinstance(error, NodeRefused):
        notes = (*notes, "'lstmir import --list' shows which part of it can be imported")
    return replace(diagnostic, message=f"{path}: {diagnostic.message}", notes=notes)


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
