"""What few designs have: constants that are more than memories, and the widest numbers there are."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from lstmir.dialects.arith import PREDICATES
from lstmir.dialects.fx import ROUNDINGS
from lstmir.ir.builder import Builder
from lstmir.ir.module import Function, Module
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import TensorType
from lstmir.numeric.fixed import FixedType
from lstmir.syntax.parser import parse_module

if TYPE_CHECKING:
    from tests.backends.hls_cpp.conftest import Run, Workshop

HERE = Path(__file__).parent


def design(name: str, new_run: type[Run]) -> Run:
    return new_run(parse_module((HERE / f"{name}.lstmir").read_text("utf-8"), f"{name}.lstmir"))


@pytest.mark.needs("g++", "hls4ml")
@pytest.mark.parametrize("flags", [(), ("-DEXACT_STORAGE",)], ids=["bytes", "bits"])
def test_constants_in_every_role(
    new_run: type[Run], workshop: Workshop, flags: tuple[str, ...]
) -> None:
    """Stored in whole bytes, as everywhere, or in as many bits as they have, as in hardware."""
    run = design("constants", new_run).add(np.arange(4).reshape(4, 1, 1))
    assert [data for data, _, _ in run.outputs[:4]] == [-128 + 5 + 127, 24, 0xFFF8, 0xFF04]
    (found,) = workshop.compare([run], *flags)
    assert found["mismatches"] == 0


DROPPED = (1, 3, 4, 5, 6, 60)
"""Bits that a rounding takes away from a number of 4 bits: some of them, all, or more than there are."""


def rounded(signed: bool) -> Module:
    """A number with so many fraction bits, rounded to an integer in every way."""
    module = Module("signed_numbers" if signed else "natural_numbers")
    word, number = FixedType(True, 9, 0), FixedType(signed, 4, 0)
    memory = TensorType((len(DROPPED) * len(ROUNDINGS),), word)
    region, units = Region([TensorType((None, 1), number)], ["x"]), []
    outer = Builder(module, region)
    for frac in DROPPED:
        type_ = TensorType((1,), FixedType(False, 1, frac))
        units.append(outer.constant(np.ones(1), type_, f"unit_{frac}"))
    start = outer.constant(np.zeros(memory.static_shape), memory, "start")
    body = Region([TensorType((1,), number), memory, *(v.type for v in units)], ["x", "y"])
    scan = Operation("rnn.scan", [memory], {"segments": (1, 0, 1, len(units))}, [body])
    region.insert(scan, [region.arguments[0], start, *units])
    outer.end("return", [scan.result])
    module.functions["main"] = Function("main", region)
    round_all(Builder(module, body), body.arguments, word)
    return module


def round_all(build: Builder, arguments: Sequence[Value], word: FixedType) -> None:
    x, memory, *units = arguments
    first: dict[str, Any] = {"base": 0, "strides": ()}
    number = build.value("tile.load", x, **first)
    scaled = [build.value("arith.mul", number, build.value("tile.load", u, **first)) for u in units]
    for k, (value, rounding) in enumerate(product(scaled, ROUNDINGS)):
        modes: dict[str, Any] = {"rounding": rounding, "overflow": "saturate"}
        whole = build.value("fx.requantize", value, type=word, **modes)
        memory = build.value("tile.store", memory, whole, base=k, strides=())
    build.end("rnn.yield", [memory], segments=(1, 0))


@pytest.mark.needs("g++", "hls4ml")
def test_rounding_away_more_than_there_is(new_run: type[Run], workshop: Workshop) -> None:
    numbers = np.arange(16).reshape(16, 1, 1)
    runs = [new_run(rounded(True)).add(numbers - 8), new_run(rounded(False)).add(numbers)]
    assert [found["mismatches"] for found in workshop.compare(runs)] == [0, 0]


COMPARED = """
module @compared {
  func @main(%x: tensor<?x2x!fx.s<64,3>>) -> tensor<12x!fx.s<64,3>> {
    %start = tensor.constant @start : tensor<12x!fx.s<64,3>>
    %y = rnn.scan (%xt = %x) state (%y0 = %start) {
      %a = tile.load %xt {base = 0, strides = []} : (tensor<2x!fx.s<64,3>>) -> !fx.s<64,3>
      %b = tile.load %xt {base = 1, strides = []} : (tensor<2x!fx.s<64,3>>) -> !fx.s<64,3>
      %u = fx.requantize %b {rounding = "floor", overflow = "wrap"} : (!fx.s<64,3>) -> !fx.u<64,3>
BODY
      rnn.yield state (%y12) : (tensor<12x!fx.s<64,3>>) -> ()
    } : (tensor<?x2x!fx.s<64,3>>, tensor<12x!fx.s<64,3>>) -> tensor<12x!fx.s<64,3>>
    return %y : tensor<12x!fx.s<64,3>>
  }
}
{-# resources: { start: "0xZEROS" } #-}
"""


def compared() -> Module:
    """A signed number before and behind an unsigned one of the same width, in every relation."""
    lines: list[str] = []
    stored = "(tensor<12x!fx.s<64,3>>, !fx.s<64,3>) -> tensor<12x!fx.s<64,3>>"
    for k, (predicate, (left, right)) in enumerate(product(PREDICATES, [("a", "u"), ("u", "a")])):
        types = ", ".join(f"!fx.{'s' if name == 'a' else 'u'}<64,3>" for name in (left, right))
        lines += [
            f'%t{k} = arith.compare %{left}, %{right} {{predicate = "{predicate}"}} : ({types}) -> i1',
            f"%c{k} = arith.select %t{k}, %a, %b : (i1, !fx.s<64,3>, !fx.s<64,3>) -> !fx.s<64,3>",
            f"%y{k + 1} = tile.store %y{k}, %c{k} {{base = {k}, strides = []}} : {stored}",
        ]
    return parse_module(COMPARED.replace("BODY", "\n".join(lines)).replace("ZEROS", "00" * 96))


@pytest.mark.needs("g++", "hls4ml")
def test_numbers_of_both_signs_are_compared(new_run: type[Run], workshop: Workshop) -> None:
    ends = [-(2**63), -5, -1, 0, 1, 4, 2**63 - 1]
    pairs = np.array(list(product(ends, ends))).reshape(-1, 1, 2)
    run = new_run(compared()).add(pairs)
    (found,) = workshop.compare([run])
    assert found["mismatches"] == 0


@pytest.mark.needs("g++", "hls4ml")
def test_each_column_reads_its_own_bank(new_run: type[Run], workshop: Workshop) -> None:
    run = design("gather", new_run).add(np.array([[[1, 2, 3, 4, 5, 6]], [[-8, 7, -1, 0, 3, -5]]]))
    assert run.outputs[0][0] == 1 + 3 * 0x10 + 5 * 0x100 + 6 * 0x800
    (found,) = workshop.compare([run])
    assert found["mismatches"] == 0


@pytest.mark.needs("g++", "hls4ml")
def test_the_widest_numbers(new_run: type[Run], workshop: Workshop) -> None:
    numbers = np.random.default_rng(0).integers(-(2**63), 2**63 - 1, (40, 1, 2), np.int64)
    numbers[:4, 0] = [[-(2**63), -(2**63)], [2**63 - 1, -1], [0, 5], [-1, 2**63 - 1]]
    run = design("wide", new_run).add(numbers)
    # By itself: a program of several designs has a limit on widths of its own.
    folder = workshop.write(run.module)
    bench = [f'#include "{folder}/{name}"' for name in ("testbench.cpp", "wide.cpp")]
    program = workshop.compile("\n".join(bench), folder)
    assert workshop.run([program], run, folder)["mismatches"] == 0
