"""Value change dumps: of hand-made signals, and of random designs against the naive machine."""

from __future__ import annotations

import re
from random import Random

import pytest

from lstmir.backends.verilog.printer import print_design
from lstmir.flow.vcd import scope_of
from lstmir.interpreter.rtl import Clocked
from lstmir.interpreter.rtl_design import signal_type
from lstmir.interpreter.vcd import PERIOD, Scope, Signal, VcdWriter
from lstmir.ir.module import Module
from lstmir.ir.operation import Value
from tests.interpreter.naive import Naive
from tests.interpreter.vcd_reader import Dump, read_vcd
from tests.strategies.rtl import random_design, stimuli

REGISTERS = [
    Signal("count", "reg", 4), None, Signal("sum", "reg", 2, ("array", "lane")),
    Signal("sum", "reg", 1, ("array",)), Signal("error", "reg", 1, ("tail",)),
]  # fmt: skip
SCOPE = Scope("m", "clk", "rst", REGISTERS, [Signal("x", "wire", 1)], [Signal("y", "reg", 8)])

TEXT = """\
$timescale 1 ns $end
$scope module m $end
$var wire 1 ! clk $end
$var wire 1 " rst $end
$var wire 1 # x $end
$var reg 8 $ y [7:0] $end
$var reg 4 % count [3:0] $end
$scope module array $end
$var reg 1 ' sum $end
$scope module lane $end
$var reg 2 & sum [1:0] $end
$upscope $end
$upscope $end
$scope module tail $end
$var reg 1 ( error $end
$upscope $end
$upscope $end
$enddefinitions $end
#0
$dumpvars
1!
1"
0#
b11111111 $
b0 %
b10 &
1'
0(
$end
#5
0!
#10
1!
0"
1#
b101 %
b11 &
0'
#15
0!
#20
"""


DECLARED = re.compile(
    r"^  ((?:(?:input|output|wire|reg|signed|\[\d+:0\]) +)+)(\w+)(?=[;,\n]| =|  //)", re.MULTILINE
)
"""A declaration of a signal in printed Verilog, but for memories."""


def test_a_dump_is_this_text() -> None:
    parts: list[str] = []
    writer = VcdWriter(parts.append, SCOPE)
    writer(True, [0, 7, 2, 1, 0], [0], [-1])
    writer(False, [5, 8, 3, 0, 0], [True], [-1])
    writer.close()
    version, text = "".join(parts).split("\n", 1)
    assert version.startswith("$version lstmir ")
    assert text == TEXT


def test_many_signals_have_different_codes() -> None:
    registers = [Signal(f"r{index}", "reg", 1) for index in range(10_000)]
    parts: list[str] = []
    writer = VcdWriter(parts.append, Scope("m", "clk", "rst", registers, [], []))
    writer(False, [index % 2 for index in range(10_000)], [], [])
    dump = read_vcd("".join(parts))
    assert [dump.values[signal.name] for signal in registers] == [{0: 0}, {0: 1}] * 5000


def dump_of(module: Module, cycles: int, random: Random) -> tuple[Dump, list[dict[str, int]]]:
    """A dump of random cycles, and what the naive machine says that its signals are."""
    scope, naive = scope_of(module), Naive(module)
    parts: list[str] = []
    writer = VcdWriter(parts.append, scope)
    clocked = Clocked(module, writer)
    expected = []
    for inputs in stimuli(module, cycles, random):
        reset = random.random() < 0.1
        registers = [naive.state[value] for value in clocked.design.registers]
        clocked.step(inputs, reset)
        outputs = naive.step(list(inputs.values()), reset)
        named: dict[str, tuple[int, Value | None]] = {"clk": (1, None), "rst": (int(reset), None)}
        design = clocked.design
        for signals, values, integers in (
            (scope.registers, design.registers, registers),
            (scope.inputs, list(design.inputs.values()), list(inputs.values())),
            (scope.outputs, list(design.outputs.values()), outputs),
        ):
            for signal, value, integer in zip(signals, values, integers, strict=True):
                if signal is not None:
                    named[".".join([*signal.path, signal.name])] = integer, value
        expected.append({name: _natural(*each) for name, each in named.items()})
    writer.close()
    return read_vcd("".join(parts)), expected


def _natural(integer: int, value: Value | None) -> int:
    width = 1 if value is None else signal_type(value.type).width
    return integer & (1 << width) - 1


@pytest.mark.parametrize("seed", range(40))
def test_random_designs(seed: int) -> None:
    module = random_design(Random(seed), "machine", 40)
    dump, expected = dump_of(module, 12, Random(seed))
    assert (dump.timescale, dump.scope, dump.end) == ("1 ns", "machine", 12 * PERIOD)
    for cycle, signals in enumerate(expected):
        assert dump.at(cycle * PERIOD) == signals
        assert dump.at(cycle * PERIOD + PERIOD // 2) == {**signals, "clk": 0}


@pytest.mark.parametrize("seed", range(40))
def test_signals_are_declared_in_the_verilog(seed: int) -> None:
    module = random_design(Random(seed), "machine", 40)
    files = print_design(module)
    dump, _ = dump_of(module, 1, Random(seed))
    for path, (kind, width) in dump.signals.items():
        *scopes, name = path.split(".")
        text = files[module_of(scopes, files)]
        declared = {name: words.split() for words, name in DECLARED.findall(text)}
        words = set(declared[name]) - {"input", "output", "wire", "signed"}
        span = {f"[{width - 1}:0]"} if width > 1 else set()
        assert words == span | ({"reg"} if kind == "reg" else set()), name


def module_of(scopes: list[str], files: dict[str, str]) -> str:
    """The file with the module that a path of instances leads to."""
    file = "machine.v"
    for name in scopes:
        (module,) = re.findall(rf"^  (\w+) (?:#\(.*\) )?{name} \(", files[file], re.MULTILINE)
        file = f"{module}.v"
    return file


def test_the_same_run_gives_the_same_text() -> None:
    texts = []
    for _ in range(2):
        parts: list[str] = []
        module = random_design(Random(3), "machine", 40)
        clocked = Clocked(module, VcdWriter(parts.append, scope_of(module)))
        for inputs in stimuli(module, 5, Random(3)):
            clocked.step(inputs)
        texts.append("".join(parts))
    assert texts[0] == texts[1]
