"""Archives of models that other tools exported, with their own results."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lstmir.flow.models import load_model
from lstmir.interpreter.run import run
from lstmir.ir.interface import ports
from lstmir.ir.module import Module
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module
from tests.passes.levels import FRONT, apply

Arrays = Mapping[str, np.ndarray]

TOLERANCE = 1e-5
"""Of the largest element of an output."""


@dataclass(frozen=True)
class Archive:
    """`models.zip` with models, and `arrays.npz` with `NAME/CASE/ARRAY` for each."""

    folder: Path

    def names(self) -> list[str]:
        with zipfile.ZipFile(self.folder / "models.zip") as archive:
            return [name.removesuffix(".onnx") for name in archive.namelist()]

    def module(self, name: str, folder: Path) -> Module:
        """The module of a model, unpacked into a folder."""
        with zipfile.ZipFile(self.folder / "models.zip") as archive:
            return load_model(archive.extract(f"{name}.onnx", folder))

    def cases(self, name: str) -> Iterator[tuple[str, Arrays]]:
        """The cases of a model: its inputs and outputs by name."""
        model = name.split("/")[-1]
        with np.load(self.folder / "arrays.npz") as arrays:
            keys = [key.split("/") for key in arrays.files if key.startswith(f"{model}/")]
            for case in dict.fromkeys(case for _, case, _ in keys):
                own = [key for key in keys if key[1] == case]
                yield case, {array: arrays["/".join((model, case, array))] for *_, array in own}


def check(module: Module, case: str, arrays: Arrays) -> None:
    """Assert that a module computes the outputs of a case."""
    found = run(module, {port.name: arrays[port.name] for port in ports(module, "input")})
    for name, result in found.items():
        expected = arrays[name]
        assert (result.shape, result.dtype) == (expected.shape, expected.dtype), (case, name)
        error = np.abs(result - expected).max()
        assert error <= TOLERANCE * np.abs(expected).max(), (case, name)
    inputs = {port.name for port in ports(module, "input")}
    assert inputs | set(found) == set(arrays), case


def survives_its_text(module: Module) -> None:
    text = print_module(module)
    assert print_module(parse_module(text)) == text


def isolated(module: Module) -> Module:
    """The module at level 2, cleaned up."""
    return apply(module, FRONT)
