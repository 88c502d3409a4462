"""How each operation of levels 1 to 3 is added to a random program, by the operation's name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lstmir import dialects
from lstmir.dialects.arith import PREDICATES
from lstmir.dialects.fx import OVERFLOWS, ROUNDINGS
from lstmir.dialects.rnn import DIRECTIONS, scan_results
from lstmir.ir.definition import DEFINITIONS
from lstmir.ir.operation import Operation, Region, Value
from lstmir.ir.types import (
    I1,
    TensorType,
    Type,
    element_of,
    is_fixed,
    is_float,
    is_static,
    of_shape,
    shape_of,
    with_element,
)
from lstmir.numeric.fixed import MAX_STORED_WIDTH, FixedType
from tests.strategies.program import Program, is_number, is_truth

dialects.load()

Recipe = Callable[[Program], None]
RECIPES: dict[str, Recipe] = {}
LEVELS: dict[str, tuple[int, ...]] = {}


def recipe(*names: str, levels: tuple[int, ...] = (1, 2, 3)) -> Callable[[Recipe], Recipe]:
    """Enter a recipe for operations that occur at some levels."""

    def enter(make: Recipe) -> Recipe:
        for name in names:
            RECIPES[name] = make
            LEVELS[name] = levels
        return make

    return enter


def names_at(level: int) -> list[str]:
    """The operations that have a recipe at a level."""
    return [name for name in RECIPES if level in LEVELS[name]]


# --- arith, math: operands by number of names in the table


def _elementwise(name: str, fits: Callable[[Type], bool]) -> Recipe:
    names = DEFINITIONS[name].operands

    def make(p: Program) -> None:
        many = p.random.randint(0, 2) if names[-1].endswith("*") else 1
        count = len(names) - 1 + many
        p.add(name, operands(p, count, fits, truth_or_number(p, fits)))

    return make


def truth_or_number(p: Program, fits: Callable[[Type], bool]) -> Callable[[], Type]:
    """Makes types that fit."""
    return lambda: of_shape(p.shape(), I1 if fits is is_truth else p.number())


def operands(
    p: Program, count: int, fits: Callable[[Type], bool], make: Callable[[], Type]
) -> list[Value]:
    """Values that can be broadcast together."""
    found = [p.value(fits, make)]
    while len(found) < count:
        found.append(p.beside(found, fits, make))
    return found


for _name in ("arith.add", "arith.sub", "arith.mul", "arith.neg"):
    recipe(_name)(_elementwise(_name, is_number))
for _name in ("arith.and", "arith.or", "arith.not"):
    recipe(_name)(_elementwise(_name, is_truth))


@recipe("arith.compare")
def _compare(p: Program) -> None:
    pair = operands(p, 2, is_number, p.type)
    p.add("arith.compare", pair, predicate=p.random.choice(PREDICATES))


@recipe("arith.select")
def _select(p: Program) -> None:
    branches = operands(p, 2, is_number, p.type)
    condition = p.beside(branches, is_truth, lambda: of_shape(p.shape(), I1))
    p.add("arith.select", [condition, *branches])


def _has_image(type_: Type) -> bool:
    """Floats, or formats whose real functions are quickly computed."""
    element = element_of(type_)
    if isinstance(element, FixedType):
        return element.width <= 10 and abs(element.width - element.frac) <= 6
    return is_float(type_)


def _function(name: str) -> Recipe:
    def make(p: Program) -> None:
        source = p.value(_has_image, lambda: of_shape(p.shape(), _narrow(p)))
        type_ = with_element(source.type, p.fixed(12)) if is_fixed(source.type) else None
        plain = type_ or with_element(source.type, element_of(source.type))
        p.add(name, [source], plain)

    return make


def _narrow(p: Program) -> FixedType | object:
    return p.element


for _name in DEFINITIONS:
    if _name.startswith("math."):
        recipe(_name)(_function(_name))
