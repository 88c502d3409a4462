"""The files of `driver/`: copies of the tree's, importable with numpy alone, and one table of registers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from lstmir.flow.driver import driver_files
from lstmir.passes.machine.memory_map import MEMORY_MAP, as_json, as_markdown

ONLY_NUMPY = """
import sys
class Only:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in sys.stdlib_module_names and top not in ("numpy", "driver"):
            raise ImportError(f"{name} is imported")
sys.meta_path.insert(0, Only())
sys.path.insert(0, sys.argv[1])
import driver
import driver.simulation, driver.board, driver.interpreter
try:
    driver.Accelerator("interpreter")
except driver.DriverError as error:
    print(error)
print(driver.BACKENDS)
"""


def test_importing_the_driver_needs_numpy_only(tiny_design: Path) -> None:
    command = [sys.executable, "-I", "-B", "-c", ONLY_NUMPY, str(tiny_design)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "the interpreter needs lstmir, which is not installed",
        "('simulation', 'interpreter', 'pynq')",
    ]


def test_what_is_copied_is_what_stands_in_the_tree(tiny_design: Path) -> None:
    for name, text in driver_files().items():
        assert (tiny_design / "driver" / name).read_text() == text
    assert len(driver_files()) == 10


def test_the_memory_map_is_one_table(vowels: Path) -> None:
    driver = vowels / "driver"
    data = json.loads((driver / "memory_map.json").read_text())
    assert data == json.loads((driver / "design.json").read_text())["registers"]
    known = {each["name"]: each["value"] for each in data["registers"] if each["reset"] is None}
    assert data == json.loads(json.dumps(as_json(known)))
    page = (driver / "memory_map.md").read_text()
    assert page == as_markdown("vowels_h32", known)
    assert all(f"| 0x{each.address:02X} | `{each.name}` |" in page for each in MEMORY_MAP)
