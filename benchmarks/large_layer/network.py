"""A random LSTM of 1024 inputs and 1024 hidden units, whose matrices side by side are 4096 x 2048."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lstmir import dialects, passes
from lstmir.ir.module import Module
from lstmir.ir.verify import verify
from lstmir.syntax.parser import parse_module

SIZE, STEPS, SAMPLES, OUTPUTS = 1024, 16, 256, 16
"""The calibration data have twice as many vectors as the matrices have columns."""

_PORT = '{{name = "{0}", kind = "{1}", dtype = "f32", shape = {2}, batch = 0}}'
_TEXT = f"""
module @large attributes {{form = "sample", interface = [
    {_PORT.format("x", "input", [-1, STEPS, SIZE])}, {_PORT.format("y", "output", [-1, OUTPUTS])}]}} {{
  func @main(%x: tensor<{STEPS}x{SIZE}xf32>) -> tensor<{OUTPUTS}xf32> {{
    %w = tensor.constant @w : tensor<{4 * SIZE}x{SIZE}xf32>
    %r = tensor.constant @r : tensor<{4 * SIZE}x{SIZE}xf32>
    %b = tensor.constant @b : tensor<{4 * SIZE}xf32>
    %zero = tensor.constant @zero : tensor<{SIZE}xf32>
    %ys, %h, %c = rnn.scan (%xt = %x) state (%hp = %zero, %cp = %zero) capture (%w = %w, %r = %r, %b = %b) {{
      %zx = linalg.matvec %w, %xt : (tensor<{4 * SIZE}x{SIZE}xf32>, tensor<{SIZE}xf32>) -> tensor<{4 * SIZE}xf32>
      %zh = linalg.matvec %r, %hp : (tensor<{4 * SIZE}x{SIZE}xf32>, tensor<{SIZE}xf32>) -> tensor<{4 * SIZE}xf32>
      %z = arith.add %zx, %zh, %b : tensor<{4 * SIZE}xf32>
      GATES
      %i = math.sigmoid %zi : tensor<{SIZE}xf32>
      %o = math.sigmoid %zo : tensor<{SIZE}xf32>
      %f = math.sigmoid %zf : tensor<{SIZE}xf32>
      %g = math.tanh %zg : tensor<{SIZE}xf32>
      %kept = arith.mul %f, %cp : tensor<{SIZE}xf32>
      %new = arith.mul %i, %g : tensor<{SIZE}xf32>
      %ct = arith.add %kept, %new : tensor<{SIZE}xf32>
      %tanh_c = math.tanh %ct : tensor<{SIZE}xf32>
      %ht = arith.mul %o, %tanh_c : tensor<{SIZE}xf32>
      rnn.yield state (%ht, %ct) emit (%ht) : tensor<{SIZE}xf32>
    }} {{direction = "forward"}} : (tensor<{STEPS}x{SIZE}xf32>, tensor<{SIZE}xf32>, tensor<{SIZE}xf32>, tensor<{4 * SIZE}x{SIZE}xf32>, tensor<{4 * SIZE}x{SIZE}xf32>, tensor<{4 * SIZE}xf32>) -> (tensor<{STEPS}x{SIZE}xf32>, tensor<{SIZE}xf32>, tensor<{SIZE}xf32>)
    %d = tensor.constant @d : tensor<{OUTPUTS}x{SIZE}xf32>
    %y = linalg.matvec %d, %h : (tensor<{OUTPUTS}x{SIZE}xf32>, tensor<{SIZE}xf32>) -> tensor<{OUTPUTS}xf32>
    return %y : tensor<{OUTPUTS}xf32>
  }}
}}
{{-# resources: "weights.npz" #-}}
"""  # noqa: E501
_SLICE = (
    "%z{0} = tensor.slice %z {{{{axis = 0, start = {1}, size = {2}}}}} : "
    "(tensor<{3}xf32>) -> tensor<{2}xf32>"
)


def load(folder: Path) -> Module:
    """The network as a module of level 2, written to a folder and read again."""
    dialects.load()
    passes.load()
    random = np.random.default_rng(0)
    shapes = {"w": (4 * SIZE, SIZE), "r": (4 * SIZE, SIZE), "b": (4 * SIZE,), "d": (OUTPUTS, SIZE)}
    arrays = {
        name: random.normal(0, SIZE**-0.5, shape).astype(np.float32)
        for name, shape in shapes.items()
    }
    arrays["zero"] = np.zeros(SIZE, np.float32)
    np.savez(folder / "weights.npz", allow_pickle=False, **arrays)
    gates = [_SLICE.format(gate, k * SIZE, SIZE, 4 * SIZE).replace("{{", "{").replace("}}", "}")
             for k, gate in enumerate("iofg")]  # fmt: skip
    path = folder / "large.lstmir"
    path.write_text(_TEXT.replace("GATES", "\n      ".join(gates)), encoding="utf-8")
    module = parse_module(path.read_text(encoding="utf-8"), str(path))
    verify(module)
    return module


def data() -> np.ndarray:
    """Calibration samples [N, steps, 1024] whose elements depend on each other, as real ones do."""
    random = np.random.default_rng(1)
    mixed = random.normal(0, 1, (64, SIZE)) / 8
    return (random.normal(0, 1, (SAMPLES, STEPS, 64)) @ mixed).astype(np.float32)
