"""The benchmark of energy: a processor's power is read or looked up, and any folder can be compared."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INFO = "processor\t: 0\nmodel name\t: {}\ncache size\t: {} KB\n\nprocessor\t: 1\nmodel name\t: x\n"


@pytest.fixture(autouse=True)
def root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Benchmarks are run from the repository; nothing installs them."""
    monkeypatch.syspath_prepend(ROOT)


def _counters(folder: Path, *shown: int) -> Path:
    for number, joules in enumerate(shown):
        package = folder / f"intel-rapl:{number}"
        package.mkdir(parents=True, exist_ok=True)
        (package / "energy_uj").write_text(f"{joules}\n")
        (package / "max_energy_range_uj").write_text("999999999\n")
    return folder


def test_counters_that_begin_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second, then another: 3 J idle, 10 J while the work runs, of which one counter turns over."""
    from benchmarks.energy import power

    clock = iter([0.0, 1.0, 2.0, 3.0])
    monkeypatch.setattr(power, "perf_counter", lambda: next(clock))
    folder = _counters(tmp_path, 995_000_000, 5_000_000)
    monkeypatch.setattr(power, "sleep", lambda _: _counters(folder, 997_000_000, 6_000_000))
    found = power.measured(lambda: _counters(folder, 4_000_000, 9_000_000), folder)
    assert found is not None
    assert (found.low_w, found.high_w) == (7.0, 10.0)


def test_no_counters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmarks.energy import power

    monkeypatch.setattr(power, "sleep", lambda _: None)
    assert power.measured(lambda: None, tmp_path) is None


def test_the_list_of_processors(tmp_path: Path) -> None:
    from benchmarks.energy.power import listed

    path = tmp_path / "cpuinfo"
    path.write_text(INFO.format("Intel(R) Xeon(R) Processor", 491520))
    found = listed(path)
    assert found is not None
    assert found.low_w == pytest.approx(400 / 96, abs=0.01)
    assert found.high_w == 500
    assert "400 W" in found.source and "500 W" in found.source
    for model, cache in (("Intel(R) Xeon(R) Processor", 1024), ("Another", 491520)):
        path.write_text(INFO.format(model, cache))
        assert listed(path) is None
    assert listed(tmp_path / "none") is None


Run = Callable[..., int]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """The benchmark, on a machine whose processor nobody knows."""
    from benchmarks.energy import __main__ as benchmark

    monkeypatch.setattr(benchmark, "listed", lambda: None)
    return lambda *words: benchmark.main(words)


@pytest.mark.usefixtures("out")
def test_any_folder(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--folder", "out", "--us", "100", "10", "--watts", "4", "80", "--source", "a label")
    assert run(*words, "--claim", "50.14") == 0
    text = capsys.readouterr().out
    assert "| tiny on ecp5-25k, alone | " in text
    assert "| reference 1 | 400 | | 8000 | 100 | |\n" in text
    assert "| reference 2 | 40 | | 800 | 10 | |\n" in text
    assert "- reference: 4 to 80 W: a label\n" in text
    written = json.loads(Path("build/benchmarks/energy.json").read_text())
    assert [each["microjoules"] for each in written["references"]] == [
        [pytest.approx(400), pytest.approx(8000)],
        [pytest.approx(40), pytest.approx(800)],
    ]
    assert Path("build/benchmarks/energy.txt").read_text() in text


@pytest.mark.usefixtures("out")
def test_a_processor_that_nobody_knows(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        run("--folder", "out", "--us", "100")
    assert "give --watts and --source" in capsys.readouterr().err


def test_no_folder(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--folder", "none", "--us", "1", "--watts", "1", "2") == 2
    assert "none is no folder that lstmir compiled" in capsys.readouterr().err
