"""Compiles designs with g++ and the real ap_fixed headers, and runs them on packets."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lstmir.backends.hls_cpp import design_name, print_design
from lstmir.backends.hls_cpp.sequences import Sequences
from lstmir.flow.toolchain import ap_types
from lstmir.interpreter.run import run_samples
from lstmir.interpreter.streams import OutputBeat, Part, StreamFormat, format_beats
from lstmir.ir.module import Module
from lstmir.ir.types import Type, element_of, shape_of
from lstmir.ir.verify import verify
from lstmir.numeric.fixed import FixedType
from lstmir.syntax.parser import parse_module

SMALL = """\
module @{name} {{
  func @main(%x: tensor<?x2x!fx.s<8,0>>) -> {result} {{
    %zero = tensor.constant @zero : tensor<2x!fx.s<8,0>>
    {before}
    %p = rnn.scan (%xt = %x) state (%p = %zero) {{
      {body}
      rnn.yield state (%{state}) : (tensor<2x!fx.s<8,0>>) -> ()
    }} : (tensor<?x2x!fx.s<8,0>>, tensor<2x!fx.s<8,0>>) -> tensor<2x!fx.s<8,0>>
    {after}
    return %{returned} : {result}
  }}
}}
{{-# resources: {{ zero: "0x0000"{more} }} #-}}
"""
WORDS = {"name": "small", "result": "tensor<2x!fx.s<8,0>>", "before": "", "body": "", "state": "p",
         "after": "", "returned": "p", "more": ""}  # fmt: skip
WARNINGS = ["-Wall", "-Wextra", "-Werror", "-Wno-unknown-pragmas", "-Wno-unused-label"]

REFUSED: OutputBeat = (0, 1, 1)
"""The answer to a packet that ends inside a step."""


@dataclass
class Run:
    """A design with the beats of its packets, and those that it must answer."""

    module: Module
    inputs: list[tuple[int, bool]] = field(default_factory=list)
    outputs: list[OutputBeat] = field(default_factory=list)

    @property
    def formats(self) -> tuple[StreamFormat, StreamFormat]:
        """The streams of inputs and outputs, of one lane."""
        main = self.module.main
        is_stepped = Sequences(main).gives_steps
        return (
            StreamFormat(tuple(part(value.type, True) for value in main.parameters)),
            StreamFormat(tuple(part(type_, is_stepped) for type_ in main.result_types)),
        )

    def add(self, *sequences: np.ndarray) -> Run:
        """Sequences [count, steps, features] of integers of each input, answered by the interpreter."""
        source, target = self.formats
        self.inputs += source.encode(zip(*sequences, strict=True))
        answers = zip(*run_samples(self.module, sequences), strict=True)
        self.outputs += [(data, int(last), 0) for data, last in target.encode(answers)]
        return self

    def add_cut(self, beats: int) -> Run:
        """A packet of so many beats, which is no whole number of steps.

        A design that answers every step from the stream has answered those before the cut, the same as if
        the rest had come.
        """
        self.inputs += [(1, index == beats - 1) for index in range(beats)]
        if Sequences(self.module.main).gives_steps and Sequences(self.module.main).is_streamed:
            steps = beats // self.features
            source, target = self.formats
            length = shape_of(self.module.main.parameters[0].type)[0] or steps
            ones = [np.ones((1, length, part.words), np.int64) for part in source.parts]
            if steps:
                found = run_samples(self.module, ones)
                answers = zip(*[array[:, :steps] for array in found], strict=True)
                self.outputs += [(data, 0, 0) for data, _ in target.encode(answers)]
        self.outputs.append(REFUSED)
        return self

    @property
    def features(self) -> int:
        """Elements of a step of all inputs."""
        return self.formats[0].words


def part(type_: Type, is_stepped: bool) -> Part:
    """What a value has in each step of a stream."""
    element = element_of(type_)
    assert isinstance(element, FixedType)
    return Part(element, prod(size or 0 for size in shape_of(type_)[is_stepped:]))


class Workshop:
    """Makes programs in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, module: Module) -> Path:
        """The folder with a design's files."""
        verify(module)
        folder = self.folder / design_name(module)
        folder.mkdir()
        for name, text in print_design(module).items():
            (folder / name).write_text(text)
        return folder

    def compare(self, runs: Sequence[Run], *flags: str) -> list[dict[str, Any]]:
        """What the test benches of some designs find, all compiled as one program.

        Their modules must have different names. Fails on a warning.
        """
        folders = [self.write(run.module) for run in runs]
        program = self.compile(_all_in_one(folders), folders[0], *flags)
        return [
            self.run([program, str(number)], run, folder)
            for number, (run, folder) in enumerate(zip(runs, folders, strict=True))
        ]

    def compile(self, text: str, folder: Path, *flags: str) -> Path:
        """The program of a C++ text that includes files of a folder."""
        source, program = self.folder / "all.cpp", self.folder / "all"
        source.write_text(text)
        paths = ["-isystem", str(ap_types.find().path), f"-I{folder}", str(source)]
        command = ["g++", "-std=c++14", "-O0", *WARNINGS, *flags, *paths, "-o", str(program)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[:4000]
        return program

    def run(self, command: Sequence[str | Path], run: Run, folder: Path) -> dict[str, Any]:
        """What a test bench finds on the packets of a run."""
        inputs, outputs = folder / "inputs.txt", folder / "outputs.txt"
        inputs.write_text(format_beats(run.inputs))
        outputs.write_text(format_beats(run.outputs))
        done = subprocess.run(
            [*command, inputs, outputs], capture_output=True, text=True, check=False
        )
        assert done.returncode in (0, 1), done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        assert done.returncode == (found["mismatches"] > 0)
        return found


def _all_in_one(folders: Sequence[Path]) -> str:
    """Designs and test benches in namespaces; the program's argument says whose turn it is."""
    headers = [
        "fstream",
        "iostream",
        "sstream",
        "string",
        "vector",
        "cstddef",
        "cstdint",
        "cstdlib",
    ]
    lines = ["#define AP_INT_MAX_W 4096", *(f"#include <{header}>" for header in headers)]
    lines += [f'#include "{header}.h"' for header in ("packet", "stream", "tile")]
    cases = []
    for number, folder in enumerate(folders):
        lines += [f"namespace design_{number} {{", f'#include "{folder / folder.name}.cpp"']
        lines += ["#define main run", f'#include "{folder}/testbench.cpp"', "#undef main", "}"]
        cases.append(f"case {number}: return design_{number}::run(argc - 1, argv + 1);")
    switch = " ".join(["switch (std::atoi(argv[1])) {", *cases, "}"])
    return "\n".join([*lines, f"int main(int argc, char** argv) {{ {switch} return 2; }}", ""])


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    """A workshop, where g++ and the headers are there: the tests that use it are marked."""
    if shutil.which("g++") is None:
        pytest.fail("g++ is not on PATH: install it, or do without with --without g++")
    return Workshop(tmp_path)


@pytest.fixture
def new_run() -> type[Run]:
    """Starts a run."""
    return Run


Small = Callable[..., Module]
"""Makes a module of one recurrence, with lines and names as its keywords say (see `WORDS`)."""


@pytest.fixture
def small() -> Small:
    """Modules that are written down."""
    return lambda **words: parse_module(SMALL.format(**(WORDS | words)), "small.lstmir")
