"""Printed requantizations are what the definition says, for every integer of the source."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from random import Random

import pytest
import z3

from lstmir.dialects.fx import OVERFLOWS, ROUNDINGS
from lstmir.numeric.fixed import FixedType
from tests.formal.induction import impossible
from tests.formal.pairs import Pair, pair, part
from tests.formal.rounding import Requantization, difference

pytestmark = pytest.mark.needs("pyosys")

REAL = Path(__file__).with_name("requantizations.json")
"""The formats that machines of real models requantize, as `requantizations.py` found them."""
MODES = list(product(ROUNDINGS, OVERFLOWS))

Formats = tuple[FixedType, FixedType]


def of_real_models() -> list[Formats]:
    rows = json.loads(REAL.read_text())["formats"]
    return [(FixedType(*row["source"]), FixedType(*row["target"])) for row in rows]


def random_formats(random: Random) -> Formats:
    """Formats near each other, so that rounding and overflow both matter; a few far apart."""
    source = FixedType(random.random() < 0.6, random.randint(1, 40), random.randint(-4, 40))
    width = random.randint(1, 40)
    frac = source.frac - random.choice(
        (random.randint(-4, source.width + 3), random.randint(-60, 60))
    )
    return source, FixedType(random.random() < 0.6, width, frac)


def every_mode(formats: Sequence[Formats]) -> list[Requantization]:
    return [Requantization(*pair, *modes) for pair in formats for modes in MODES]


def printed(cases: Sequence[Requantization], folder: Path) -> Pair:
    """All cases in one design: case n makes the output y_n of the input x_n."""
    lines = [
        f'%y_{n} = fx.requantize %x_{n} {{rounding = "{case.rounding}", overflow = "{case.overflow}"}} '
        f": ({case.source}) -> {case.target}"
        for n, case in enumerate(cases)
    ]
    names = [f"y_{n}" for n in range(len(cases))]
    values, types = ", ".join(f"%{n}" for n in names), ", ".join(str(c.target) for c in cases)
    parameters = ", ".join(f"%x_{n}: {case.source}" for n, case in enumerate(cases))
    lines.append(f"rtl.next output ({values}) update () : ({types}) -> ()")
    return pair(part("\n".join(lines), " ".join(names), parameters), folder)


def wrong(cases: Sequence[Requantization], folder: Path) -> list[str]:
    """The cases that are not proven, each with an integer for which it fails."""
    both = printed(cases, folder)
    found = []
    for number, case in enumerate(cases):
        x, y = both.printed.inputs[f"x_{number}"], both.printed.outputs[f"y_{number}"]
        solver = z3.SolverFor("QF_BV")
        solver.add(difference(case, x, y))
        if (answer := solver.check()) != z3.unsat:
            found.append(f"{case}: {answer} {solver.model() if answer == z3.sat else ''}")
    return found


def test_formats_of_real_models(tmp_path: Path) -> None:
    assert wrong(every_mode(of_real_models()), tmp_path) == []


def test_random_formats(tmp_path: Path) -> None:
    random = Random(0)
    assert wrong(every_mode([random_formats(random) for _ in range(40)]), tmp_path) == []


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1, 21))
def test_many_formats(seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    assert wrong(every_mode([random_formats(random) for _ in range(100)]), tmp_path) == []


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_the_definition_picks_exactly_one_integer(rounding: str) -> None:
    """Else a proof would say nothing, where none is picked, or be impossible."""
    random = Random(1)
    for _ in range(20):
        case = Requantization(*random_formats(random), rounding, "wrap")
        x = z3.BitVec("x", case.source.width)
        r, other = (z3.BitVec(name, case.rounded_width) for name in ("r", "other"))
        assert impossible(case.rounds_to(x, r), case.rounds_to(x, other), r != other)
        wide = case.integer(x, case.source.signed)
        floor = wide >> case.shift if case.shift > 0 else wide << -case.shift
        candidates = [z3.Extract(case.rounded_width - 1, 0, floor + step) for step in (0, 1)]
        assert impossible(*(z3.Not(case.rounds_to(x, each)) for each in candidates))


def test_a_wrong_rounding_is_found(tmp_path: Path) -> None:
    formats = FixedType(True, 12, 6), FixedType(True, 6, 3)
    both = printed([Requantization(*formats, "half_up", "saturate")], tmp_path)
    x, y = both.printed.inputs["x_0"], both.printed.outputs["y_0"]
    for rounding, overflow in MODES:
        differs = difference(Requantization(*formats, rounding, overflow), x, y)
        assert impossible(differs) == ((rounding, overflow) == ("half_up", "saturate"))
