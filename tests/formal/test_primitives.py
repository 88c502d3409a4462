"""Multipliers and memories made of ECP5's blocks do what the portable ones do, for ever.

Neither has a loop of registers: what comes out depends on what went in at most two cycles before. So
if both agree two cycles after ANY state, whatever goes in, they agree in every later cycle, too.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import z3

from lstmir.backends.verilog import ecp5
from lstmir.backends.verilog.primitives import print_primitives
from lstmir.backends.verilog.printer import print_design
from lstmir.flow.toolchain import yosys_worker
from lstmir.flow.toolchain.process import run
from lstmir.ir.module import Module
from lstmir.numeric.fixed import FixedType
from tests.backends.verilog.blocks import MODELS, memories, multiplier
from tests.formal.test_designs import vowels

pytestmark = pytest.mark.needs("pyosys")

S, U = True, False
FACTORS = [
    (FixedType(S, 8, 0), FixedType(S, 10, 0)),
    (FixedType(U, 8, 8), FixedType(S, 16, 10)),
    (FixedType(U, 8, 8), FixedType(S, 8, 7)),
    (FixedType(U, 7, 0), FixedType(U, 8, 0)),
    (FixedType(S, 18, 0), FixedType(U, 17, 0)),
    (FixedType(U, 1, 0), FixedType(S, 1, 0)),
]
MEMORIES = [
    (256, FixedType(U, 8, 8), 2, 1), (256, FixedType(S, 8, 7), 1, 1), (65, FixedType(S, 17, 0), 2, 1),
    (128, FixedType(U, 37, 0), 2, 2), (512, FixedType(U, 20, 0), 2, 1),
    (600, FixedType(U, 20, 0), 2, 1), (1024, FixedType(U, 18, 0), 1, 1),
    (1500, FixedType(U, 10, 0), 2, 1), (2048, FixedType(S, 9, 0), 2, 1),
]  # fmt: skip


def differing(
    module: Module, folder: Path, apart_from: str = ""
) -> Mapping[tuple[str, str | None], z3.CheckSatResult]:
    """Whether each primitive module, with each of its images, can differ from the portable one."""
    portable, primitive = print_design(module), print_primitives(module)
    for name, text in portable.items():
        (folder / name).write_text(text)
    (folder / "primitives").mkdir()
    found = {}
    for name, text in primitive.items():
        if name == apart_from:
            continue
        (folder / "primitives" / name).write_text(text)
        for image in _images(name.removesuffix(".v"), portable):
            found[name, image] = _compared(name.removesuffix(".v"), image, folder)
    return found


def _images(top: str, files: Mapping[str, str]) -> list[str | None]:
    """The files that instances of a module give it, None where it has no parameter for one."""
    if "parameter WORDS_IMAGE" not in files[f"{top}.v"]:
        return [None]
    return [*sorted(name for name in files if name.endswith(".mem") and "memory" in name)]


def _compared(top: str, image: str | None, folder: Path) -> z3.CheckSatResult:
    """`unsat` if no state and no input lets the two differ two cycles later."""
    chosen = [f'chparam -set WORDS_IMAGE "{image}" gold gate'] if image else []
    passes = [
        f'read_verilog "{top}.v"', f"rename {top} gold",
        f'read_verilog "{MODELS.resolve()}" "primitives/{top}.v"', f"rename {top} gate", *chosen,
        "hierarchy", "proc", "flatten", "opt -full", "wreduce", "opt -full", "memory -nomap",
        "memory_map", "opt -full", "miter -equiv -flatten -make_outputs gold gate miter",
        "hierarchy -top miter", "opt -full", "dffunmap", "write_smt2 -bv miter.smt2",
    ]  # fmt: skip
    run("pyosys", [sys.executable, "-P", yosys_worker.__file__, "8", *passes], folder=folder)
    states = "".join(f"(declare-fun s{n} () |miter_s|)\n" for n in range(3))
    clocks = "(assert (|miter_t| s0 s1))\n(assert (|miter_t| s1 s2))\n"
    text = f"{(folder / 'miter.smt2').read_text()}\n{states}{clocks}"
    found = z3.unknown
    for seed in range(_TRIES):
        solver = z3.Solver(ctx=z3.Context())  # what was proven before must not change the way
        solver.set("rlimit", _EFFORT)
        solver.set("random_seed", seed)
        solver.from_string(f"{text}(assert (|miter_n trigger| s2))")
        found = solver.check()
        if found != z3.unknown:
            break
    return found


_EFFORT, _TRIES = 5_000_000, 6
"""Z3's own measure of work, ten times what the gate's proofs take, since seconds depend on the machine; and
with how many seeds it is tried: some products take it long by one way, and no time by another."""


def some(cases: Sequence[tuple[Any, ...]], count: int) -> list[Any]:
    """The first few for the gate, the rest for a long campaign."""
    rest = [pytest.param(*case, marks=pytest.mark.soak) for case in cases[count:]]
    return [*cases[:count], *rest]


@pytest.mark.parametrize("stages", [0, 1])
@pytest.mark.parametrize(("left", "right"), some(FACTORS, 2), ids=str)
def test_a_multiplier(left: FixedType, right: FixedType, stages: int, tmp_path: Path) -> None:
    found = differing(multiplier(left, right, stages), tmp_path)
    assert found == {("part_multiplier.v", None): z3.unsat}


@pytest.mark.parametrize(("words", "type_", "cycles", "count"), some(MEMORIES, 2), ids=str)
def test_a_memory(words: int, type_: FixedType, cycles: int, count: int, tmp_path: Path) -> None:
    found = differing(memories(words, type_, cycles, count), tmp_path)
    assert list(found.values()) == [z3.unsat] * count


def test_the_proof_sees_a_wrong_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    initial = ecp5._initial
    monkeypatch.setattr(ecp5, "_initial", lambda rows, row: initial([rows[0] ^ 1, *rows[1:]], row))
    found = differing(memories(100, FixedType(S, 12, 0), 2), tmp_path)
    assert list(found.values()) == [z3.sat]


@pytest.mark.parametrize(("right", "wrong"), [("10'b0", "9'b0"), ('"CLK0"', '"NONE"')])
def test_the_proof_sees_a_wrong_multiplier(
    right: str, wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    block = ecp5.multiplier

    def damaged(*arguments: Any) -> list[str]:
        return "\n".join(block(*arguments) or ()).replace(right, wrong, 1).split("\n")

    monkeypatch.setattr(ecp5, "multiplier", damaged)
    found = differing(multiplier(FixedType(S, 8, 0), FixedType(S, 8, 0), 1), tmp_path)
    assert list(found.values()) == [z3.sat]


@pytest.mark.soak
def test_the_multipliers_and_tables_of_a_real_network(tmp_path: Path) -> None:
    found = differing(vowels(), tmp_path, apart_from="vowels_h32_memory.v")
    names = [f"{name}_table" for name in ("i", "f", "g", "o", "tanh_c")]
    names += ["multiplier", "multiplier_kept", "multiplier_new", "multiplier_ht"]
    names += ["hp_next_tail_constants"]
    assert found == {(f"vowels_h32_{name}.v", None): z3.unsat for name in names}
