"""What few designs have: constants that are more than memories, and the widest numbers there are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from lstmir.syntax.parser import parse_module

if TYPE_CHECKING:
    from tests.backends.hls_cpp.conftest import Run, Workshop

HERE = Path(__file__).parent


def design(name: str, new_run: type[Run]) -> Run:
    return new_run(parse_module((HERE / f"{name}.lstmir").read_text("utf-8"), f"{name}.lstmir"))


@pytest.mark.needs("g++", "hls4ml")
@pytest.mark.parametrize("flags", [(), ("-DEXACT_STORAGE",)], ids=["bytes", "bits"])
def test_constants_in_every_role(
    new_run: type[Run], workshop: Workshop, flags: tuple[str, ...]
) -> None:
    """Stored in whole bytes, as everywhere, or in as many bits as they have, as in hardware."""
    run = design("constants", new_run).add(np.arange(4).reshape(4, 1, 1))
    assert [data for data, _, _ in run.outputs[:4]] == [-128 + 5 + 127, 24, 0xFFF8, 0xFF04]
    (found,) = workshop.compare([run], *flags)
    assert found["mismatches"] == 0


@pytest.mark.needs("g++", "hls4ml")
def test_the_widest_numbers(new_run: type[Run], workshop: Workshop) -> None:
    numbers = np.random.default_rng(0).integers(-(2**63), 2**63 - 1, (40, 1, 2), np.int64)
    numbers[:4, 0] = [[-(2**63), -(2**63)], [2**63 - 1, -1], [0, 5], [-1, 2**63 - 1]]
    run = design("wide", new_run).add(numbers)
    # By itself: a program of several designs has a limit on widths of its own.
    folder = workshop.write(run.module)
    bench = [f'#include "{folder}/{name}"' for name in ("testbench.cpp", "wide.cpp")]
    program = workshop.compile("\n".join(bench), folder)
    assert workshop.run([program], run, folder)["mismatches"] == 0
