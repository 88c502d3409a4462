"""Many designs in one simulator: a wrapper drives them all, and each has inputs of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lstmir.backends.verilog.printer import print_design
from lstmir.flow.toolchain import verilator
from lstmir.flow.toolchain.process import run
from lstmir.interpreter.rtl_design import Design, read_design, signal_type
from lstmir.ir.module import Module
from lstmir.ir.operation import Value

TOP = "batch"
DRIVER = Path(__file__).with_name("batch.cpp")
_WORD = 32

# A random design may compare what is constant for reasons that only a global analysis sees.
_PERMITTED = """`verilator_config
lint_off -rule CMPCONST
lint_off -rule UNSIGNED
"""

Integers = dict[str, int]


@dataclass(frozen=True)
class Cycle:
    """The inputs of one design in one cycle, and whether the reset line is high."""

    inputs: Integers
    reset: bool


class Batch:
    """Designs with different names, printed into a folder, and their simulator once it is built."""

    def __init__(self, modules: Sequence[Module], folder: Path) -> None:
        self.designs = [read_design(module.main) for module in modules]
        self.folder = folder
        self.files = [folder / "batch.vlt"]
        self.files[0].write_text(_PERMITTED)
        for module in modules:
            for name, text in print_design(module).items():
                (folder / name).write_text(text)
                self.files += [folder / name] * name.endswith(".v")
        wrapper = folder / f"{TOP}.v"
        wrapper.write_text(_wrapper(self.designs))
        self.files.append(wrapper)

    def lint(self) -> tuple[str, ...]:
        """What Verilator has to say."""
        return verilator.lint(self.files, TOP)

    def run(self, cycles: Sequence[Sequence[Cycle]]) -> list[list[Integers]]:
        """The outputs of each cycle of each design; all registers start at zero, and no reset comes first."""
        executable = verilator.build(self.files, TOP, DRIVER, self.folder / "build")
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


def _wrapper(designs: Sequence[Design]) -> str:
    """All designs side by side; each port has whole words of two buses."""
    instances: list[str] = []
    taken = given = 0
    for design in designs:
        ports = [".clk(clk)", f".rst(stimulus[{_WORD * taken}])"]
        taken += 1
        for name, value in design.inputs.items():
            ports.append(f".{name}(stimulus[{_WORD * taken} +: {signal_type(value.type).width}])")
            taken += _slots(value)
        for name, value in design.outputs.items():
            ports.append(f".{name}(response[{_WORD * given} +: {signal_type(value.type).width}])")
            given += _slots(value)
        instances.append(f"  {design.name} {design.name}_0 ({', '.join(ports)});")
    return "\n".join([
        "/* verilator lint_off UNUSEDSIGNAL */", "/* verilator lint_off UNDRIVEN */",
        f"module {TOP} (input clk, input [{_WORD * taken - 1}:0] stimulus,",
        f"  output [{_WORD * given - 1}:0] response);", *instances, "endmodule", "",
    ])  # fmt: skip
