"""Every operation and every pass has its filetest, so that these folders can be read as a course."""

from __future__ import annotations

import re

import numpy as np
import pytest

from lstmir import dialects, passes
from lstmir.ir.definition import DEFINITIONS
from lstmir.ir.diagnostics import Source
from lstmir.pipeline.stages import parse_stages
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module
from lstmir.tools.expectations import expectations
from tests.filetests.harness import FOLDER, FileTest, file_tests
from tests.filetests.passes.make_data import PATH, X_TRAIN

dialects.load()

OPERATIONS = list(file_tests(FOLDER / "operations"))


def test_every_operation_stands_in_the_file_of_its_dialect() -> None:
    pretty, generic = set[tuple[str, str]](), set[tuple[str, str]]()
    for test in OPERATIONS:
        pretty |= {(test.path.stem, op.name) for op in parse_module(test.text).walk()}
        for _, check in test.checks:
            generic |= {
                (test.path.stem, name) for name in re.findall(r'"([a-z]\w*(?:\.\w+)?)"\(', check)
            }
    expected = {(name.split(".")[0] if "." in name else "builtin", name) for name in DEFINITIONS}
    assert expected - pretty == set()
    assert expected ^ generic == set()


@pytest.mark.parametrize("test", OPERATIONS, ids=[test.id for test in OPERATIONS])
def test_operations_are_written_as_they_are_printed(test: FileTest) -> None:
    lines = [line for line in test.text.splitlines() if not line.lstrip().startswith("//")]
    written = "".join(f"{line}\n" for line in lines if line)
    module = parse_module(test.text)
    assert print_module(module) == written
    generic = print_module(module, generic=True)
    assert generic != written
    assert print_module(parse_module(generic)) == written


@pytest.mark.parametrize("module_name", passes.NAMES)
def test_every_pass_has_a_file_that_ends_with_it(module_name: str) -> None:
    name = module_name.replace("_", "-")
    for run in FileTest(FOLDER / "passes" / f"{name}.lstmir").runs():
        pipeline = run.arguments[run.arguments.index("-p") + 1]
        assert parse_stages(pipeline)[-1].name == name


def test_the_calibration_data_are_those_of_the_script() -> None:
    with np.load(PATH) as arrays:
        assert arrays.files == ["x_train"]
        assert arrays["x_train"].dtype == X_TRAIN.dtype
        assert np.array_equal(arrays["x_train"], X_TRAIN)


ERRORS = [
    test
    for test in file_tests(FOLDER / "errors")
    if any("--verify-diagnostics" in run.arguments for run in test.runs())
]


@pytest.mark.parametrize("test", ERRORS, ids=[test.id for test in ERRORS])
def test_every_mistake_is_announced_with_its_column(test: FileTest) -> None:
    announced, malformed = expectations(Source(test.path.name, test.text))
    errors = [e for e in announced if e.kind == "expected-error"]
    assert errors and not malformed
    assert all(e.column is not None or e.line is None for e in errors)
