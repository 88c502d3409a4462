"""An operation that is new in the table occurs in random modules: nobody tells them of it."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest

from lstmir.dialects.shapes import check_axis, same_elements, tensor
from lstmir.ir.attributes import ATTRIBUTE_KINDS, Attribute
from lstmir.ir.context import OpContext
from lstmir.ir.definition import DEFINITIONS, OpDefinition
from lstmir.ir.diagnostics import Invalid
from lstmir.ir.equality import modules_equal
from lstmir.ir.module import Module
from lstmir.ir.operation import Operation
from lstmir.ir.region import Region
from lstmir.ir.types import F64, I1, FloatType, TensorType, Type, element_of, is_fixed, shape_of
from lstmir.ir.verify import verify
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module
from tests.strategies.candidates import attribute_values
from tests.strategies.modules import random_module
from tests.strategies.program import Program
from tests.strategies.recipes import recipes_at


def _outer(context: OpContext) -> Sequence[Type]:
    rows, columns = tensor(context, 0, "the left", 1), tensor(context, 1, "the right", 1)
    if not isinstance(same_elements(context.types), FloatType):
        raise Invalid("expected floats")
    return [TensorType((*rows.shape, *columns.shape), rows.element)]


def _cut(context: OpContext) -> Sequence[Type]:
    source = tensor(context, 0, "the source")
    axis, place = check_axis(context.attributes["axis"], source), context.attributes["place"]
    length = source.shape[axis]
    if source.encoding is not None or length is None or not 0 < place < length:
        raise Invalid("the place is not inside")
    rest = source.shape[axis + 1 :]
    return [
        TensorType((*source.shape[:axis], size, *rest), source.element)
        for size in (place, length - place)
    ]


def _check_scaled(context: OpContext, results: Sequence[Type]) -> None:
    before, after = element_of(context.types[0]), element_of(results[0])
    if not is_fixed(before) or not is_fixed(after) or before.width != after.width:
        raise Invalid("expected a format of the same width")
    if shape_of(context.types[0]) != shape_of(results[0]):
        raise Invalid("the shape stays")


def _check_fill(context: OpContext, results: Sequence[Type]) -> None:
    if shape_of(results[0]) != context.attributes["shape"]:
        raise Invalid("the result has the shape that the attribute says")


def _masked(context: OpContext) -> Sequence[Type]:
    mask, *rest = context.types
    if element_of(mask) != I1 or any(type_ != rest[0] for type_ in rest):
        raise Invalid("expected a mask and values of one type")
    return [TensorType((len(rest), *shape_of(rest[0])), element_of(rest[0]))]


NEW = {
    "two vectors of floats": OpDefinition(
        "new.outer", "", operands=("left", "right"), results=("product",), infer=_outer
    ),
    "integers that fit the shape, and two results": OpDefinition(
        "new.cut", "", operands=("source",), results=("low", "high"), infer=_cut,
        attributes=(Attribute("axis", "int", ""), Attribute("place", "int", "")),
    ),
    "a written type": OpDefinition(
        "new.scaled", "", operands=("source",), results=("value",), verify=_check_scaled,
        attributes=(Attribute("mode", "str", "", choices=("up", "down")),),
    ),
    "no operand": OpDefinition(
        "new.fill", "", results=("value",), verify=_check_fill,
        attributes=(Attribute("shape", "ints", ""), Attribute("with", "float", "", False)),
    ),
    "operands of two kinds, as many as one likes": OpDefinition(
        "new.masked", "", operands=("mask", "first", "rest*"), results=("values",), infer=_masked
    ),
}  # fmt: skip
LEVELS = {"new.outer": (1, 2), "new.scaled": (3,)}


@pytest.mark.parametrize("definition", NEW.values(), ids=list(NEW))
def test_it_occurs_and_is_legal_and_is_read_back(
    definition: OpDefinition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(DEFINITIONS, definition.name, definition)
    for level in (1, 2, 3):
        modules = [random_module(Random(seed), level, operations=10) for seed in range(200)]
        found = [op for module in modules for op in _named(module, definition.name)]
        assert (len(found) >= 10) == (level in LEVELS.get(definition.name, (1, 2, 3)))
        for module in modules[:50]:
            verify(module)
            assert modules_equal(module, parse_module(print_module(module)))


def _named(module: Module, name: str) -> list[Operation]:
    return [op for op in module.walk() if op.name == name]


def test_operands_and_attributes_are_diverse(monkeypatch: pytest.MonkeyPatch) -> None:
    masked = NEW["operands of two kinds, as many as one likes"]
    monkeypatch.setitem(DEFINITIONS, masked.name, masked)
    modules = [random_module(Random(seed), 2, operations=10) for seed in range(200)]
    counts = {len(op.operands) for module in modules for op in _named(module, masked.name)}
    assert {2, 3, 4} <= counts
    names = ("axis", "start", "size")
    slices = [op for module in modules for op in _named(module, "tensor.slice")]
    assert len({tuple(op.attributes[name] for name in names) for op in slices}) > 10


@pytest.mark.parametrize("kind", ATTRIBUTE_KINDS)
def test_every_kind_of_attribute_has_legal_values(kind: str) -> None:
    attribute = Attribute("a", kind, "")
    p = Program(Random(0), Module("m"), Region(), 1)
    for type_ in (F64, TensorType((None, 2, 3), F64)):
        values = attribute_values(p, attribute, type_)
        assert len(values) > (kind != "symbol")
        for value in values:
            attribute.check(value, "new.op")


@pytest.mark.parametrize("level", [1, 2, 3])
def test_without_it_there_is_no_recipe(level: int) -> None:
    assert not [name for name in recipes_at(level) if name.startswith("new.")]
