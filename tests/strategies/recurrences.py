"""Recipes for `rnn`: layers, and loops whose bodies are random programs themselves."""

from __future__ import annotations

from collections.abc import Sequence

from lstmir.dialects.fx import OVERFLOWS, ROUNDINGS
from lstmir.dialects.rnn import scan_results
from lstmir.ir.context import OpContext
from lstmir.ir.definition import DEFINITIONS, OpDefinition
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import (
    F64,
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
from tests.strategies.recipes import Recipe, recipe, recipes_at
from tests.strategies.rules import inferred, stand_in

DEEPEST = 2
_REQUIRED = {"", "weights", "recurrence"}


def _layer(definition: OpDefinition) -> Recipe:
    """A layer of any sizes, with any of its optional parts."""
    gates, directions = _gates(definition), _directions(definition)

    def make(p: Program) -> None:
        hidden, features = p.random.randint(1, 3), p.random.randint(1, 3)
        time, batch = p.random.choice((None, 2)), p.random.choice((None, 1, 2))
        direction = p.random.choice(directions)
        d, rows = 2 if direction == "bidirectional" else 1, gates * hidden
        shapes = {
            "": (time, batch, features), "weights": (d, rows, features),
            "recurrence": (d, rows, hidden), "bias": (d, 2 * rows),
            "initial_h": (d, p.random.choice((1, batch)), hidden),
            "initial_c": (d, p.random.choice((1, batch)), hidden),
        }  # fmt: skip
        given = [part for part in shapes if part in _REQUIRED or p.chance(0.5)]
        sizes = {part: int(part in given) for part in shapes}
        parts = [group.keyword for group in definition.groups if sizes.get(group.keyword)]
        p.add(
            definition.name, [_tensor(p, shapes[part]) for part in parts],
            segments=tuple(sizes.get(group.keyword, 0) for group in definition.groups),
            hidden_size=hidden, direction=direction,
        )  # fmt: skip

    return make


def _gates(definition: OpDefinition) -> int:
    """How many rows of its matrices a layer has for a unit: as many as the table accepts."""
    segments = tuple(int(group.keyword in _REQUIRED) for group in definition.groups)
    attributes = {"segments": segments, "hidden_size": 1, "direction": "forward"}

    def fits(gates: int) -> bool:
        shapes = (1, 1, 1), (1, gates, 1), (1, gates, 1)
        operands = [stand_in(TensorType(shape, F64)) for shape in shapes]
        return inferred(definition, OpContext(operands, attributes, {})) is not None

    return next(gates for gates in range(1, 9) if fits(gates))


def _directions(definition: OpDefinition) -> Sequence[str]:
    """How an operation can read its input."""
    return next(each.choices for each in definition.attributes if each.name == "direction")


def _tensor(p: Program, shape: tuple[int | None, ...]) -> Value:
    type_ = TensorType(shape, p.element)
    return p.value(lambda other: other == type_, lambda: type_)


for _definition in DEFINITIONS.values():
    if _REQUIRED <= {group.keyword for group in _definition.groups}:
        recipe(_definition.name, levels=(1,))(_layer(_definition))


@recipe("rnn.scan", "rnn.yield", levels=(2, 3))
def _scan(p: Program) -> None:
    if p.depth == DEEPEST:
        return
    inputs = _sequences(p)
    states = [_state(p) for _ in range(p.random.randint(0, 2))]
    sizes = {"": len(inputs), "state": len(states)}
    segments = tuple(sizes.get(group.keyword, 0) for group in DEFINITIONS["rnn.scan"].groups)
    op = Operation("rnn.scan", (), {"segments": segments}, [_body(p, inputs, states)])
    if p.chance(0.4):
        op.attributes["direction"] = p.random.choice(_directions(DEFINITIONS["rnn.scan"]))
    p.region.insert(op, [*inputs, *states])
    inside = p.inside(op.regions[0])
    for value in p.random.sample(p.pool, min(len(p.pool), p.random.randint(0, 2))):
        inside.capture(value)
    for _ in range(p.random.randint(0, 4)):
        p.random.choice(list(recipes_at(p.level).values()))(inside)
    nexts = [_next(inside, value.type) for value in states]
    emits = p.random.choices(inside.pool, k=p.random.randint(0 if states else 1, 2))
    inside.build.end("rnn.yield", [*nexts, *emits], segments=(len(nexts), len(emits)))
    op.result_types = [without_encoding(type_) for type_ in scan_results(op)]
    op.result_names = [p.name() for _ in op.result_types]
    p.keep_results(op)


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
        "fx.requantize", [source], [with_element(source.type, element)],
        rounding=inside.random.choice(ROUNDINGS), overflow=inside.random.choice(OVERFLOWS),
    )  # fmt: skip
    return op.result


def _storable(element: ElementType) -> bool:
    return isinstance(element, FixedType) and element.width <= MAX_STORED_WIDTH
