"""Reads types. Each distinct text is read once."""

from __future__ import annotations

import re
from functools import lru_cache

from lstmir.ir.types import FLOAT_WIDTHS, INTEGER_WIDTHS, FloatType, IntegerType, TensorType, Type
from lstmir.numeric.fixed import FixedType
from lstmir.syntax.encoding_syntax import parse_encoding

_FIXED = re.compile(r"!fx\.([su])<\s*(-?\d+)\s*,\s*(-?\d+)\s*>")
_PLAIN = re.compile(r"([fi])(\d+)")
_TENSOR = re.compile(r"tensor<\s*((?:(?:\d+|\?)x)*)\s*([^,<]+(?:<[^<>]*>)?)\s*(?:,\s*(#.*?))?\s*>")


@lru_cache(maxsize=4096)
def parse_type(text: str) -> Type:
    """The type that a text such as `tensor<?x12x!fx.s<8,5>>` names.

    Raises ValueError with a message for the user.
    """
    if match := _FIXED.fullmatch(text):
        return FixedType(match[1] == "s", _integer(match[2]), _integer(match[3]))
    if match := _PLAIN.fullmatch(text):
        return _plain(match[1], _integer(match[2]))
    if match := _TENSOR.fullmatch(text):
        sizes = match[1].split("x")[:-1]
        shape = tuple(None if size == "?" else _integer(size) for size in sizes)
        element = parse_type(match[2].strip())
        if isinstance(element, TensorType):
            raise ValueError("a tensor cannot hold tensors")
        encoding = parse_encoding(match[3]) if match[3] else None
        return TensorType(shape, element, encoding)
    raise ValueError(
        f"'{text}' is not a type; expected tensor<…>, !fx.s<W,F>, !fx.u<W,F>, f32, i1, …"
    )


def _integer(text: str) -> int:
    if len(text) > 20:
        raise ValueError(f"{text[:20]}… is too large a number for a type")
    return int(text)


def _plain(kind: str, width: int) -> FloatType | IntegerType:
    widths = FLOAT_WIDTHS if kind == "f" else INTEGER_WIDTHS
    if width not in widths:
        raise ValueError(
            f"there is no type {kind}{width}; widths are {', '.join(map(str, widths))}"
        )
    return FloatType(width) if kind == "f" else IntegerType(width)
