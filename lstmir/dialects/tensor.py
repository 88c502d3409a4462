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


def _keeps_elements(context: OpContext, results: Sequence[Type]) -> None:
    """Elements are handed on as they are: a wider format would be another reading of their bits."""
    if element_of(results[0]) != element_of(context.types[0]):
        raise Invalid(f"elements stay what they are: {context.types[0]} cannot become {results[0]}")


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
    if length is None and not (start in (0, -1) and size == 1):
        raise Invalid(
            f"of the dynamic axis {axis} of {source} only the first or the last element can be taken"
        )
    return [replace(source, shape=(*source.shape[:axis], size, *source.shape[axis + 1 :]))]


define(
    OpDefinition(
        "tensor.slice",
        "`size` neighbours along an axis, from `start`; of a dynamic axis the first or the last (-1).",
        operands=("source",),
        results=("value",),
        attributes=(
            Attribute("axis", "int", "which axis is cut"),
            Attribute("start", "int", "the first element"),
            Attribute("size", "int", "how many elements"),
        ),
        infer=_infer_slice,
        verify=_keeps_elements,
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
        verify=_keeps_elements,
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
        verify=_keeps_elements,
        example="%z = tensor.concat %x, %y {axis = 0} : (tensor<2xf32>, tensor<3xf32>) -> tensor<5xf32>",
    )
)


def _infer_gather(context: OpContext) -> list[Type]:
    source = replace(tensor(context, 0, "the source"), encoding=None)
    axis, indices = context.attributes["axis"], context.attributes["indices"]
    length = source.shape[check_axis(axis, source)]
    if length is None:
        raise Invalid(f"of the dynamic axis {axis} of {source} no elements can be chosen")
    if not indices or not all(0 <= index < length for index in indices):
        raise Invalid(f"{list(indices)} are no elements of axis {axis} of {source}")
    return [replace(source, shape=(*source.shape[:axis], len(indices), *source.shape[axis + 1 :]))]


define(
    OpDefinition(
        "tensor.gather",
        "Chosen elements along an axis, in any order and any number of times.",
        operands=("source",),
        results=("value",),
        attributes=(
            Attribute("axis", "int", "along which axis"),
            Attribute("indices", "ints", "where each element of the result comes from"),
        ),
        infer=_infer_gather,
        verify=_keeps_elements,
        example="%y = tensor.gather %x {axis = 0, indices = [3, 1, 1]} : "
        "(tensor<4xf32>) -> tensor<3xf32>",
    )
)


def _verify_broadcast(context: OpContext, results: Sequence[Type]) -> None:
    source, target = context.types[0], results[0]
    if element_of(target) != element_of(source):
        raise Invalid(f"broadcast keeps elements: {source} cannot become {target}")
    old, new = shape_of(source), shape_of(target)
    more = len(new) - len(old)
    fits = more >= 0 and all(
        have == want or (have == 1 and want is not None)
        for have, want in zip((1,) * more + old, new, strict=True)
    )
    if not fits:
        raise Invalid(
            f"{source} cannot become {target}: only axes of length 1, and new ones in front, repeat"
        )


define(
    OpDefinition(
        "tensor.broadcast",
        "Repeats along axes of length 1, and along new ones in front; the lengths are known.",
        operands=("source",),
        results=("value",),
        verify=_verify_broadcast,
        example="%y = tensor.broadcast %x : (tensor<1x4xf32>) -> tensor<2x3x4xf32>",
    )
)


def _infer_repeat(context: OpContext) -> list[Type]:
    source = replace(tensor(context, 0, "the source"), encoding=None)
    like = tensor(context, 1, "what it is as long as")
    axis = check_axis(context.attributes["axis"], source)
    along = check_axis(context.attributes["along"], like)
    if source.shape[axis] != 1:
        raise Invalid(f"axis {axis} of {source} cannot be repeated: its length is not 1")
    shape = (*source.shape[:axis], like.shape[along], *source.shape[axis + 1 :])
    return [replace(source, shape=shape)]


define(
    OpDefinition(
        "tensor.repeat",
        "The one element along an axis as often as another value is long along one of its own.",
        operands=("source", "like"),
        results=("value",),
        attributes=(
            Attribute("axis", "int", "the axis that repeats"),
            Attribute("along", "int", "the axis of `like` that says how often"),
        ),
        infer=_infer_repeat,
        example="%y = tensor.repeat %x, %like {axis = 0, along = 1} : "
        "(tensor<1x4xf32>, tensor<?x?x2xf32>) -> tensor<?x4xf32>",
    )
)
