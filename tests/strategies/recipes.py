"""How an operation is added to a random program, by the operation's name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lstmir import dialects
from lstmir.dialects.arith import PREDICATES
from lstmir.dialects.fx import OVERFLOWS, ROUNDINGS
from lstmir.ir.definition import DEFINITIONS
from lstmir.ir.operation import Value
from lstmir.ir.types import (
    I1,
    ElementType,
    TensorType,
    Type,
    element_of,
    is_fixed,
    is_float,
    of_shape,
    shape_of,
    with_element,
)
from lstmir.numeric.fixed import MAX_STORED_WIDTH, FixedType
from tests.strategies.program import Fits, Program, is_number, is_truth

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


def operands(p: Program, count: int, fits: Fits, make: Callable[[], Type]) -> list[Value]:
    """Values that can be broadcast together."""
    found = [p.value(fits, make)]
    while len(found) < count:
        found.append(p.beside(found, fits, make))
    return found


def _elementwise(name: str, fits: Fits, element: Callable[[Program], ElementType]) -> Recipe:
    """As many operands as the table has names for, and up to two more for a `*`."""
    names = DEFINITIONS[name].operands

    def make(p: Program) -> None:
        many = names[-1].endswith("*")
        count = len(names) + (p.random.randint(-1, 1) if many else 0)
        p.add(name, operands(p, count, fits, lambda: of_shape(p.shape(), element(p))))

    return make


for _name in ("arith.add", "arith.sub", "arith.mul", "arith.neg"):
    recipe(_name)(_elementwise(_name, is_number, lambda p: p.number()))
for _name in ("arith.and", "arith.or", "arith.not"):
    recipe(_name)(_elementwise(_name, is_truth, lambda p: I1))


@recipe("arith.compare")
def _compare(p: Program) -> None:
    pair = operands(p, 2, is_number, p.type)
    p.add("arith.compare", pair, predicate=p.random.choice(PREDICATES))


@recipe("arith.select")
def _select(p: Program) -> None:
    branches = operands(p, 2, is_number, p.type)
    condition = p.beside(branches, is_truth, lambda: I1)
    p.add("arith.select", [condition, *branches])


def _function(name: str) -> Recipe:
    """On fixed point, of operands whose exact images are quickly computed."""
    signed = name not in ("math.log", "math.sqrt")

    def fits(type_: Type) -> bool:
        element = element_of(type_)
        if not isinstance(element, FixedType):
            return is_float(type_)
        quick = element.width <= 10 and abs(element.width - element.frac) <= 5
        return quick and element.signed <= signed

    def make(p: Program) -> None:
        def element_type() -> ElementType:
            width = p.random.randint(1, 10)
            frac = width + p.random.randint(-5, 5)
            return FixedType(signed and p.chance(0.7), width, frac) if p.level == 3 else p.element

        source = p.value(fits, lambda: of_shape(p.shape(), element_type()))
        element = p.fixed(12) if is_fixed(source.type) else element_of(source.type)
        p.add(name, [source], with_element(source.type, element))

    return make


for _name in DEFINITIONS:
    if _name.startswith("math."):
        recipe(_name)(_function(_name))


def _is_matrix(type_: Type) -> bool:
    return is_number(type_) and len(shape_of(type_)) == 2 and None not in shape_of(type_)


def _matrix(p: Program) -> Type:
    return TensorType((p.random.randint(1, 4), p.random.randint(1, 4)), p.number())


def _matching(p: Program, matrix: Value, lead: Sequence[int | None], exact: bool) -> Value:
    """A value whose last axis a matrix can multiply; `exact` is for one without other axes."""
    columns = shape_of(matrix.type)[1]

    def fits(type_: Type) -> bool:
        shape = shape_of(type_)
        right = bool(shape) and shape[-1] == columns and (len(shape) == 1 or not exact)
        return right and is_number(type_)

    return p.value(fits, lambda: TensorType((*lead, columns), p.number()))


@recipe("linalg.matvec", levels=(2, 3))
def _matvec(p: Program) -> None:
    matrix = p.value(_is_matrix, lambda: _matrix(p))
    p.add("linalg.matvec", [matrix, _matching(p, matrix, (), exact=True)])


@recipe("linalg.linear", levels=(1,))
def _linear(p: Program) -> None:
    matrix = p.value(_is_matrix, lambda: _matrix(p))
    lead = p.random.choice(((), (2,), (None,), (None, None)))
    p.add("linalg.linear", [matrix, _matching(p, matrix, lead, exact=False)])


@recipe("fx.requantize", levels=(3,))
def _requantize(p: Program) -> None:
    source = p.value(is_fixed, p.type)
    # Often to the format that it has: that changes nothing, and clean-ups know it.
    element = element_of(source.type) if p.chance(0.3) else p.fixed(MAX_STORED_WIDTH)
    if isinstance(element, FixedType) and element.width > MAX_STORED_WIDTH:
        element = p.fixed()
    p.add(
        "fx.requantize", [source], with_element(source.type, element),
        rounding=p.random.choice(ROUNDINGS), overflow=p.random.choice(OVERFLOWS),
    )  # fmt: skip


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
