"""Many designs in one build of a simulator: a wrapper drives them all, and each has inputs of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lstmir.backends.verilog.printer import print_design
from lstmir.flow.toolchain import cxxrtl, verilator
from lstmir.flow.toolchain.process import run
from lstmir.interpreter.rtl_design import Design, read_design, signal_type
from lstmir.ir.module import Module
from lstmir.ir.operation import Value
from tests.backends.verilog.simulators import Build, problems

TOP = "batch"
DRIVER = Path(__file__).with_name("batch.cpp")
_WORD = 32

# A random design may compare what is constant for reasons that only a global analysis sees.
_PERMITTED = """`verilator_config
lint_off -rule CMPCONST
lint_off -rule UNSIGNED
"""
# It may write a memory at constant addresses only: Yosys makes it registers, and says so.
_EXPECTED = "Warning: Replacing memory "

# A few cycles of many designs: optimizing would take longer than running.
_BUILD: dict[str, Build] = {
    "verilator": verilator.build,
    "cxxrtl": partial(cxxrtl.build, opt="-O0"),
}

Integers = dict[str, int]


@dataclass(frozen=True)
class Cycle:
    """The inputs of one design in one cycle, and whether the reset line is high."""

    inputs: Integers
    reset: bool


class Batch:
    """Designs with different names, printed into a folder, and their simulators once they are built."""

    def __init__(self, modules: Sequence[Module], folder: Path) -> None:
        self.designs = [read_design(module.main) for module in modules]
        self.folder = folder
        self.files = [folder / "batch.vlt"]
        self.files[0].write_text(_PERMITTED)
        for module in modules:
            for name, text in print_design(module).items():
                (folder / name).write_text(text)
                self.files += [folder / name] * name.endswith(".v")
        ports = _ports(self.designs)
        self.driver = folder / DRIVER.name
        self.driver.write_text(DRIVER.read_text())
        (folder / "ports.h").write_text(_header(ports))
        (folder / f"{TOP}.v").write_text(_wrapper(self.designs, ports))
        self.files.append(folder / f"{TOP}.v")

    def lint(self) -> tuple[str, ...]:
        """What Verilator and Yosys have to say."""
        found = problems(self.files, TOP)
        return tuple(message for message in found if not message.startswith(_EXPECTED))

    def run(self, tool: str, cycles: Sequence[Sequence[Cycle]]) -> list[list[Integers]]:
        """The outputs of each cycle of each design; all registers start at zero, and no reset comes first."""
        executable = _BUILD[tool](self.files, TOP, self.driver, self.folder / f"build_{tool}")
        lines = [self._stimulus(at_once) for at_once in zip(*cycles, strict=True)]
        (self.folder / "stimuli.txt").write_text("\n".join(lines) + "\n")
        stimuli = self.folder / "stimuli.txt"
        done = run("simulation", [executable.resolve(), stimuli.resolve()], folder=self.folder)
        responses = [self._responses(line) for line in done.stdout.splitlines()]
        return [list(design) for design in zip(*responses, strict=True)]

    def _stimulus(self, at_once: Sequence[Cycle]) -> str:
        words: list[str] = []
        for design, cycle in zip(self.designs, at_once, strict=True):
            words.append(f"{int(cycle.reset):x}")
            for name, value in design.inputs.items():
                words += _to_words(cycle.inputs[name], value)
        return " ".join(words)

    def _responses(self, line: str) -> list[Integers]:
        words = iter(line.split())
        return [
            {name: _from_words([next(words) for _ in range(_slots(value))], value)
             for name, value in design.outputs.items()}
            for design in self.designs
        ]  # fmt: skip


def _slots(value: Value) -> int:
    return -(-signal_type(value.type).width // _WORD)


def _to_words(integer: int, value: Value) -> list[str]:
    return [f"{integer >> _WORD * i & (1 << _WORD) - 1:x}" for i in range(_slots(value))]


def _from_words(words: Sequence[str], value: Value) -> int:
    type_ = signal_type(value.type)
    natural = sum(int(word, 16) << _WORD * i for i, word in enumerate(words))
    return natural - (natural > type_.max_int) * (1 << type_.width)


@dataclass(frozen=True)
class _Port:
    """A port of the wrapper: whole words, of which a port of a design is the lowest bits."""

    kind: str
    name: str
    design: str
    inner: str
    width: int

    @property
    def words(self) -> int:
        return -(-self.width // _WORD)

    def __str__(self) -> str:
        return f"{self.kind} [{_WORD * self.words - 1}:0] {self.name}"

    @property
    def joined(self) -> str:
        """As an argument of the design's instance."""
        return f".{self.inner}({self.name}[{self.width - 1}:0])"

    @property
    def padding(self) -> str | None:
        """What drives the other bits of an output."""
        spare = _WORD * self.words - self.width
        if self.kind == "input" or not spare:
            return None
        return f"  assign {self.name}[{self.width} +: {spare}] = 0;"


def _ports(designs: Sequence[Design]) -> list[_Port]:
    """All ports, in the order of the words that go in and out."""
    found = []
    for design in designs:
        found.append(("input", design.name, "rst", 1))
        for kind, ports in (("input", design.inputs), ("output", design.outputs)):
            found += [
                (kind, design.name, name, signal_type(value.type).width)
                for name, value in ports.items()
            ]
    return [
        _Port(kind, f"{'io'[kind == 'output']}{index}", design, name, width)
        for index, (kind, design, name, width) in enumerate(found)
    ]


def _header(ports: Sequence[_Port]) -> str:
    """The ports as the driver goes through them."""
    lines = []
    for macro, kind in (("STIMULI", "input"), ("RESPONSES", "output")):
        calls = [f"X({port.name}, {port.words})" for port in ports if port.kind == kind]
        lines.append(f"#define {macro}(X) {' '.join(calls)}")
    return "\n".join([*lines, ""])


def _wrapper(designs: Sequence[Design], ports: Sequence[_Port]) -> str:
    """All designs side by side."""
    instances = []
    for design in designs:
        joined = [port.joined for port in ports if port.design == design.name]
        instances.append(f"  {design.name} {design.name}_0 (.clk(clk), {', '.join(joined)});")
    padding = [port.padding for port in ports if port.padding]
    return "\n".join([
        "/* verilator lint_off UNUSEDSIGNAL */",
        f"module {TOP} (input clk, {', '.join(map(str, ports))});", *instances, *padding,
        "endmodule", "",
    ])  # fmt: skip
