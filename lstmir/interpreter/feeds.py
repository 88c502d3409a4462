"""What goes into a run and comes out of it: arrays of the model's own, and how values carry them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from lstmir.interpreter.plan import Array
from lstmir.ir.diagnostics import UserError
from lstmir.ir.interface import Port, ports
from lstmir.ir.module import Module
from lstmir.ir.types import FloatType, Type, element_of
from lstmir.numeric.arrays import quantize_real, to_real
from lstmir.numeric.fixed import FixedType

Arrays = dict[str, np.ndarray]
_DTYPES = {"f": "float", "i": "int"}


def port_dtype(port: Port) -> np.dtype:
    """The numpy dtype of a port's array."""
    name = port.dtype
    return np.dtype("bool" if name == "i1" else f"{_DTYPES[name[0]]}{name[1:]}")


def fits(shape: Sequence[int], expected: Sequence[int]) -> bool:
    """Whether an array's shape is one that a port accepts."""
    same_rank = len(shape) == len(expected)
    return same_rank and all(e in (-1, s) for s, e in zip(shape, expected, strict=True))


def check_feeds(inputs: Sequence[Port], feeds: Mapping[str, np.ndarray]) -> None:
    """Raise `UserError` unless the arrays are those of the ports."""
    names = [port.name for port in inputs]
    missing = [name for name in names if name not in feeds]
    if missing:
        found = ", ".join(feeds) or "nothing"
        raise UserError(f"no array for the input {', '.join(missing)}; the feed has {found}")
    unknown = [name for name in feeds if name not in names]
    if unknown:
        raise UserError(f"'{unknown[0]}' is none of the inputs {', '.join(names)}")
    for port in inputs:
        _check_feed(port, np.asarray(feeds[port.name]))


def _check_feed(port: Port, array: np.ndarray) -> None:
    if not fits(array.shape, port.shape):
        raise UserError(
            f"the input {port.name} has shape {list(array.shape)}, the model expects {port.describe()}"
        )
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise UserError(f"the input {port.name} holds NaN or infinity")


def to_carrier(array: np.ndarray, type_: Type) -> Array:
    """Real numbers as the interpreter carries values of a type; integers stay as they are."""
    element = element_of(type_)
    if isinstance(element, FixedType) and array.dtype.kind == "f":
        return quantize_real(array, element)
    if isinstance(element, FloatType):
        return array.astype(f"f{element.width // 8}")
    return array


def as_reals(module: Module, results: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The results as real numbers: fixed-point integers times their unit."""
    types = [element_of(type_) for type_ in module.main.result_types]
    return [
        to_real(array, type_) if isinstance(type_, FixedType) else array
        for array, type_ in zip(results, types, strict=True)
    ]


def as_outputs(module: Module, reals: Sequence[np.ndarray]) -> Arrays:
    """Stacks [samples, …] of results as the arrays of the model's outputs."""
    return {
        port.name: port.from_samples(array).astype(port_dtype(port))
        for port, array in zip(ports(module, "output"), reals, strict=True)
    }


def input_formats(module: Module) -> dict[str, FixedType]:
    """The formats to which inputs are rounded, by name; those of floats are not there."""
    inputs = ports(module, "input")
    known = {port.name: port.format for port in inputs if port.format is not None}
    if known or len(inputs) != len(module.main.parameters):
        return known
    types = [element_of(value.type) for value in module.main.parameters]
    pairs = zip(inputs, types, strict=True)
    return {port.name: type_ for port, type_ in pairs if isinstance(type_, FixedType)}
