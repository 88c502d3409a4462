"""Types of values. All are immutable and compare by content."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias, TypeGuard

from lstmir.ir.encodings import Bank, Encoding
from lstmir.numeric.fixed import MAX_STORED_WIDTH, FixedType

if TYPE_CHECKING:
    import numpy as np

FLOAT_WIDTHS = (16, 32, 64)
INTEGER_WIDTHS = (1, 32, 64)

MAX_RANK = 32
"""The most axes of a tensor."""

MAX_LENGTH = 2**40
"""The longest axis of a tensor."""


@dataclass(frozen=True, slots=True)
class FloatType:
    """IEEE 754 binary16, binary32 or binary64."""

    width: int

    def __str__(self) -> str:
        return f"f{self.width}"


@dataclass(frozen=True, slots=True)
class IntegerType:
    """`i1` is a truth value; `i32` and `i64` are indices and counts."""

    width: int

    def __str__(self) -> str:
        return f"i{self.width}"


ElementType: TypeAlias = FloatType | IntegerType | FixedType


@dataclass(frozen=True, slots=True)
class TensorType:
    """An array of elements; `None` in the shape is a length known only at run time.

    Raises ValueError for more axes than 32, or longer ones than 2**40.
    """

    shape: tuple[int | None, ...]
    element: ElementType
    encoding: Encoding | None = None

    def __post_init__(self) -> None:
        """Refuse a shape that no array could have."""
        if len(self.shape) > MAX_RANK:
            raise ValueError(f"a tensor has at most {MAX_RANK} axes, not {len(self.shape)}")
        for size in self.shape:
            if size is not None and not 0 <= size <= MAX_LENGTH:
                raise ValueError(f"an axis has 0 to {MAX_LENGTH} elements, not {size}")

    def __str__(self) -> str:
        sizes = "".join(f"{'?' if size is None else size}x" for size in self.shape)
        encoding = f", {self.encoding}" if self.encoding else ""
        return f"tensor<{sizes}{self.element}{encoding}>"

    @property
    def static_shape(self) -> tuple[int, ...]:
        """The shape, which must not be dynamic."""
        if None in self.shape:
            raise ValueError(f"{self} has a dynamic shape")
        return tuple(size for size in self.shape if size is not None)


Type: TypeAlias = ElementType | TensorType

F16, F32, F64 = FloatType(16), FloatType(32), FloatType(64)
I1, I32, I64 = IntegerType(1), IntegerType(32), IntegerType(64)


def element_of(type_: Type) -> ElementType:
    """The element type of a tensor, or a scalar's own type."""
    return type_.element if isinstance(type_, TensorType) else type_


def shape_of(type_: Type) -> tuple[int | None, ...]:
    """The shape; a scalar's is empty."""
    return type_.shape if isinstance(type_, TensorType) else ()


def with_element(type_: Type, element: ElementType) -> Type:
    """The same shape with other elements. An encoding does not survive: it describes a constant."""
    return TensorType(type_.shape, element) if isinstance(type_, TensorType) else element


def of_shape(shape: tuple[int | None, ...], element: ElementType) -> Type:
    """A tensor, or the bare element where the shape is empty."""
    return TensorType(shape, element) if shape else element


def without_encoding(type_: Type) -> Type:
    """The type of the value, however it is stored."""
    return replace(type_, encoding=None) if isinstance(type_, TensorType) else type_


def banks_of(type_: Type) -> Bank | None:
    """The banks that hold every element of a matrix that may be non-zero, if it has a pattern of banks."""
    encoding = type_.encoding if isinstance(type_, TensorType) else None
    return None if encoding is None else encoding.banks


def is_fixed(type_: Type) -> bool:
    """Whether the elements are fixed-point numbers."""
    return isinstance(element_of(type_), FixedType)


def is_float(type_: Type) -> bool:
    """Whether the elements are floating-point numbers."""
    return isinstance(element_of(type_), FloatType)


def is_static(shape: tuple[int | None, ...]) -> TypeGuard[tuple[int, ...]]:
    """Whether every length of a shape is known."""
    return None not in shape


def storage_dtype(element: ElementType) -> np.dtype:
    """The little-endian numpy dtype in which resources hold elements of this type.

    Raises ValueError for fixed-point types wider than 64 bits, which are never stored.
    """
    import numpy as np

    if isinstance(element, FloatType):
        return np.dtype(f"<f{element.width // 8}")
    if isinstance(element, IntegerType):
        return np.dtype("?" if element.width == 1 else f"<i{element.width // 8}")
    if element.width > MAX_STORED_WIDTH:
        raise ValueError(f"{element} is wider than {MAX_STORED_WIDTH} bits and cannot be stored")
    size = next(n for n in (1, 2, 4, 8) if element.width <= 8 * n)
    return np.dtype(f"<{'i' if element.signed else 'u'}{size}")


def holds(declared: Type, inferred: Type) -> bool:
    """Whether every value of type `inferred` is a value of type `declared`."""
    if shape_of(declared) != shape_of(inferred):
        return False
    wide, narrow = element_of(declared), element_of(inferred)
    if isinstance(wide, FixedType) and isinstance(narrow, FixedType):
        return wide.contains(narrow)
    return wide == narrow
