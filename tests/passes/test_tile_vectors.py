"""Constant vectors of the tail (peepholes) on arrays whose groups the units do not fill."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lstmir import dialects, passes
from lstmir.interpreter.rtl import Clocked
from lstmir.interpreter.run import run_samples
from lstmir.interpreter.streams import decode, encode
from lstmir.ir.builder import Builder
from lstmir.ir.interface import Port, set_ports
from lstmir.ir.module import Function, Module
from lstmir.ir.operation import Operation
from lstmir.ir.region import Region
from lstmir.ir.types import TensorType
from lstmir.ir.verify import verify
from lstmir.numeric.fixed import FixedType
from lstmir.pipeline.manager import run_passes
from lstmir.pipeline.text import parse_pipeline

FEATURES, WORD, STATE = 3, FixedType(True, 4, 0), FixedType(True, 8, 0)
SHARE = FixedType(False, 4, 4)


def leaky(hidden: int) -> Module:
    """A layer of units that each keep a share of their own: h = w x + p h, saturated."""
    random = np.random.default_rng(hidden)
    module = Module("leaky")
    x, vector = TensorType((None, FEATURES), WORD), TensorType((hidden,), STATE)
    region = Region([x], ["x"])
    outer = Builder(module, region)
    matrix = TensorType((hidden, FEATURES), WORD)
    w = outer.constant(random.integers(-8, 8, matrix.static_shape), matrix, "w")
    p = outer.constant(random.integers(1, 16, hidden), TensorType((hidden,), SHARE), "p")
    h0 = outer.constant(random.integers(-9, 9, hidden), vector, "h0")
    body = Region([TensorType((FEATURES,), WORD), vector, w.type, p.type], ["x", "h", "w", "p"])
    inner = Builder(module, body)
    step, h, weights, own = body.arguments
    modes: dict[str, Any] = {"rounding": "floor", "overflow": "saturate"}
    product = inner.value("linalg.matvec", weights, step)
    new = inner.value("fx.requantize", product, type=vector, **modes)
    total = inner.value("arith.add", new, inner.value("arith.mul", own, h))
    inner.end(
        "rnn.yield", [inner.value("fx.requantize", total, type=vector, **modes)], segments=(1, 0)
    )
    scan = Operation("rnn.scan", [vector], {"segments": (1, 0, 1, 2)}, [body], ["h"])
    region.insert(scan, [region.arguments[0], h0, w, p])
    outer.end("return", [scan.result])
    module.functions["main"] = Function("main", region)
    set_ports(module, [Port("x", "input", "f32", (-1, -1, FEATURES), 0, 1),
                       Port("h", "output", "f32", (-1, hidden), 0)])  # fmt: skip
    module.attributes["form"] = "sample"
    return module


@pytest.mark.parametrize("hidden", [4, 5])
def test_vectors_reach_as_far_as_the_units(hidden: int) -> None:
    dialects.load()
    passes.load()
    module = leaky(hidden)
    verify(module)
    samples = np.random.default_rng(0).integers(-8, 8, (6, 4, FEATURES))
    (golden,) = run_samples(module, [samples])
    assert len(np.unique(golden)) > golden.size / 2
    run_passes(module, parse_pipeline("tile{macs=2},block-layout,schedule"))
    assert module.attributes["array"]["rows"] == 2  # two units: of five, one is alone
    (tiled,) = run_samples(module, [samples])
    assert np.array_equal(tiled, golden)
    run_passes(module, parse_pipeline("lower-to-rtl"))
    streams = Clocked(module).run_streams(encode(list(samples), WORD), golden.size)
    assert np.array_equal(decode(streams.beats_out, STATE, hidden), golden)
