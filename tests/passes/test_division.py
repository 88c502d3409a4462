"""A quotient by constants is a product with their reciprocals, which is the same real number."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmir.interpreter.run import run_samples
from lstmir.ir.builder import Builder
from lstmir.ir.module import Function, Module
from lstmir.ir.region import Region
from lstmir.ir.types import F16, F32, F64, FloatType, TensorType, storage_dtype
from tests.passes.levels import apply


def quotient(divisor: np.ndarray, element: FloatType) -> Module:
    """x / divisor, for vectors."""
    type_ = TensorType(divisor.shape, element)
    module, region = Module("division"), Region([type_], ["x"])
    build = Builder(module, region)
    constant = build.constant(divisor, type_, "d")
    build.end("return", [build.value("arith.div", region.arguments[0], constant)])
    module.functions["main"] = Function("main", region)
    return module


def names(module: Module) -> list[str]:
    return [op.name for op in module.walk()]


NUMBERS = st.floats(1e-100, 1e100) | st.floats(-1e100, -1e-100)


@given(divisor=st.lists(NUMBERS, min_size=1, max_size=5), factor=NUMBERS)
def test_the_product_is_the_quotient(divisor: list[float], factor: float) -> None:
    module, x = quotient(np.array(divisor), F64), np.full((2, len(divisor)), factor)
    (expected,) = run_samples(module, [x])
    (found,) = run_samples(apply(module, "canonicalize"), [x])
    assert names(module) == ["tensor.constant", "arith.mul", "return"]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("element", [F16, F32, F64])
def test_narrow_floats_are_rounded_once_more(element: FloatType) -> None:
    dtype = storage_dtype(element)
    divisor = np.random.default_rng(0).uniform(0.5, 20, 500).astype(dtype)
    x = np.random.default_rng(1).normal(0, 5, (3, 500)).astype(dtype)
    module = quotient(divisor, element)
    (expected,) = run_samples(module, [x])
    (found,) = run_samples(apply(module, "canonicalize"), [x])
    assert found.dtype == dtype
    np.testing.assert_allclose(found, expected, rtol=1.6 * np.finfo(dtype).eps)
    assert (found != expected).any()


SMALL, LARGE = np.finfo(np.float64).tiny, np.finfo(np.float64).max


@pytest.mark.parametrize("divisor", [0.0, -0.0, SMALL / 8, LARGE, -LARGE])
def test_what_has_no_reciprocal_is_divided_by(divisor: float) -> None:
    module = apply(quotient(np.array([2, divisor]), F64), "canonicalize")
    assert names(module) == ["tensor.constant", "arith.div", "return"]
