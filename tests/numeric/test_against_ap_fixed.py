"""The same arithmetic in ap_fixed itself: one C++ program of many random formats at once.

The formats are baked into the program as template arguments, the numbers come on its input.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from lstmir.flow.toolchain import ap_types, gxx
from lstmir.numeric import FixedType, Overflow, Rounding
from lstmir.numeric.arrays import IntArray, add, as_carrier, multiply, subtract
from lstmir.numeric.fixed import difference_type, product_type, sum_type
from lstmir.numeric.rounding import requantize

pytestmark = pytest.mark.needs("g++", "hls4ml")

ROUNDING = {
    Rounding.FLOOR: "AP_TRN",
    Rounding.HALF_UP: "AP_RND",
    Rounding.HALF_EVEN: "AP_RND_CONV",
    Rounding.TOWARD_ZERO: "AP_TRN_ZERO",
}
OVERFLOW = {Overflow.SATURATE: "AP_SAT", Overflow.WRAP: "AP_WRAP"}

CASES = 125

Ours = Callable[[list[IntArray]], IntArray]
"""An operation on arrays, one for each operand."""

PROGRAM = Path(__file__).with_name("ap_fixed_cases.cpp")


def cpp(type: FixedType, modes: str = "") -> str:
    """The format's type in C++."""
    name = "ap_fixed" if type.signed else "ap_ufixed"
    return f"{name}<{type.width}, {type.width - type.frac}{modes}>"


@dataclass(frozen=True)
class Case:
    """One operation on formats: its instance in C++, and our own."""

    instance: str
    operands: tuple[FixedType, ...]
    result: FixedType
    ours: Ours


def random_format(random: Random) -> FixedType:
    """Any stored format, its binary point often outside it."""
    width = random.randint(1, 64)
    return FixedType(random.random() < 0.6, width, random.randint(-8, width + 8))


def random_int(random: Random, type: FixedType) -> int:
    """An end, or an integer with any number of zeros below: often a tie."""
    if random.random() < 0.15:
        return random.choice([type.min_int, type.max_int])
    zeros = random.randrange(type.width)
    return random.randint(type.min_int, type.max_int) >> zeros << zeros


def requantize_case(random: Random) -> Case:
    """One random format to another."""
    source, target = random_format(random), random_format(random)
    rounding, overflow = random.choice(list(Rounding)), random.choice(list(Overflow))
    modes = f", {ROUNDING[rounding]}, {OVERFLOW[overflow]}"
    return Case(
        f"requantize<{cpp(source)}, {cpp(target, modes)}>",
        (source,),
        target,
        lambda arrays: requantize(arrays[0], source, target, rounding, overflow),
    )


def arithmetic_case(random: Random) -> Case:
    """A sum, a difference or a product of two random formats."""
    a, b = random_format(random), random_format(random)
    name = random.choice(["add", "subtract", "multiply"])
    if name == "add":
        result = sum_type([a, b])
        return _exact(name, a, b, result, lambda xs: add([(xs[0], a), (xs[1], b)], result))
    if name == "subtract":
        result = difference_type(a, b)
        return _exact(name, a, b, result, lambda xs: subtract(xs[0], a, xs[1], b, result))
    result = product_type(a, b)
    return _exact(name, a, b, result, lambda xs: multiply(xs[0], a, xs[1], b, result))


def _exact(name: str, a: FixedType, b: FixedType, result: FixedType, ours: Ours) -> Case:
    return Case(f"{name}<{cpp(a)}, {cpp(b)}, {cpp(result)}>", (a, b), result, ours)


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    """The random formats that the program knows: more than half of them requantize."""
    random = Random(3)
    return [(arithmetic_case if i % 5 < 2 else requantize_case)(random) for i in range(CASES)]


@pytest.fixture(scope="module")
def program(cases: list[Case], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled program."""
    folder = tmp_path_factory.mktemp("ap_fixed")
    source = folder / "cases.cpp"
    instances = ",\n        ".join(case.instance for case in cases)
    source.write_text(PROGRAM.read_text().replace("{CASES}", f"{{{instances}}}"))
    # The headers read a bit before they ask whether it exists, and then do without it; NDEBUG
    # takes away the assertion on the way.
    flags = ["-O0", "-w", "-DNDEBUG", f"-I{ap_types.find().path}"]
    subprocess.run([*gxx.command(), *flags, source, "-o", folder / "cases"], check=True)
    return folder / "cases"


def in_cpp(program: Path, cases: list[Case], operands: list[list[list[int]]]) -> list[list[int]]:
    """The results of the program, of each case for each list of operands."""
    lines = []
    for number, (case, rows) in enumerate(zip(cases, operands, strict=True)):
        for row in rows:
            bits = [f"{i & (1 << t.width) - 1:x}" for i, t in zip(row, case.operands, strict=True)]
            lines.append(" ".join([str(number), *bits]))
    text = subprocess.run(
        [program], input="\n".join(lines), stdout=subprocess.PIPE, text=True, check=True
    ).stdout
    answers = (int(line.replace(" ", ""), 16) for line in text.splitlines())
    return [
        [signed(next(answers), case.result) for _ in rows]
        for case, rows in zip(cases, operands, strict=True)
    ]


def signed(bits: int, type: FixedType) -> int:
    """The integer of a bit pattern."""
    return bits - (1 << type.width) if bits > type.max_int else bits


def campaign(program: Path, cases: list[Case], operations: int) -> None:
    """As many operations, spread over all cases."""
    random = Random(4)
    rows = -(-operations // len(cases))
    operands = [
        [[random_int(random, type) for type in case.operands] for _ in range(rows)]
        for case in cases
    ]
    results = in_cpp(program, cases, operands)
    for case, inputs, theirs in zip(cases, operands, results, strict=True):
        columns = zip(*inputs, strict=True)
        arrays = [as_carrier(list(c), t) for c, t in zip(columns, case.operands, strict=True)]
        ours = case.ours(arrays).tolist()
        for row, our, their in zip(inputs, ours, theirs, strict=True):
            assert our == their, f"{case.instance} of {row}"


def test_four_thousand_operations(program: Path, cases: list[Case]) -> None:
    campaign(program, cases, 4_000)


@pytest.mark.soak
def test_fifty_thousand_operations(program: Path, cases: list[Case]) -> None:
    campaign(program, cases, 50_000)
