"""Recipes for `rnn`: networks, and loops whose bodies are random programs themselves."""

from __future__ import annotations

from lstmir.dialects.fx import OVERFLOWS, ROUNDINGS
from lstmir.dialects.rnn import DIRECTIONS, scan_results
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import (
    ElementType,
    TensorType,
    Type,
    element_of,
    is_fixed,
    of_shape,
    shape_of,
    with_element,
    without_encoding,
)
from lstmir.numeric.fixed import MAX_STORED_WIDTH, FixedType
from tests.strategies.program import Program
from tests.strategies.recipes import RECIPES, names_at, recipe

DEEPEST = 2


@recipe("rnn.lstm", levels=(1,))
def _lstm(p: Program) -> None:
    hidden, features = p.random.randint(1, 3), p.random.randint(1, 3)
    time, batch = p.random.choice((None, 2)), p.random.choice((None, 1, 2))
    direction = p.random.choice(DIRECTIONS)
    d = 2 if direction == "bidirectional" else 1

    def given(*shape: int | None) -> Value:
        type_ = TensorType(shape, p.element)
        return p.value(lambda other: other == type_, lambda: type_)

    parts = [[given(time, batch, features)], [given(d, 4 * hidden, features)]]
    parts.append([given(d, 4 * hidden, hidden)])
    parts.append([given(d, 8 * hidden)] if p.chance(0.5) else [])
    parts += (
        [given(d, p.random.choice((1, batch)), hidden)] if p.chance(0.5) else [] for _ in range(2)
    )
    p.add(
        "rnn.lstm", [value for part in parts for value in part],
        segments=tuple(map(len, parts)), hidden_size=hidden, direction=direction,
    )  # fmt: skip


@recipe("rnn.scan", "rnn.yield", levels=(2, 3))
def _scan(p: Program) -> None:
    if p.depth == DEEPEST:
        return
    inputs = _sequences(p)
    states = [_state(p) for _ in range(p.random.randint(0, 2))]
    op = Operation(
        "rnn.scan", (), {"segments": (len(inputs), len(states), 0)}, [_body(p, inputs, states)]
    )
    if p.chance(0.4):
        op.attributes["direction"] = p.random.choice(DIRECTIONS[:2])
    p.region.insert(op, [*inputs, *states])
    inside = p.inside(op.regions[0])
    for value in p.random.sample(p.pool, min(len(p.pool), p.random.randint(0, 2))):
        inside.capture(value)
    for _ in range(p.random.randint(0, 4)):
        RECIPES[p.random.choice(names_at(p.level))](inside)
    nexts = [_next(inside, value.type) for value in states]
    emits = p.random.choices(inside.pool, k=p.random.randint(0 if states else 1, 2))
    inside.build.end("rnn.yield", [*nexts, *emits], segments=(len(nexts), len(emits)))
    op.result_types = [without_encoding(type_) for type_ in scan_results(op)]
    op.result_names = [p.name() for _ in op.result_types]
    p.pool += op.results


def _sequences(p: Program) -> list[Value]:
    """One or two inputs that agree in time."""
    time = p.random.choice((None, 1, 3))

    def given() -> Value:
        def fits(type_: Type) -> bool:
            return isinstance(type_, TensorType) and shape_of(type_)[:1] == (time,)

        return p.value(fits, lambda: TensorType((time, *p.shape()), p.number()))

    return [given() for _ in range(p.random.randint(1, 2))]


def _state(p: Program) -> Value:
    """A value that is not stored as a constant: the next state is none."""

    def fits(type_: Type) -> bool:
        return type_ == without_encoding(type_)

    return p.value(fits, p.type)


def _body(p: Program, inputs: list[Value], states: list[Value]) -> Region:
    steps = [of_shape(shape_of(v.type)[1:], element_of(v.type)) for v in inputs]
    types = [*steps, *(v.type for v in states)]
    return Region(types, [p.name() for _ in types])


def _next(inside: Program, type_: Type) -> Value:
    """The next state: a value of its type, or one requantized to it."""
    element = element_of(type_)
    source = inside.random.choice(inside.pool)
    if (
        not _storable(element)
        or not is_fixed(source.type)
        or shape_of(source.type) != shape_of(type_)
    ):
        return inside.random.choice([v for v in inside.pool if v.type == type_])
    op = inside.add(
        "fx.requantize", [source], with_element(source.type, element),
        rounding=inside.random.choice(ROUNDINGS), overflow=inside.random.choice(OVERFLOWS),
    )  # fmt: skip
    return op.result


def _storable(element: ElementType) -> bool:
    return isinstance(element, FixedType) and element.width <= MAX_STORED_WIDTH
