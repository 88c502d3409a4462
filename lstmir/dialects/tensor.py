"""`tensor`: constants and rearrangements. No arithmetic; any element type."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod

from lstmir.dialects.shapes import check_axis, same_elements, tensor
from lstmir.ir.attributes import Attribute
from lstmir.ir.context import OpContext
from lstmir.ir.definition import OpDefinition, define
from lstmir.ir.diagnostics import Invalid
from lstmir.ir.types import TensorType, Type, element_of, is_static, shape_of


def _verify_constant(context: OpContext, results: Sequence[Type]) -> None:
    type_ = results[0]
    if not isinstance(type_, TensorType) or not is_static(type_.shape):
        raise Invalid(f"a constant is a tensor of static shape, not {type_}")


define(
    OpDefinition(
        "tensor.constant",
        "A constant whose elements stand in the module's resources.",
        results=("value",),
        attributes=(Attribute("resource", "symbol", "the name of the array"),),
        verify=_verify_constant,
        example="%w = tensor.constant @w : tensor<4xf32>",
    )
)


def _verify_reshape(context: OpContext, results: Sequence[Type]) -> None:
    source, target = context.types[0], results[0]
    if element_of(target) != element_of(source):
        raise Invalid(f"reshape keeps elements: {source} cannot become {target}")
    if shape_of(source).count(None) != shape_of(target).count(None):
        raise Invalid(f"{source} cannot become {target}: dynamic axes must stay")
    sizes = [prod(size for size in shape_of(t) if size is not None) for t in (source, target)]
    if sizes[0] != sizes[1]:
        raise Invalid(f"{source} has {sizes[0]} elements where {target} has {sizes[1]}")


define(
    OpDefinition(
        "tensor.reshape",
        "The same elements in row-major order under another shape; one element may be a scalar.",
        operands=("source",),
        results=("value",),
        verify=_verify_reshape,
        example="%y = tensor.reshape %x : (tensor<6xf32>) -> tensor<2x3xf32>",
    )
)


def _infer_slice(context: OpContext) -> list[Type]:
    source = replace(tensor(context, 0, "the source"), encoding=None)
    axis = check_axis(context.attributes["axis"], source)
    start, size = context.attributes["start"], context.attributes["size"]
    length = source.shape[axis]
    if size < 1 or (length is not None and not 0 <= start <= length - size):
        raise Invalid(
            f"elements {start} to {start + size - 1} are not all in axis {axis} of {source}"
        )
    if length is None and not (start == -1 and size == 1):
        raise Invalid(f"of the dynamic axis {axis} of {source} only the last element can be taken")
    return [replace(source, shape=(*source.shape[:axis], size, *source.shape[axis + 1 :]))]


define(
    OpDefinition(
        "tensor.slice",
        "`size` neighbours along an axis, from `start`; of a dynamic axis the last (start -1).",
        operands=("source",),
        results=("value",),
        attributes=(
            Attribute("axis", "int", "which axis is cut"),
            Attribute("start", "int", "the first element"),
            Attribute("size", "int", "how many elements"),
        ),
        infer=_infer_slice,
        example="%y = tensor.slice %x {axis = 0, start = 4, size = 2} : (tensor<8xf32>) -> tensor<2xf32>",
    )
)


def _infer_transpose(context: OpContext) -> list[Type]:
    source = replace(tensor(context, 0, "the source"), encoding=None)
    order = context.attributes["order"]
    if sorted(order) != list(range(len(source.shape))):
        raise Invalid(f"{list(order)} is no order of the axes of {source}")
    return [replace(source, shape=tuple(source.shape[axis] for axis in order))]


define(
    OpDefinition(
        "tensor.transpose",
        "The axes in another order: axis k of the result is axis order[k] of the source.",
        operands=("source",),
        results=("value",),
        attributes=(Attribute("order", "ints", "where each axis of the result comes from"),),
        infer=_infer_transpose,
        example="%y = tensor.transpose %x {order = [1, 0]} : (tensor<2x3xf32>) -> tensor<3x2xf32>",
    )
)


def _infer_concat(context: OpContext) -> list[Type]:
    first = replace(tensor(context, 0, "each part"), encoding=None)
    axis = check_axis(context.attributes["axis"], first)
    same_elements(context.types)
    length = 0
    for type_ in context.types:
        shape = shape_of(type_)
        size = shape[axis] if len(shape) == len(first.shape) else None
        rest = (*shape[:axis], *shape[axis + 1 :])
        if size is None or rest != (*first.shape[:axis], *first.shape[axis + 1 :]):
            raise Invalid(f"{type_} does not fit beside {first} along axis {axis}")
        length += size
    return [replace(first, shape=(*first.shape[:axis], length, *first.shape[axis + 1 :]))]


define(
    OpDefinition(
        "tensor.concat",
        "Tensors one after the other along an axis.",
        operands=("first", "rest*"),
        results=("value",),
        attributes=(Attribute("axis", "int", "along which axis"),),
        infer=_infer_concat,
        example="%z = tensor.concat %x, %y {axis = 0} : (tensor<2xf32>, tensor<3xf32>) -> tensor<5xf32>",
    )
)
