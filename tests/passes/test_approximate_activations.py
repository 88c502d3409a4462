"""`approximate-activations`: the bound that it states holds at every operand, and is met at one."""

from __future__ import annotations

import itertools
from random import Random

import numpy as np
import pytest

from lstmir.interpreter.run import run_samples
from lstmir.ir.builder import Builder
from lstmir.ir.module import Function, Module
from lstmir.ir.operation import Operation
from lstmir.ir.region import Region
from lstmir.ir.types import Type, element_of, shape_of
from lstmir.numeric import FixedType
from lstmir.numeric.arrays import as_carrier
from lstmir.numeric.functions import FUNCTIONS, domain, evaluate
from lstmir.pipeline.text import parse_pipeline
from tests.passes.levels import apply, refusal

MONOTONE = sorted(set(FUNCTIONS) - {"abs"})
SMOOTH = sorted(set(MONOTONE) - {"log"})
"""A logarithm is too steep at zero for a wide operand that is rounded."""
FOLDED = ("sigmoid", "softsign", "tanh")
BYTE, GATE = FixedType(True, 8, 4), FixedType(False, 8, 8)
OPTIONS = [(error, fold) for error in (0, 1, 3) for fold in (False, True)]


def function_of(
    name: str, source: FixedType, target: FixedType, wide: FixedType | None = None,
    overflow: str = "saturate",
) -> Module:  # fmt: skip
    """One function, behind a requantization of `wide` where there is one."""
    module, region = Module("one"), Region([wide or source], ["x"])
    build = Builder(module, region)
    operand = region.arguments[0]
    if wide:
        operand = build.value(
            "fx.requantize", operand, type=source, rounding="half_up", overflow=overflow
        )
    build.end("return", [build.value(f"math.{name}", operand, type=target, hint="y")])
    module.functions["main"] = Function("main", region)
    return module


def replaced(module: Module, error: int = 0, fold: bool = False) -> Module:
    options = f"max-error={error} fold={str(fold).lower()}"
    return apply(module, f"approximate-activations{{{options}}}")


def bound_of(module: Module) -> int:
    """What the last operation states; nothing means no difference."""
    return int(module.main.results[0].op.attributes.get("bound", 0))


def stored_bits(module: Module) -> int:
    types = [op.result.type for op in module.walk() if op.name == "tensor.constant"]
    return sum((shape_of(type_)[0] or 0) * fixed(type_).width for type_ in types)


def fixed(type_: Type) -> FixedType:
    element = element_of(type_)
    assert isinstance(element, FixedType)
    return element


def run(module: Module, operands: np.ndarray) -> np.ndarray:
    return run_samples(module, [as_carrier(operands, fixed(module.main.parameters[0].type))])[0]


def differences(name: str, source: FixedType, target: FixedType, module: Module,
                operands: np.ndarray) -> np.ndarray:  # fmt: skip
    wanted = evaluate(name, as_carrier(operands, source), source, target)
    return np.asarray(abs(run(module, operands).astype(object) - wanted.astype(object)))


def check(name: str, source: FixedType, target: FixedType, error: int, fold: bool) -> None:
    """Of all operands, the farthest from the correctly rounded result is as far as is stated."""
    module = replaced(function_of(name, source, target), error, fold)
    lo, hi = domain(name, source)
    found = differences(name, source, target, module, np.arange(lo, hi + 1))
    case = f"{name} {source} -> {target}, max-error={error} fold={fold}"
    assert found.max() == bound_of(module), case
    assert bound_of(module) <= error, case
    assert not any(op.name.startswith("math.") for op in module.walk()), case


def random_target(random: Random) -> FixedType:
    width = random.randint(1, 18)
    return FixedType(random.random() < 0.5, width, width - random.randint(-2, 4))


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
@pytest.mark.parametrize("width", range(1, 11))
def test_the_bound_of_small_formats(name: str, width: int) -> None:
    random = Random(f"{name} {width}")
    for signed in (False, True):
        for integer_bits in (-1, 2, 4):
            source = FixedType(signed, width, width - integer_bits)
            for error, fold in OPTIONS:
                check(name, source, random_target(random), error, fold)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
@pytest.mark.parametrize("width", [11, 13, 16])
def test_the_bound_of_a_sample(name: str, width: int) -> None:
    random = Random(f"{name} {width}")
    for error, fold in ((0, False), (1, False), (4, True)):
        source = FixedType(random.random() < 0.8, width, width - random.randint(0, 5))
        check(name, source, random_target(random), error, fold)


@pytest.mark.soak
@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_the_bound_of_many_formats(name: str) -> None:
    random = Random()
    for _ in range(1500):
        width = random.randint(1, 16)
        source = FixedType(random.random() < 0.8, width, width - random.randint(-4, 8))
        check(
            name,
            source,
            random_target(random),
            random.choice((0, 1, 2, 3, 8)),
            random.random() < 0.5,
        )


