"""What other tools' exporters have just written."""

from __future__ import annotations

from pathlib import Path

from lstmir.frontends.importer import import_model
from lstmir.frontends.model.read import read_model
from lstmir.ir.module import Module
from lstmir.ir.verify import verify


def import_exported(path: Path) -> Module:
    """The module behind a model file, verified. Raises `UserError` for what lstmir cannot express."""
    module = import_model(read_model(path), path.stem, path.parent)
    verify(module)
    return module
