"""A folder with its vectors, and the test bench of its HLS C++."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lstmir.flow.check import Check, Golden, timed
from lstmir.flow.toolchain import ToolError, ap_types, gxx
from lstmir.flow.toolchain.process import run

OF_WORDS = "hls_"
"""How the names of vectors begin whose beats are one word each, where others have several."""

NO_HLS = "no HLS C++ was printed: it has no form of 'linalg.argmax'"
"""Why a folder without HLS C++ is no fault."""


@dataclass(frozen=True)
class Bench:
    """A folder with its vectors, where to build, the name of the design, and what to expect of it.

    `lanes` are those of the Verilog's streams; in HLS C++ a beat is one word.
    """

    folder: Path
    build: Path
    top: str
    golden: Golden
    cycles: int
    seed: int
    lanes: int = 1

    @property
    def inputs(self) -> Path:
        """The input beats."""
        return (self.folder / "vectors" / "inputs.txt").resolve()

    @property
    def outputs(self) -> Path:
        """The golden output beats."""
        return (self.folder / "vectors" / "outputs.txt").resolve()

    @property
    def of_words(self) -> tuple[Path, Path]:
        """Both as beats of one word each."""
        kind = "" if self.lanes == 1 else OF_WORDS
        return self.inputs.with_name(f"{kind}inputs.txt"), self.outputs.with_name(
            f"{kind}outputs.txt"
        )

    def values(self, beats: int) -> int:
        """The elements in so many output beats of whole steps."""
        words: int = sum(output.shape[2] for output in self.golden.outputs)
        return beats * words // -(-words // self.lanes)

    def tidy(self, check: Check) -> Check:
        """The check with paths as they are inside the folder, not on this machine."""
        reason = check.reason
        for place in (self.folder, self.build):
            reason = reason and reason.replace(f"{place.resolve()}/", "")
        return replace(check, reason=reason)


def check_hls(bench: Bench, headers: Path | None) -> Check:
    """The HLS C++, compiled with real ap_fixed headers, on every sequence."""
    check = Check("hls-cpp", "g++")
    if not (bench.folder / "hls").is_dir():
        return replace(check, reason=NO_HLS)

    def run_it() -> Check:
        compiler, types = gxx.find(), ap_types.find(headers)
        named = replace(check, version=f"{compiler.version}, ap_fixed of {types.version}")
        return timed(named, lambda: run_hls(named, bench, build_hls(bench, types.path)))

    return bench.tidy(timed(check, run_it))


def build_hls(bench: Bench, headers: Path) -> Path:
    """Compile the C++ with its test bench. Raises as `compile_cpp` does."""
    hls = bench.folder / "hls"
    return gxx.compile_cpp(
        sorted(hls.glob("*.cpp")), [hls, headers], bench.build / "hls", std="c++14"
    )


def run_hls(check: Check, bench: Bench, program: Path) -> Check:
    """The check after the program has run over all sequences."""
    words = [program, *bench.of_words]
    done = run("HLS test bench", words, expected=(0, 1), seconds=1800)
    found = _last_line(done.stdout)
    return replace(
        check, status="failed" if done.status or found["mismatches"] else "passed",
        sequences=found["sequences"], values_compared=found["values_compared"],
        mismatches=found["mismatches"], reason=first_mismatch(found["first_mismatch"]),
    )  # fmt: skip


def _last_line(output: str) -> dict[str, Any]:
    try:
        found = json.loads(output.strip().splitlines()[-1])
    except (IndexError, ValueError):
        raise ToolError("HLS test bench", "printed no result", output) from None
    assert isinstance(found, dict)
    return found


def first_mismatch(mismatch: Any) -> str | None:
    """How a test bench's first mismatch is told."""
    return f"first mismatch: {json.dumps(mismatch)}" if mismatch else None
