"""Random well-typed modules of levels 1 to 3, and arrays to run them on."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
from hypothesis import strategies as st

from lstmir.ir.builder import Builder
from lstmir.ir.module import Function, Module
from lstmir.ir.region import Region
from lstmir.ir.types import F32, F64, I1, FloatType, TensorType, element_of, shape_of
from lstmir.numeric.carriers import as_carrier
from lstmir.numeric.fixed import FixedType
from tests.strategies import recurrences
from tests.strategies.program import Program
from tests.strategies.recipes import recipes_at

# Importing it has entered its recipes.
assert recurrences

DYNAMIC_LENGTH = 3


def modules(level: int | None = None, operations: int = 8) -> st.SearchStrategy[Module]:
    """Modules of a level, or of any.

    Half of them are made by choices that hypothesis can shrink; the others are more diverse.
    """
    randoms = st.one_of(
        st.randoms(use_true_random=False), st.integers(0, 2**32).map(lambda seed: Random(seed))
    )
    return randoms.map(lambda random: random_module(random, level, operations))


def random_module(random: Random, level: int | None = None, operations: int = 8) -> Module:
    """A module that verifies."""
    level = level or random.randint(1, 3)
    module = Module("test", _attributes(random, 2))
    names = ["main", "helper"] if random.random() < 0.1 else ["main"]
    for name in names:
        region = Region()
        module.functions[name] = Function(name, region, _attributes(random, 1))
        _fill(Program(random, module, region, level), random.randint(0, operations))
    return module


def _fill(program: Program, operations: int) -> None:
    recipes = list(recipes_at(program.level).values())
    for _ in range(operations):
        program.random.choice(recipes)(program)
    if not program.pool:
        program.fresh(program.type())
    some = program.random.choices(program.pool, k=program.random.randint(1, 3))
    results = program.pool if program.chance(0.6) else some
    plain = [v for v in results if not (isinstance(v.type, TensorType) and v.type.encoding)]
    Builder(program.module, program.region).end("return", plain)


def _attributes(random: Random, depth: int) -> dict[str, Any]:
    keys = random.sample(("a", "b.c", "size", "f32", "true", "tensor"), random.randint(0, depth))
    return {key: _attribute(random, depth) for key in keys}


def _attribute(random: Random, depth: int) -> Any:
    kind = random.randint(0, 7 if depth else 5)
    if kind == 6:
        return tuple(_attribute(random, depth - 1) for _ in range(random.randint(0, 2)))
    if kind == 7:
        return _attributes(random, depth - 1)
    return (
        random.randint(-(2**70), 2**70),
        random.choice((0.0, -0.0, 1.5, 1e-7, -3e300)),
        random.random() < 0.5,
        random.choice(("", "plain", 'quote " and \\', "über\n", "\ud800", "// no comment", "%x")),
        random.choice((F32, I1, FixedType(True, 8, -3), TensorType((None, 2), F64))),
        1,
    )[kind]


def inputs_of(module: Module, seed: int, samples: int) -> list[np.ndarray]:
    """Stacks [samples, …] for the parameters of the main function."""
    rng = Random(seed)
    arrays = []
    for value in module.main.parameters:
        shape = [DYNAMIC_LENGTH if size is None else size for size in shape_of(value.type)]
        element = element_of(value.type)
        program = Program(rng, module, module.main.region, 1)
        count = samples * int(np.prod(shape))
        flat = [program.integer(element) for _ in range(count)]
        array = np.array(flat, object).reshape(samples, *shape)
        if isinstance(element, FixedType):
            arrays.append(as_carrier(array, element))
        elif isinstance(element, FloatType):
            arrays.append(array.astype(f"f{element.width // 8}") / 4)
        else:
            arrays.append(array.astype(bool))
    return arrays
