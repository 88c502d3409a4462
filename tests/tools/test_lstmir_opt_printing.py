"""How `lstmir-opt` prints: forms, dumps, timing, graphs, and where resources go."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lstmir.syntax.dot import print_dot
from lstmir.syntax.parser import parse_module
from lstmir.tools.lstmir_opt import main
from lstmir.tools.opt import driver
from tests.tools.opt_input import CLEAN, CONSTANTS, RESOURCES, TEXT, Capture, Patch


def test_generic_form(file: Path, capsys: Capture) -> None:
    assert main([str(file), "--print-generic", "-p", "dce"]) == 0
    assert '"return"(%x) : f32' in capsys.readouterr().out


def test_dumps_and_timing_go_to_standard_error(file: Path, capsys: Capture) -> None:
    flags = ["--print-ir-before", "cse", "--print-ir-after", "dce", "--timing"]
    assert main([str(file), "-p", "cse,dce", *flags]) == 0
    out, err = capsys.readouterr()
    assert out == CLEAN
    headers = [f"// -----// IR Dump {when} //----- //" for when in ("Before cse", "After dce")]
    assert err.startswith(f"{headers[0]}\n{TEXT}{headers[1]}\n{CLEAN}pass ")
    assert [line.split()[0] for line in err.splitlines()[-4:]] == ["pass", "cse", "dce", "total"]


EVERY = ["Before cse", "After cse", "Before dce", "After dce"]
DUMPS = {
    "all": (["--print-ir-before-all", "--print-ir-after-all"], EVERY),
    "several in one flag": (["--print-ir-before=dce,cse"], ["Before cse", "Before dce"]),
    "several flags": (["--print-ir-after=dce", "--print-ir-after", "cse"], ["After cse", "After dce"]),
    "one that does not run": (["--print-ir-after=tile"], []),
}  # fmt: skip


@pytest.mark.parametrize("case", DUMPS)
def test_dumps(case: str, file: Path, capsys: Capture) -> None:
    flags, expected = DUMPS[case]
    assert main([str(file), "--cse", "--dce", *flags]) == 0
    headers = [line for line in capsys.readouterr().err.splitlines() if "Dump" in line]
    assert [" ".join(line.split()[4:6]) for line in headers] == expected


def test_graphs(file: Path, capsys: Capture) -> None:
    assert main([str(file), "--emit-dot", "--dce"]) == 0
    assert capsys.readouterr().out == print_dot(parse_module(CLEAN))
    file.write_text(f"{TEXT}// -----\n{CLEAN}")
    assert main([str(file), "--emit-dot", "--split-input-file"]) == 0
    both = [print_dot(parse_module(text)) for text in (TEXT, CLEAN)]
    assert capsys.readouterr().out == "// -----\n".join(both)


@pytest.mark.parametrize("flags", [[], ["--resources=inline"], ["--resources=elide"]])
def test_resources_in_the_text_or_not(flags: list[str], file: Path, capsys: Capture) -> None:
    file.write_text(CONSTANTS + RESOURCES)
    assert main([str(file), *flags, "--print-ir-before=dce", "--dce"]) == 0
    out, err = capsys.readouterr()
    elided = "--resources=elide" in flags
    assert out == CONSTANTS + ("" if elided else RESOURCES)
    assert err.endswith(CONSTANTS)


def test_resources_beside_the_text(file: Path, capsys: Capture) -> None:
    file.write_text(CONSTANTS + RESOURCES)
    output, archive = file.with_name("out.lstmir"), file.with_name("out.npz")
    assert main([str(file), "--resources=npz", "-o", str(output)]) == 0
    assert output.read_text() == f'{CONSTANTS}{{-# resources: "out.npz" #-}}\n'
    arrays = dict(np.load(archive, allow_pickle=False))
    assert {name: array.tolist() for name, array in arrays.items()} == {
        "file": [1, 2], "w_1": [1.5, -0.5]
    }  # fmt: skip
    assert all(array.dtype == np.float32 for array in arrays.values())
    first = archive.read_bytes()
    archive.unlink()
    assert main([str(file), "--resources=npz", "-o", str(output)]) == 0
    assert archive.read_bytes() == first
    names = sorted(path.name for path in file.parent.iterdir())
    assert names == ["m.lstmir", "out.lstmir", "out.npz"]
    assert capsys.readouterr() == ("", "")


def test_no_archive_without_arrays(file: Path) -> None:
    output = file.with_name("out.lstmir")
    assert main([str(file), "--resources=npz", "--dce", "-o", str(output)]) == 0
    assert output.read_text() == CLEAN
    assert not output.with_suffix(".npz").exists()


def test_the_archive_is_whole_before_the_text(file: Path, monkeypatch: Patch) -> None:
    def interrupted(path: str, text: str) -> None:
        assert np.load(output.with_suffix(".npz"))["w_1"].tolist() == [1.5, -0.5]
        raise KeyboardInterrupt

    file.write_text(CONSTANTS + RESOURCES)
    output = file.with_name("out.lstmir")
    monkeypatch.setattr(driver, "write_text", interrupted)
    assert main([str(file), "--resources=npz", "-o", str(output)]) == 130


def test_an_archive_that_cannot_be_written(file: Path, capsys: Capture) -> None:
    file.write_text(CONSTANTS + RESOURCES)
    output = file.with_name("out.lstmir")
    output.with_suffix(".npz").mkdir()
    assert main([str(file), "--resources=npz", "-o", str(output)]) == 2
    assert capsys.readouterr().err.startswith(f"error: cannot write {file.with_name('out.npz')}: ")
    assert not output.exists()
