"""Small modules for the tests of `lstmir-opt`, and passes that crash."""

from __future__ import annotations

from pathlib import Path

import pytest

from lstmir.flow.models import load_model
from lstmir.ir.module import Module
from lstmir.passes.dce import DeadCodeElimination
from lstmir.pipeline.passes import Context
from lstmir.syntax.printer import print_module
from tests.flow.tiny import write_data, write_model

TEXT = """module @m {
  func @main(%x: f32) -> f32 {
    %y = arith.neg %x : f32
    return %x : f32
  }
}
"""
CLEAN = TEXT.replace("    %y = arith.neg %x : f32\n", "")
BROKEN = TEXT.replace("%x : f32\n    return", "%z : f32\n    return")

# For `cse`, whose result is for `dce`.
DOUBLE = """module @m {
  func @main(%x: f32) -> f32 {
    %a = arith.neg %x : f32
    %b = arith.neg %x : f32
    %y = arith.add %a, %b : f32
    return %y : f32
  }
}
"""
SINGLE = DOUBLE.replace("    %b = arith.neg %x : f32\n", "").replace("%a, %b", "%a, %a")

# Two resources, of which one is called as a parameter of numpy.savez.
CONSTANTS = """module @m {
  func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
    %a = tensor.constant @file : tensor<2xf32>
    %b = tensor.constant @w_1 : tensor<2xf32>
    %y = arith.add %x, %a, %b : tensor<2xf32>
    return %y : tensor<2xf32>
  }
}
"""
RESOURCES = """{-# resources: {
  file: "0x0000803f00000040",
  w_1: "0x0000c03f000000bf"
} #-}
"""

Capture = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch


def crash_dce(monkeypatch: Patch, error: BaseException) -> None:
    """Make the pass `dce` raise an error."""

    def run(self: DeadCodeElimination, module: Module, context: Context) -> None:
        raise error

    monkeypatch.setattr(DeadCodeElimination, "run", run)


def break_dce(monkeypatch: Patch) -> None:
    """Make the pass `dce` leave a module that does not verify."""

    def run(self: DeadCodeElimination, module: Module, context: Context) -> None:
        module.main.region.end.attributes["odd"] = 1

    monkeypatch.setattr(DeadCodeElimination, "run", run)


def network(folder: Path) -> tuple[Path, Path]:
    """A network of level 1 as IR, and calibration data for it."""
    module = load_model(str(write_model(folder / "tiny.json")))
    path = folder / "tiny.lstmir"
    path.write_text(print_module(module))
    return path, write_data(folder / "data.npz")
