"""Recipes for `tensor`."""

from __future__ import annotations

from itertools import permutations
from math import prod

from lstmir.ir.operation import Value
from lstmir.ir.types import I1, TensorType, Type, element_of, is_static, of_shape, shape_of
from tests.strategies.program import Program
from tests.strategies.recipes import recipe


def _is_tensor(type_: Type) -> bool:
    return isinstance(type_, TensorType)


def _tensor(p: Program) -> Value:
    def make() -> Type:
        element = I1 if p.chance(0.1) else p.number()
        return of_shape(p.shape() or (2,), element)

    return p.value(_is_tensor, make)


@recipe("tensor.constant")
def _constant(p: Program) -> None:
    shape = tuple(size for size in p.shape() if size is not None) or (2,)
    p.constant(TensorType(shape, p.number()))


@recipe("tensor.reshape")
def _reshape(p: Program) -> None:
    source = _tensor(p)
    shape = shape_of(source.type)
    target: tuple[int | None, ...] = shape
    if is_static(shape):
        count = prod(shape)
        factor = p.random.choice([n for n in range(1, count + 1) if count % n == 0] or [1])
        target = p.random.choice(((count,), (factor, count // factor), (1, count), shape))
    elif p.chance(0.6):
        target = p.random.choice(((1, *shape), (*shape, 1)))
    p.add("tensor.reshape", [source], TensorType(target, element_of(source.type)))


@recipe("tensor.transpose")
def _transpose(p: Program) -> None:
    value = _tensor(p)
    orders = list(permutations(range(len(shape_of(value.type)))))
    for _ in range(p.random.randint(1, 2)):
        value = p.add("tensor.transpose", [value], order=p.random.choice(orders)).result


@recipe("tensor.slice")
def _slice(p: Program) -> None:
    source = _tensor(p)
    shape = shape_of(source.type)
    axis = p.random.randrange(len(shape)) if shape else 0
    length = shape[axis] if shape else None
    if not shape or length == 0:
        return
    if length is None:
        p.add("tensor.slice", [source], axis=axis, start=-1, size=1)
        return
    start = 0 if p.chance(0.5) else p.random.randrange(length)
    size = length - start if p.chance(0.5) else p.random.randint(1, length - start)
    p.add("tensor.slice", [source], axis=axis, start=start, size=size)


@recipe("tensor.concat")
def _concat(p: Program) -> None:
    first = _tensor(p)
    shape, element = shape_of(first.type), element_of(first.type)
    static = [axis for axis, size in enumerate(shape) if size is not None]
    if not static:
        return
    axis = p.random.choice(static)

    def fits(type_: Type) -> bool:
        other = shape_of(type_)
        return (
            _is_tensor(type_) and element_of(type_) == element and len(other) == len(shape)
            and all(k == axis or other[k] == shape[k] for k in range(len(shape)))
            and other[axis] is not None
        )  # fmt: skip

    rest = [
        p.value(fits, lambda: TensorType(shape, element)) for _ in range(p.random.randint(0, 2))
    ]
    p.add("tensor.concat", [first, *rest], axis=axis)
