"""Whatever stands in the files of a model, it is imported, or refused with an error that says where."""

from __future__ import annotations

import json
import re
import resource
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmir.flow.models import load_model
from lstmir.ir.diagnostics import UserError
from tests.frontends.damaged import CAMPAIGNS, Files
from tests.frontends.sound import BESIDE, FRIENDLY, tiny

if TYPE_CHECKING:
    from tests.frontends.conftest import Bench

MEMORY = 4 * 2**30
"""More than a process has already; two values of the importer's own limit fit in."""

PARTS, SECONDS = 2, 60
"""How often and how long each campaign runs in the soak: 18 minutes in all."""

# A line of the text, a path in JSON, or the name of a node, tensor, file or operator in quotes.
PLACE = re.compile(
    r":\d+:\d+: |graph|opsetImport|functions|the model|'|sparseInitializer|is not|byte \d+|node"
)


@pytest.fixture(autouse=True)
def limited() -> Iterator[None]:
    """Nobody takes as much memory as a model says that it needs."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY, hard))
    yield
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def attempt(files: Files, folder: Path) -> None:
    """Load the model, which verifies it, if it is not refused."""
    for name, data in files.items():
        (folder / name).write_bytes(data)
    path = str(folder / next(iter(files)))
    try:
        load_model(path)
    except UserError as error:
        assert path in str(error)
        assert PLACE.search(str(error).replace(path, ""))


def test_the_models_themselves_are_imported(bench: Bench, tmp_path: Path) -> None:
    feeds = {"x": np.linspace(-1, 1, 60, dtype=np.float32).reshape(4, 5, 3)}
    bench.agree(tiny(), feeds)
    (tmp_path / "model.json").write_text(json.dumps(FRIENDLY))
    for name, data in BESIDE.items():
        (tmp_path / name).write_bytes(data)
    assert {op.name for op in load_model(str(tmp_path / "model.json")).walk()} >= {
        "rnn.lstm",
        "rnn.scan",
    }


def test_an_axis_that_nobody_holds_is_not_written_out(tmp_path: Path) -> None:
    weights = {"start": [0], "end": [2**40], "axis": [0], "step": [2]}
    graph = {
        "input": [{"name": "x", "shape": [2**40]}],
        "output": ["y"],
        "initializer": [
            {"name": name, "dataType": "INT64", "values": values}
            for name, values in weights.items()
        ],
        "node": [{"opType": "Slice", "input": ["x", *weights], "output": ["y"]}],
    }
    path = tmp_path / "m.json"
    path.write_text(json.dumps({"graph": graph, "opsetImport": [{"version": 17}]}))
    with pytest.raises(UserError, match=rf"\(Slice\): takes {2**39} single elements; lstmir takes"):
        load_model(str(path))


@pytest.mark.parametrize("campaign", CAMPAIGNS)
def test_damaged_models(campaign: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    run(campaign, 60, tmp_path_factory)


@pytest.mark.soak
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("campaign", CAMPAIGNS)
def test_damaged_models_for_long(
    campaign: str, part: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        run(campaign, 200, tmp_path_factory)


def run(campaign: str, examples: int, folders: pytest.TempPathFactory) -> None:
    folder = folders.mktemp("model")
    (folder / "link").symlink_to("/etc/hostname")

    @settings(max_examples=examples, deadline=None, database=None)
    @given(random=st.randoms(use_true_random=False))
    def check(random: Random) -> None:
        attempt(CAMPAIGNS[campaign](random), folder)

    check()
