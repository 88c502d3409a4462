"""Which tools a test needs, and doing without them when the user says so.

A test marked `needs("g++")` FAILS where g++ is missing. It is skipped only on request, with
`pytest --without g++`.
"""

from __future__ import annotations

import pytest
from hypothesis import settings

settings.register_profile("any_machine", deadline=None)
settings.load_profile("any_machine")  # how long an example takes depends on what else runs


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--without",
        action="append",
        default=[],
        metavar="TOOL",
        help="skip the tests that need TOOL (g++, hls4ml, verilator, pyosys, nextpnr, torch, keras);"
        " may be given several times",
    )
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write what comes out today into the files of tests/filetests",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--update-golden") and config.getoption("numprocesses", None):
        raise pytest.UsageError("--update-golden writes files: not from several processes (-n)")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    without = set(config.getoption("without"))
    for item in items:
        needed = {tool for mark in item.iter_markers("needs") for tool in mark.args}
        for tool in sorted(needed & without):
            item.add_marker(pytest.mark.skip(reason=f"--without {tool}"))