# -- wide operands -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", SMOOTH)
@pytest.mark.parametrize("fold", [False, True])
def test_operands_of_nineteen_bits(name: str, fold: bool) -> None:
    source, target = FixedType(True, 19, 15), FixedType(name != "sigmoid", 8, 4)
    module = replaced(function_of(name, source, target), 1, fold)
    lo, hi = domain(name, source)
    found = differences(name, source, target, module, np.arange(lo, hi + 1))
    assert found.max() <= bound_of(module) <= 1


@pytest.mark.parametrize("name", SMOOTH)
def test_operands_of_many_bits(name: str) -> None:
    random = np.random.default_rng(0)
    for width, frac in ((24, 12), (40, 30), (53, 48)):
        source, target = FixedType(True, width, frac), FixedType(True, 10, 5)
        module = replaced(function_of(name, source, target), 2)
        lo, hi = domain(name, source)
        scales = random.integers(0, width - 2, 3000)
        operands = (random.integers(source.min_int, source.max_int, 3000) >> scales).clip(lo, hi)
        found = differences(name, source, target, module, np.append(operands, [lo, hi]))
        assert found.max() <= bound_of(module) <= 2


def test_a_wide_operand_may_be_exact() -> None:
    """What is flat at both ends needs no more bits than lie between."""
    source, target = FixedType(True, 20, 6), FixedType(False, 8, 8)
    module = replaced(function_of("sigmoid", source, target))
    assert stored_bits(module) == 8 << 10
    assert not differences("sigmoid", source, target, module, np.arange(-(2**19), 2**19)).any()
    assert bound_of(module) == 0


WIDE = np.array([-(2**39), 1 - 2**39, -1, 0, 1, 2**38 + 129, 2**39 - 1])


@pytest.mark.parametrize(
    ("source", "target", "operands"),
    [
        (FixedType(True, 40, 20), FixedType(True, 30, 12), WIDE),
        (FixedType(True, 12, 7), FixedType(True, 12, 7), np.arange(-2048, 2048)),
        (FixedType(True, 9, 6), FixedType(False, 5, 3), np.arange(-256, 256)),
    ],
)
def test_magnitudes_need_no_table(
    source: FixedType, target: FixedType, operands: np.ndarray
) -> None:
    for name in ("abs", "relu"):
        module = replaced(function_of(name, source, target))
        assert stored_bits(module) == 0
        assert not differences(name, source, target, module, operands).any()


def test_sums_wider_than_any_memory() -> None:
    source, target = FixedType(True, 90, 70), FixedType(True, 8, 4)
    operands = np.array([source.min_int, -(2**72), -1, 0, 1, 2**69, source.max_int], object)
    module = replaced(function_of("relu", source, target), 1)
    assert differences("relu", source, target, module, operands).max() <= bound_of(module)
    said = refusal(function_of("abs", source, target), "approximate-activations{max-error=9}")
    assert said.endswith("has no form within max-error=9")


def test_a_bound_in_front_is_kept() -> None:
    module = function_of("sigmoid", BYTE, FixedType(True, 9, 6))
    build = Builder(module, module.main.region, before=module.main.region.end)
    outer = build.value("math.tanh", module.main.results[0], type=BYTE)
    module.main.region.set_operands(module.main.region.end, [outer])
    replaced(module, 1)
    assert [op.attributes["bound"] for op in module.walk() if "bound" in op.attributes] == [1, 1]


@pytest.mark.parametrize("name", ["tanh", "log"])
def test_a_budget_that_is_too_small_for_a_wide_operand(name: str) -> None:
    module = function_of(name, FixedType(True, 24, 20), FixedType(True, 16, 15))
    said = refusal(module, "approximate-activations{max-error=1}")
    assert said == (
        f"approximate-activations: 'math.{name}' of !fx.s<24,20> has no form within max-error=1"
    )


# -- which form --------------------------------------------------------------------------------


def operations(module: Module) -> list[str]:
    return [op.name for op in module.walk() if op.name not in ("tensor.constant", "return")]


@pytest.mark.parametrize("name", MONOTONE)
def test_more_error_is_never_dearer(name: str) -> None:
    source, target = FixedType(True, 10, 6), FixedType(True, 9, 5)
    for fold in (False, True):
        bits = [stored_bits(replaced(function_of(name, source, target), e, fold)) for e in range(6)]
        assert bits == sorted(bits, reverse=True)


@pytest.mark.parametrize("name", FOLDED)
@pytest.mark.parametrize("error", [0, 1])
def test_half_is_stored(name: str, error: int) -> None:
    target = GATE if name == "sigmoid" else FixedType(True, 8, 7)
    source = FixedType(True, 10, 7)
    whole, half = (
        stored_bits(replaced(function_of(name, source, target), error, fold))
        for fold in (False, True)
    )
    # The sum that folding a sigmoid needs takes two entries; a coefficient may need a sign.
    assert half <= (0.5 if error == 0 else 0.65) * whole + 2 * (target.frac + 1)


