"""Evaluation rules of `linalg`."""

from __future__ import annotations

import numpy as np

from lstmir.interpreter.constants import constant_array
from lstmir.interpreter.plan import Array, Compiler, Evaluate, rule
from lstmir.interpreter.tensor import spread
from lstmir.ir.operation import Operation
from lstmir.ir.types import element_of
from lstmir.numeric import products
from lstmir.numeric.fixed import FixedType
from lstmir.numeric.kernels import Kernel
from lstmir.numeric.products import Factor


@rule("linalg.linear")
def linear(op: Operation, compiler: Compiler) -> Evaluate:
    """[samples, …, columns] by [rows, columns]."""
    return lambda weights, source: (np.matmul(source, np.swapaxes(_one(weights), 0, 1)),)


@rule("linalg.matvec")
def matvec(op: Operation, compiler: Compiler) -> Evaluate:
    """[samples, columns] by one matrix for all samples, or by one for each."""
    weights_type, vector_type = (element_of(value.type) for value in op.operands)
    result = element_of(op.result_types[0])
    if not isinstance(result, FixedType):
        return lambda weights, vector: (np.einsum("nrc,nc->nr", weights, vector)
                                        if len(weights) > 1 else vector @ weights[0].T,)  # fmt: skip
    assert isinstance(weights_type, FixedType) and isinstance(vector_type, FixedType)

    def prepared(matrix: np.ndarray) -> Kernel:
        return products.matvec(Factor(matrix, weights_type, vector_type), result)

    constant = constant_array(op.operands[0], compiler.resources)
    if constant is not None:
        product = prepared(constant)
        return lambda _, vector: (product(vector),)

    def evaluate(weights: Array, vector: Array) -> tuple[Array, ...]:
        if len(weights) == 1:
            return (prepared(weights[0])(vector),)
        vectors = spread(vector, len(weights))[:, np.newaxis]
        rows = [prepared(matrix)(row) for matrix, row in zip(weights, vectors, strict=True)]
        return (np.concatenate(rows),)

    return evaluate


def _one(weights: Array) -> Array:
    if len(weights) != 1:
        raise ValueError("'linalg.linear' has one matrix for all samples")
    return weights[0]
