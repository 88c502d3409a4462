"""Command lines of `lstmir-opt` that cannot be understood, and flags of passes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lstmir.tools.lstmir_opt import main
from tests.tools.opt_input import DOUBLE, SINGLE, Capture

CONSTANT = """module @m {
  func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
    %a = tensor.constant @a : tensor<2xf32>
    %y = arith.neg %a : tensor<2xf32>
    return %y : tensor<2xf32>
  }
}
{-# resources: {
  a: "0x0000803f00000040"
} #-}
"""

SAME = {
    "order of cse and dce": (DOUBLE, ["--cse", "--dce"], "cse,dce"),
    "order of dce and cse": (DOUBLE, ["--dce", "--cse"], "dce,cse"),
    "one dash": (DOUBLE, ["-cse"], "cse"),
    "no options": (DOUBLE, ["--cse="], "cse"),
    "options": (CONSTANT, ["--fold-constants=limit=1"], "fold-constants{limit=1}"),
    "blanks": (CONSTANT, ["--fold-constants= limit = 1 "], "fold-constants{limit=1}"),
    "one dash, options": (CONSTANT, ["-fold-constants=limit=2"], "fold-constants{limit=2}"),
    "twice": (CONSTANT, ["--fold-constants=limit=1", "--fold-constants"],
              "fold-constants{limit=1},fold-constants"),
}  # fmt: skip


@pytest.mark.parametrize("case", SAME)
@pytest.mark.parametrize("behind", [True, False])
def test_a_flag_is_as_good_as_a_pipeline(
    case: str, behind: bool, file: Path, capsys: Capture
) -> None:
    text, flags, pipeline = SAME[case]
    file.write_text(text)
    words = [str(file), *flags] if behind else [*flags, str(file)]
    assert main([*words, "--print-ir-after-all"]) == 0
    by_flags = capsys.readouterr()
    assert main([str(file), "-p", pipeline, "--print-ir-after-all"]) == 0
    assert by_flags == capsys.readouterr()
    assert by_flags.err.count("IR Dump") == pipeline.count(",") + 1


def test_options_reach_the_pass(file: Path, capsys: Capture) -> None:
    file.write_text(CONSTANT)
    for limit, folds in (("1", False), ("2", True)):
        assert main([f"--fold-constants=limit={limit}", str(file)]) == 0
        assert ("arith.neg" not in capsys.readouterr().out) == folds


def test_a_file_called_as_a_flag(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("--cse", "a=1"):
        Path(name).write_text(DOUBLE)
    assert main(["--cse", "--", "--cse"]) == 0
    assert capsys.readouterr().out == SINGLE
    assert main(["--cse", "a=1"]) == 0
    assert capsys.readouterr().out == SINGLE


PIPELINE = "lstmir-opt: --cse and -p/--pass-pipeline: name the passes in one way or in the other"
REPLAY = "lstmir-opt: --run-reproducer runs what the file says, and as it says: leave out"
USAGE = {
    "unknown flag": (
        ["--print-gneric"],
        "lstmir-opt: unknown argument '--print-gneric'; did you mean '--print-generic'?",
    ),
    "unknown flag of a pass": (
        ["--fold-constant"],
        "lstmir-opt: unknown argument '--fold-constant'; did you mean '--fold-constants'?",
    ),
    "unknown flag of a pass, options": (
        ["--prone=ratio=0.5"],
        "lstmir-opt: unknown argument '--prone'; did you mean '--prune'?",
    ),
    "flag without its value": (
        ["-p"],
        "lstmir-opt: argument -p/--pass-pipeline: expected one argument",
    ),
    "flag with a value": (
        ["--timing=1"],
        "lstmir-opt: argument --timing: ignored explicit argument '1'",
    ),
    "two files": (["a", "b"], "lstmir-opt: unknown argument 'b'"),
    "no abbreviations": (
        ["--timin"],
        "lstmir-opt: unknown argument '--timin'; did you mean '--timing'?",
    ),
    "options as a word of their own": (
        ["--tile", "macs=64 u=2", "a"],
        "lstmir-opt: the options of --tile follow after '=': --tile='macs=64 u=2'",
    ),
    "seed no number": (
        ["--seed=x"],
        "lstmir-opt: argument --seed: expected a whole number, not 'x'",
    ),
    "seed negative": (["--seed=-1"], "lstmir-opt: argument --seed: must be at least 0, not -1"),
    "unknown way of resources": (
        ["--resources=zip"],
        "lstmir-opt: argument --resources: expected inline, npz, elide, not 'zip'",
    ),
    "flags and a pipeline": (["-p", "dce", "--cse"], PIPELINE),
    "flags and an empty pipeline": (["--cse", "-p", ""], PIPELINE),
    "replay with -p": (["--run-reproducer", "-p", "cse"], f"{REPLAY} -p/--pass-pipeline"),
    "replay with a flag": (["--run-reproducer", "--cse"], f"{REPLAY} --cse"),
    "replay with a seed": (["--run-reproducer", "--seed=0"], f"{REPLAY} --seed"),
    "replay unverified": (["--run-reproducer", "--no-verify-each"], f"{REPLAY} --verify-each"),
    "replay of pieces": (
        ["--run-reproducer", "--split-input-file"],
        f"{REPLAY} --split-input-file",
    ),
    "reproducer to standard output": (
        ["--emit-reproducer=-"],
        "lstmir-opt: --emit-reproducer needs a file: standard output is for the result",
    ),
    "reproducer of pieces": (
        ["--emit-reproducer=r", "--split-input-file"],
        "lstmir-opt: --emit-reproducer writes one module: leave out --split-input-file",
    ),
    "reproducer and output": (
        ["--emit-reproducer=r", "-o", "tests/../r"],
        "lstmir-opt: --emit-reproducer and -o name the same file",
    ),
    "archive beside standard output": (
        ["--resources=npz"],
        "lstmir-opt: --resources=npz needs -o FILE: the text names an archive that stands beside it",
    ),
    "archive beside a device": (
        ["--resources=npz", "-o", os.devnull],
        "lstmir-opt: --resources=npz needs -o FILE: the text names an archive that stands beside it",
    ),
    "archive in the place of the text": (
        ["--resources=npz", "-o", "a.npz"],
        "lstmir-opt: --resources=npz writes the archive a.npz: give -o another name for the text",
    ),
    "archive of pieces": (
        ["--resources=npz", "-o", "a", "--split-input-file"],
        "lstmir-opt: --resources=npz writes one archive: leave out --split-input-file",
    ),
    "archive of graphs": (
        ["--resources=npz", "-o", "a", "--emit-dot"],
        "lstmir-opt: --emit-dot prints no resources that --resources=npz could write",
    ),
    "generic graphs": (
        ["--print-generic", "--emit-dot"],
        "lstmir-opt: --emit-dot prints no IR that --print-generic could change",
    ),
    "unknown pass to describe": (["--pass-help", "csee"], "unknown pass 'csee'; did you mean 'cse'?"),
    "unknown pass to print": (
        ["--print-ir-after", "dce,csee"],
        "unknown pass 'csee'; did you mean 'cse'?",
    ),
    "unknown operation": (
        ["--show-op", "lingal.matvec"],
        "unknown operation 'lingal.matvec'; did you mean 'linalg.matvec'?",
    ),
    "unknown dialect": (
        ["--show-op", "tilee"],
        "unknown operation 'tilee'; did you mean 'tile'?",
    ),
    "missing file": (["/no/such/file"], "cannot read /no/such/file: No such file or directory"),
    "missing data": (["--data", "/no/data.npz"], "cannot read /no/data.npz: No such file or directory"),
    "folder": (["/"], "cannot read /: Is a directory"),
}  # fmt: skip


@pytest.mark.parametrize("case", USAGE)
def test_what_cannot_be_understood_is_exit_2(case: str, capsys: Capture) -> None:
    arguments, expected = USAGE[case]
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert (out, err.splitlines()[0]) == ("", f"error: {expected}")


PLACED = {
    "unknown pass": (
        ["-p", "cse,dec"],
        "<pipeline>:1:5: error: unknown pass 'dec'; did you mean 'dce'?",
    ),
    "unknown recipe": (
        ["-p", "bank51"],
        "<pipeline>:1:1: error: unknown pass 'bank51'; did you mean 'bank50'?",
    ),
    "unknown option": (
        ["-p", "cse{a=1}"],
        "<pipeline>:1:5: error: 'cse' has no option 'a'; its options: none",
    ),
    "unknown option of a flag": (
        ["--dce", "--fold-constants=limit=1 limt=2"],
        "<command line>:1:26: error: 'fold-constants' has no option 'limt'; did you mean 'limit'?",
    ),
    "no value": (
        ["--fold-constants=limit"],
        "<command line>:1:23: error: expected '='",
    ),
    "bad value": (
        ["--fold-constants=limit=x"],
        "<command line>:1:18: error: the option 'limit' of 'fold-constants' takes an integer, not 'x'",
    ),
    "no option": (
        ["--fold-constants=limit=1}"],
        "<command line>:1:25: error: expected an option (name=value), found '}'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", PLACED)
def test_passes_that_cannot_be_made_are_exit_2_at_their_place(case: str, capsys: Capture) -> None:
    arguments, expected = PLACED[case]
    assert main([*arguments, "/no/such/file"]) == 2
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert (out, lines[0]) == ("", expected)
    assert lines[2].index("^") == int(lines[0].split(":")[2]) + 1
