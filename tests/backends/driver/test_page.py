"""The page on the driver: its programs run, and it names what there is."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from lstmir.backends.driver.host import BACKENDS
from lstmir.passes.machine.memory_map import MEMORY_MAP

PAGE = (Path(__file__).parents[3] / "docs" / "driver.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.needs("g++", "verilator")
def test_its_programs_run(vowels: Path) -> None:
    program = "\n".join(BLOCKS).replace('"build/vowels"', repr(str(vowels)))
    program += "\nassert cycles > 0 and clipped >= 0 and len(BLOCKS) == 3\n"
    command = [sys.executable, "-B", "-c", f"BLOCKS = {BLOCKS!r}\n{program}"]
    subprocess.run(command, check=True)


def test_it_names_what_there_is() -> None:
    for name in [*BACKENDS, *(register.name for register in MEMORY_MAP)]:
        assert f"`{name}`" in PAGE, name
    for field in (field for register in MEMORY_MAP[2:4] for field in register.fields):
        assert f"`{field.name}`" in PAGE, field.name
