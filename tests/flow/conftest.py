"""The small model and its data as files, what is compiled of it, and how to do without the tools."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lstmir.tools.lstmir import main
from tests.flow.tiny import write_data, write_model

NO_COMPILER = "no-such-compiler"


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test starts in an empty folder."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """The current folder, with tiny.json and tiny.npz in it."""
    write_model(tmp_path / "tiny.json")
    write_data(tmp_path / "tiny.npz")
    return tmp_path


@pytest.fixture
def without_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """No C++ compiler: neither HLS C++ nor Verilog can be run, and a compilation takes a second."""
    monkeypatch.setenv("CXX", NO_COMPILER)


@pytest.fixture(scope="session")
def compiled_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder, compiled from the small model without tools."""
    folder = tmp_path_factory.mktemp("quick")
    model, data = write_model(folder / "tiny.json"), write_data(folder / "tiny.npz")
    words = [str(model), "--data", str(data), "--recipe", "bank50", "--macs", "4", "--no-synthesis"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CXX", NO_COMPILER)
        assert main(["compile", *words, "-o", str(folder / "out")]) == 0
    return folder / "out"


@pytest.fixture
def out(compiled_once: Path, tmp_path: Path) -> Path:
    """A copy of that folder, to do with as one likes: `out` in the current one."""
    return Path(shutil.copytree(compiled_once, tmp_path / "out"))
