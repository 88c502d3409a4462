"""The part of `linalg` that makes one element of many, or compares many with each other.

What computes is for floats: a sum of as many elements as there are has a format of its own, and what
divides by one has none. What only compares is exact on fixed point, too.
"""

from __future__ import annotations

from lstmir.dialects.shapes import check_axis, shaped, tensor
from lstmir.ir.attributes import Attribute
from lstmir.ir.context import OpContext
from lstmir.ir.definition import OpDefinition, define
from lstmir.ir.diagnostics import Invalid
from lstmir.ir.types import I64, TensorType, Type, is_fixed, is_float
from lstmir.numeric.fixed import FixedType

KINDS = ("sum", "mean", "max", "min")


def _floats(context: OpContext) -> TensorType:
    source = tensor(context, 0, "the source")
    if not is_float(source):
        raise Invalid(f"expected floats, not {source}")
    return source


def _filled(axis: int, source: TensorType) -> int:
    """The axis, which has elements."""
    if source.shape[check_axis(axis, source)] == 0:
        raise Invalid(f"axis {axis} of {source} has no element")
    return axis


def _infer_reduce(context: OpContext) -> list[Type]:
    source, axes = _floats(context), context.attributes["axes"]
    if not axes or list(axes) != sorted(set(axes)):
        raise Invalid(f"{list(axes)} are no axes in ascending order")
    for axis in axes:
        _filled(axis, source)
    kept = (1,) if context.attributes["keepdims"] else ()
    sizes = [kept if axis in axes else (size,) for axis, size in enumerate(source.shape)]
    return shaped(tuple(size for each in sizes for size in each), source.element)


define(
    OpDefinition(
        "linalg.reduce",
        "The sum, mean, maximum or minimum of all elements along some axes.",
        operands=("source",),
        results=("value",),
        attributes=(
            Attribute("kind", "str", "what is made of the elements", choices=KINDS),
            Attribute("axes", "ints", "the axes, in ascending order"),
            Attribute("keepdims", "bool", "whether the axes stay, with length 1"),
        ),
        infer=_infer_reduce,
        example='%y = linalg.reduce %x {kind = "mean", axes = [0], keepdims = false} : '
        "(tensor<?x8xf32>) -> tensor<8xf32>",
    )
)


def _infer_along(context: OpContext) -> list[Type]:
    source = _floats(context)
    _filled(context.attributes["axis"], source)
    return [TensorType(source.shape, source.element)]


for _name, _summary in {
    "softmax": "exp(x), divided by the sum of all such along an axis.",
    "log_softmax": "The logarithm of the softmax along an axis, of which nothing underflows.",
}.items():
    define(
        OpDefinition(
            f"linalg.{_name}",
            _summary,
            operands=("source",),
            results=("value",),
            attributes=(Attribute("axis", "int", "along which axis"),),
            infer=_infer_along,
            example=f"%y = linalg.{_name} %x {{axis = 1}} : tensor<?x8xf32>",
        )
    )


def _infer_normalize(context: OpContext) -> list[Type]:
    if context.attributes["epsilon"] < 0:
        raise Invalid(f"epsilon must not be negative, as {context.attributes['epsilon']:g} is")
    source = _floats(context)
    for axis in range(check_axis(context.attributes["axis"], source), len(source.shape)):
        _filled(axis, source)
    return [TensorType(source.shape, source.element)]


define(
    OpDefinition(
        "linalg.normalize",
        "(x - m) / sqrt(v + epsilon), with the mean m and the variance v of the elements along an "
        "axis and all behind it: a layer normalization without scale and bias.",
        operands=("source",),
        results=("value",),
        attributes=(
            Attribute("axis", "int", "the first of the axes"),
            Attribute("epsilon", "float", "keeps the divisor from zero"),
        ),
        infer=_infer_normalize,
        example="%y = linalg.normalize %x {axis = 1, epsilon = 1e-05} : tensor<?x8xf32>",
    )
)


def _infer_argmax(context: OpContext) -> list[Type]:
    """Of fixed point, the index is one too: in the fewest bits, so the axis has a known length."""
    source = tensor(context, 0, "the source")
    if not is_fixed(source):
        source = _floats(context)
    axis = _filled(context.attributes["axis"], source)
    shape = (*source.shape[:axis], *source.shape[axis + 1 :])
    if not is_fixed(source):
        return shaped(shape, I64)
    size = source.shape[axis]
    if size is None:
        raise Invalid(f"axis {axis} of {source} has no known length: its index has no format")
    return shaped(shape, index_type(size))


def index_type(size: int) -> FixedType:
    """The narrowest type of the indices of so many elements."""
    return FixedType(False, max(1, (size - 1).bit_length()), 0)


define(
    OpDefinition(
        "linalg.argmax",
        "Where along an axis the largest element stands; the first of several, or the last. Of floats it "
        "is an i64, of fixed point an unsigned integer of as few bits as do.",
        operands=("source",),
        results=("index",),
        attributes=(
            Attribute("axis", "int", "along which axis; the result does not have it"),
            Attribute("last", "bool", "whether it is the last of several", required=False),
        ),
        infer=_infer_argmax,
        example="%y = linalg.argmax %x {axis = 1} : (tensor<?x8xf32>) -> tensor<?xi64>",
    )
)
