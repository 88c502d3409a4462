"""The clean-ups keep their promise on random modules: the same bits, and nothing left to do."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmir.interpreter.run import run_samples
from lstmir.ir.equality import modules_equal
from lstmir.ir.module import Module
from lstmir.passes.canonicalize import Canonicalize
from lstmir.passes.cse import CommonSubexpressionElimination
from lstmir.passes.dce import DeadCodeElimination
from lstmir.passes.fold_constants import FoldConstants
from lstmir.pipeline.manager import run_passes
from lstmir.pipeline.passes import Context, Pass
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module
from tests.strategies.modules import inputs_of, modules

CLEAN_UPS: list[Pass] = [
    Canonicalize(), CommonSubexpressionElimination(), DeadCodeElimination(), FoldConstants()
]  # fmt: skip
TOLERANCE = 1e-12


def results_of(module: Module, inputs: list[np.ndarray]) -> list[np.ndarray]:
    with np.errstate(all="ignore"):
        return run_samples(module, inputs)


def assert_same(before: list[np.ndarray], after: list[np.ndarray]) -> None:
    """Bits, but for floats of 64 bits: those to 1e-12 of the largest."""
    assert len(before) == len(after)
    for old, new in zip(before, after, strict=True):
        assert (old.dtype, old.shape) == (new.dtype, new.shape)
        if old.dtype != np.float64:
            assert np.array_equal(old, new, equal_nan=old.dtype.kind == "f")
            continue
        finite = np.isfinite(old)
        assert np.array_equal(old[~finite], new[~finite], equal_nan=True)
        scale = np.abs(old[finite]).max(initial=0)
        assert np.all(np.abs(new[finite] - old[finite]) <= TOLERANCE * scale)


@pytest.mark.parametrize("pass_", CLEAN_UPS, ids=lambda pass_: pass_.name)
@settings(max_examples=250, deadline=None)
@given(module=modules(operations=16), seed=st.integers(0, 9))
def test_results_stay_and_a_second_run_finds_nothing(
    pass_: Pass, module: Module, seed: int
) -> None:
    batched = any(op.name in ("rnn.lstm", "linalg.linear") for op in module.walk())
    inputs = inputs_of(module, seed, samples=1 if batched else 2)
    before, types = results_of(module, inputs), module.main.result_types
    run_passes(module, [pass_])
    assert module.main.result_types == types
    assert_same(before, results_of(module, inputs))
    text = print_module(module)
    assert print_module(parse_module(text)) == text
    run_passes(module, [pass_])
    assert print_module(module) == text


@settings(max_examples=100, deadline=None)
@given(module=modules(operations=12), order=st.permutations(CLEAN_UPS))
def test_after_a_few_rounds_nothing_is_left_to_do(module: Module, order: list[Pass]) -> None:
    for _ in range(4):
        run_passes(module, order)
    text = print_module(module)
    run_passes(module, order)
    assert print_module(module) == text


@settings(max_examples=60, deadline=None)
@given(module=modules(operations=12), random=st.randoms(use_true_random=False))
def test_the_canonical_text_does_not_depend_on_the_order_before(
    module: Module, random: Random
) -> None:
    shuffled = parse_module(print_module(module))
    for function in shuffled.functions.values():
        regions = [function.region, *(r for op in function.region.walk() for r in op.regions)]
        for region in regions:
            order = [op for op in region.operations() if op is not region.terminator]
            random.shuffle(order)
            region.arrange(order)
    for each in (module, shuffled):
        run_passes(each, [Canonicalize()])
    # Printing has told values of one name apart by a number.
    assert modules_equal(shuffled, module, hints=False)


@pytest.mark.parametrize("pass_", CLEAN_UPS, ids=lambda pass_: pass_.name)
def test_long_chains_are_no_deep_recursion(pass_: Pass) -> None:
    chain = [f"%y{i + 1} = arith.mul %y{i}, %y{i} : f32" for i in range(3000)]
    text = "\n".join(["func @main(%y0: f32) {", *chain, "return %y3000 : f32 }"])
    module = parse_module(f"module @m {{ {text} }}")
    run_passes(module, [pass_])
    assert len(module.main.region.operations()) == 3001


def test_a_decided_format_keeps_its_operation() -> None:
    text = """module @m {
  func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
    %a = arith.add %x, %x {format = !fx.s<8,4>} : tensor<2xf32>
    %b = arith.add %a, %x : tensor<2xf32>
    %c = tensor.reshape %b {format = !fx.s<8,4>} : tensor<2xf32>
    %d = tensor.reshape %c {range = [0, 1]} : tensor<2xf32>
    return %d : tensor<2xf32>
  }
}
"""
    module = parse_module(text)
    run_passes(module, [Canonicalize(), FoldConstants()])
    lines = [line for line in text.splitlines(keepends=True) if "%d =" not in line]
    assert print_module(module) == "".join(lines).replace("return %d", "return %c")


def test_a_constant_with_a_decided_format_is_not_folded() -> None:
    text = """module @m {
  func @main() -> tensor<1xf32> {
    %w = tensor.constant @w {format = !fx.s<8,4>} : tensor<1xf32>
    %a = arith.neg %w : tensor<1xf32>
    return %a : tensor<1xf32>
  }
}
{-# resources: {
  w: "0x00000000"
} #-}
"""
    module = parse_module(text)
    run_passes(module, [FoldConstants()])
    assert print_module(module) == text


def test_constants_beyond_the_limit_are_left_alone() -> None:
    def module() -> Module:
        return parse_module(
            "module @m { func @main() {\n%w = tensor.constant @w : tensor<2x1xi1>\n"
            "%r = tensor.constant @r : tensor<2xi1>\n"
            "%a = arith.and %w, %r : (tensor<2x1xi1>, tensor<2xi1>) -> tensor<2x2xi1>\n"
            'return %a : tensor<2x2xi1> } } {-# resources: {w: "0x0001", r: "0x0101"} #-}'
        )

    for limit, left in ((3, 4), (4, 2)):
        small = module()
        FoldConstants(limit).run(small, Context())
        assert len(small.main.region.operations()) == left


def test_a_merged_loop_has_one_body() -> None:
    loop = """%{0} = tile.for index (%i) carry (%a = %x) capture (%k = %y) {{
      %s = arith.add %a, {1} : f32
      tile.yield %s : f32
    }} {{trip = {2}}} : f32
    """
    text = "module @m {{ func @main(%x: f32, %y: f32) {{ {} return : () -> () }} }}"
    loops = (("a", "%k", 2), ("b", "%k", 2), ("c", "%a", 2), ("d", "%k", 3))
    module = parse_module(text.format("".join(loop.format(*each) for each in loops)))
    run_passes(module, [CommonSubexpressionElimination()])
    assert [op.result_names[0] for op in module.main.region.operations()[:-1]] == ["a", "c", "d"]
