"""Operations of the IR on arrays that are known at import, by the interpreter's own rules."""

from __future__ import annotations

from typing import Any

import numpy as np

from lstmir.frontends.values.folding import ELEMENTS
from lstmir.frontends.values.values import Known
from lstmir.ir.builder import Builder
from lstmir.ir.diagnostics import UserError
from lstmir.ir.module import Module
from lstmir.ir.region import Region
from lstmir.ir.types import TensorType, is_float


def interpret(name: str, source: Known, **attributes: Any) -> np.ndarray:
    """The result of an operation with one operand, which holds floats, and one result.

    Raises `UserError` for other elements, and where the operation does.
    """
    # Loading the interpreter takes a while, and most models need it for no constant.
    from lstmir.interpreter.run import run_samples
    from lstmir.ir.module import Function

    element = ELEMENTS.get(source.array.dtype.name)
    if element is None or not is_float(element):
        raise UserError(f"'{source.name}' holds {element or 'lengths'}, not floats")
    module, region = Module("known"), Region([TensorType(source.array.shape, element)])
    build = Builder(module, region)
    build.end("return", [build.value(name, *region.arguments, **attributes)])
    module.functions["main"] = Function("main", region)
    (result,) = run_samples(module, [source.array[np.newaxis]])
    return np.asarray(result[0])