def test_lines_take_far_fewer_bits_than_tables() -> None:
    source = FixedType(True, 16, 12)
    for name, target, most in (("sigmoid", GATE, 450), ("tanh", FixedType(True, 8, 7), 450)):
        module = replaced(function_of(name, source, target), 1)
        assert stored_bits(module) < most
        assert operations(module).count("arith.mul") == 1


def test_where_no_multiplier_saves_bits_there_is_none() -> None:
    """The exponential leaves the format soon: a line cannot follow it there."""
    module = replaced(function_of("exp", BYTE, BYTE), 1)
    assert "arith.mul" not in operations(module)
    assert stored_bits(module) <= 8 << 7


@pytest.mark.parametrize("target", [BYTE, FixedType(False, 8, 4), FixedType(False, 5, 2)])
def test_relu_is_a_saturation(target: FixedType) -> None:
    module = replaced(function_of("relu", BYTE, target))
    assert set(operations(module)) == {"fx.requantize"}
    assert len(operations(module)) == 1 + target.signed


@pytest.mark.parametrize("error", [0, 1])
@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_saturation_in_front_becomes_a_narrower_one(name: str, error: int) -> None:
    wide, source, target = FixedType(True, 14, 9), FixedType(True, 9, 4), FixedType(True, 8, 6)
    module = function_of(name, source, target, wide)
    operands = np.arange(wide.min_int, wide.max_int + 1)
    lo, _ = domain(name, source)
    inside = operands[operands >= (lo << 5)]
    before = run(module, inside)
    replaced(module, error)
    found = np.abs(run(module, inside) - before).max()
    assert found == bound_of(module) <= error
    if name in ("sigmoid", "tanh", "relu", "exp"):
        first = next(op for op in module.walk() if op.name == "fx.requantize")
        assert first.operands[0].op is module.main.region.entry
        assert fixed(first.result.type).width < source.width
    if name in ("tanh", "exp") and not error:
        assert operations(module) == ["fx.requantize", "fx.lookup"]


@pytest.mark.parametrize("overflow", ["saturate", "wrap"])
def test_what_is_rounded_or_wraps_in_front_stays_as_it_is(overflow: str) -> None:
    """A table of the high bits is one of operands that are rounded down, whatever came before."""
    wide, source, target = FixedType(True, 10, 6), FixedType(True, 4, 1), FixedType(False, 6, 6)
    for name, error in itertools.product(("sigmoid", "exp", "softsign"), (0, 4, 8, 16)):
        module = function_of(name, source, target, wide, overflow)
        operands = np.arange(wide.min_int, wide.max_int + 1)
        before = run(module, operands)
        replaced(module, error)
        assert np.abs(run(module, operands) - before).max() == bound_of(module) <= error
        if overflow == "wrap":
            first = next(op for op in module.walk() if op.name == "fx.requantize")
            assert first.attributes["overflow"] == "wrap"
            assert first.result.type == source


def test_coefficients_have_bits_behind_the_last_place_where_that_helps() -> None:
    module = replaced(function_of("tanh", FixedType(True, 16, 12), FixedType(True, 16, 15)), 2)
    assert stored_bits(module) < 15000


def test_a_saturation_that_others_read_stays() -> None:
    module = function_of("tanh", BYTE, FixedType(True, 6, 5), FixedType(True, 12, 6))
    region = module.main.region
    saturated = next(op for op in module.walk() if op.name == "fx.requantize").result
    region.set_operands(region.end, [*region.end.operands, saturated])
    replaced(module)
    assert operations(module) == ["fx.requantize", "fx.lookup"]
    assert saturated.type == BYTE


def test_a_negative_operand_has_what_zero_has() -> None:
    for name in ("sqrt", "log"):
        module = replaced(function_of(name, BYTE, BYTE))
        assert set(run(module, np.arange(-128, 1)).tolist()) == set(
            run(module, np.array([0])).tolist()
        )


def test_results_of_the_same_formats_share_tables() -> None:
    module, region = Module("two"), Region([BYTE, BYTE], ["x", "y"])
    build = Builder(module, region)
    values = [build.value("math.tanh", x, type=BYTE) for x in region.arguments]
    build.end("return", values)
    module.functions["main"] = Function("main", region)
    replaced(module, 1)
    constants = [op for op in module.walk() if op.name == "tensor.constant"]
    assert [name_of(op) for op in constants] == ["intercept", "slope"]


def name_of(op: Operation) -> str:
    return str(op.attributes["resource"]).rpartition("_")[2]


def test_a_negative_error_is_refused() -> None:
    with pytest.raises(Exception, match="max-error must not be negative, as -1 is"):
        parse_pipeline("approximate-activations{max-error=-1}")
