"""How operations are added to a random program: all the recipes of a level, by name.

A recipe follows from the operation table (see `from_table`). Written by hand are only those where
chance would hardly find anything legal, or anything that runs:

- `tensor.constant` names an array, which has to be there;
- `arith.div` by a constant becomes a product, and only the reciprocal of a power of two is exact:
  behind another, a comparison could turn;
- `tensor.repeat` takes two values that have nothing in common;
- `fx.lookup` has a table whose length follows from the index, and one for all samples;
- `rnn.lstm` and `rnn.scan` (see `recurrences`) have groups of operands that agree in many sizes,
  and a body that is a program itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

import numpy as np

from lstmir import dialects
from lstmir.ir.definition import DEFINITIONS
from lstmir.ir.operands import constant_of
from lstmir.ir.types import FloatType, TensorType, Type, element_of, of_shape, shape_of
from lstmir.numeric.fixed import FixedType
from tests.strategies.from_table import from_table
from tests.strategies.program import Program

dialects.load()

Recipe = Callable[[Program], None]
WRITTEN: dict[int, dict[str, Recipe]] = {1: {}, 2: {}, 3: {}}

LOWERED = ("tile.", "rtl.")
"""The dialects of levels 4 and 5: their programs are made by lowering, or by `rtl`."""

ONLY_AT = {"linalg.linear": (1,), "linalg.matvec": (2, 3)}
"""What types do not tell: `expand-cells` puts one in place of the other."""


def recipe(*names: str, levels: tuple[int, ...]) -> Callable[[Recipe], Recipe]:
    """Enter a recipe for operations that occur at some levels."""

    def enter(make: Recipe) -> Recipe:
        for level in levels:
            WRITTEN[level].update(dict.fromkeys(names, make))
        return make

    return enter


def recipes_at(level: int) -> Mapping[str, Recipe]:
    """The recipes of a level, for all operations of the table that occur there."""
    return _recipes_at(level, tuple(DEFINITIONS))


@cache
def _recipes_at(level: int, names: tuple[str, ...]) -> Mapping[str, Recipe]:
    found = dict(WRITTEN[level])
    by_hand = {name for recipes in WRITTEN.values() for name in recipes}
    for name in names:
        elsewhere = name in by_hand or name.startswith(LOWERED)
        if elsewhere or level not in ONLY_AT.get(name, (level,)):
            continue
        derived = from_table(DEFINITIONS[name], level)
        if derived is not None:
            found[name] = derived
    return found


@recipe("tensor.constant", levels=(1, 2, 3))
def _constant(p: Program) -> None:
    shape = tuple(size for size in p.shape() if size is not None) or (2,)
    p.constant(TensorType(shape, p.number()))


@recipe("arith.div", levels=(1, 2))
def _div(p: Program) -> None:
    dividend = p.value(lambda type_: isinstance(element_of(type_), FloatType), p.type)
    computed = [
        value
        for value in p.pool
        if value.type == dividend.type and constant_of(value, p.module.resources) is None
    ]
    if computed and p.chance(0.3):
        p.add("arith.div", [dividend, p.random.choice(computed)])
        return
    size = next(iter(reversed(shape_of(dividend.type))), None) or 1
    powers = np.array([p.random.choice((0.25, -0.5, 1, -1, 2, 8)) for _ in range(size)])
    type_ = TensorType((size,), element_of(dividend.type))
    p.add("arith.div", [dividend, p.keep(p.build.constant(powers, type_, "d"))])


@recipe("tensor.repeat", levels=(1, 2, 3))
def _repeat(p: Program) -> None:
    like = p.value(lambda type_: bool(shape_of(type_)), p.type)
    if not shape_of(like.type):
        return
    shape = list(p.shape())
    axis = p.random.randrange(len(shape) + 1)
    shape.insert(axis, 1)
    source = p.value(
        lambda type_: shape_of(type_) == tuple(shape), lambda: of_shape(tuple(shape), p.number())
    )
    p.add(
        "tensor.repeat",
        [source, like],
        axis=axis,
        along=p.random.randrange(len(shape_of(like.type))),
    )


@recipe("fx.lookup", levels=(3,))
def _lookup(p: Program) -> None:
    def is_index(type_: Type) -> bool:
        element = element_of(type_)
        return isinstance(element, FixedType) and element.width <= 4

    index = p.value(is_index, lambda: of_shape(p.shape(), p.fixed(4)))
    element = element_of(index.type)
    assert isinstance(element, FixedType)
    table = p.constant(TensorType((1 << element.width,), p.fixed()))
    p.add("fx.lookup", [table, index])
