"""Clocked designs against one operation at a time, and the loop over streams against single steps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmir.interpreter.rtl import Clocked, Stalled, StreamResult
from lstmir.ir.diagnostics import UserError
from lstmir.ir.module import Module
from lstmir.numeric.fixed import FixedType
from lstmir.numeric.modes import Overflow, Rounding
from lstmir.numeric.rounding import requantize
from lstmir.syntax.parser import parse_module
from tests.interpreter.naive import Naive
from tests.strategies.rtl import designs, random_design, stimuli


def check(module: Module, random: Random, cycles: int) -> None:
    clocked, naive = Clocked(module), Naive(module)
    for inputs in stimuli(module, cycles, random):
        reset = random.random() < 0.1
        outputs = clocked.step(inputs, reset)
        assert list(outputs.values()) == naive.step(list(inputs.values()), reset)
        assert all(type(output) is int for output in outputs.values())


@given(designs(), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_steps_are_those_of_the_naive_machine(module: Module, random: Random) -> None:
    check(module, random, cycles=6)


@pytest.mark.parametrize("seed", range(40))
def test_large_designs(seed: int) -> None:
    check(random_design(Random(seed), "design", 60), Random(seed), cycles=60)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1000, 1400))
def test_many_large_designs(seed: int) -> None:
    check(random_design(Random(seed), "design", seed % 200), Random(seed), cycles=200)


def design(body: str, outputs: str = "y", parameters: str = "%x: !fx.s<8,0>") -> Module:
    names = ", ".join(f'"{name}"' for name in outputs.split())
    head = f"module @m {{\n func @m({parameters}) attributes {{outputs = [{names}]}} {{"
    return parse_module(f"{head}\n{body}\n }}\n}}")


COUNTER = """
    %q = rtl.reg {init = 3} : !fx.u<4,0>
    %free = rtl.reg : !fx.u<4,0>
    %one = rtl.literal {integer = 1} : !fx.u<1,0>
    %s = arith.add %q, %one : (!fx.u<4,0>, !fx.u<1,0>) -> !fx.u<5,0>
    %n = rtl.bits %s {low = 0, width = 4} : (!fx.u<5,0>) -> !fx.u<4,0>
    rtl.next output (%q, %free) update (%q = %n, %free = %n) : (!fx.u<4,0>, !fx.u<4,0>, !fx.u<4,0>,
      !fx.u<4,0>, !fx.u<4,0>, !fx.u<4,0>) -> ()"""


def counter() -> Clocked:
    return Clocked(design(COUNTER, "q free", ""))


def test_reset_sets_what_has_an_initial_value() -> None:
    clocked = counter()
    assert [clocked.step({}) for _ in range(3)] == [
        {"q": 3, "free": 0}, {"q": 4, "free": 4}, {"q": 5, "free": 5},
    ]  # fmt: skip
    clocked.reset()
    assert clocked.step({}) == {"q": 3, "free": 6}


def test_the_clock_ticks_for_the_others_while_reset_is_high() -> None:
    clocked = counter()
    assert clocked.step({}, reset=True) == {"q": 3, "free": 0}
    assert clocked.step({}, reset=True) == {"q": 3, "free": 4}
    assert clocked.step({}) == {"q": 3, "free": 4}


def test_inputs_are_checked() -> None:
    clocked = Clocked(random_design(Random(0), "design", 5))
    with pytest.raises(ValueError, match="the inputs are start, in0"):
        clocked.step({"start": 1})
    inputs = dict.fromkeys(clocked.design.inputs, 0)
    with pytest.raises(ValueError, match="the input start is i1, which has no integer 2"):
        clocked.step({**inputs, "start": 2})


def test_a_write_takes_what_was_there_before_any_other() -> None:
    memory = "tensor<4x!fx.s<8,0>>"
    port = f"({memory}, !fx.u<2,0>, !fx.s<8,0>, i1) -> {memory}"
    text = f"""%m = rtl.ram : {memory}
        %n = rtl.ram : {memory}
        %e = rtl.literal {{integer = 1}} : i1
        %0 = rtl.read %m, %a : ({memory}, !fx.u<2,0>) -> !fx.s<8,0>
        %1 = rtl.write %m, %a, %x, %e : {port}
        %2 = rtl.write %n, %a, %0, %e : {port}
        %3 = rtl.read %n, %a : ({memory}, !fx.u<2,0>) -> !fx.s<8,0>
        rtl.next output (%3) update (%m = %1, %n = %2) : (!fx.s<8,0>, {memory}, {memory}, {memory},
          {memory}) -> ()"""
    clocked = Clocked(design(text, "y", "%x: !fx.s<8,0>, %a: !fx.u<2,0>"))
    outputs = [clocked.step({"x": x, "a": 2})["y"] for x in (5, 6, 7, 8)]
    assert outputs == [0, 0, 5, 6]


@pytest.mark.parametrize("overflow", Overflow)
@pytest.mark.parametrize("rounding", Rounding)
@pytest.mark.parametrize("signed", [False, True])
def test_requantize_every_integer(signed: bool, rounding: Rounding, overflow: Overflow) -> None:
    source = FixedType(signed, 6, 3)
    targets = [
        FixedType(sign, width, frac)
        for sign in (False, True) for width in (1, 3, 6, 11) for frac in range(-5, 8)
    ]  # fmt: skip
    lines = [
        f'%v{i} = fx.requantize %x {{rounding = "{rounding}", overflow = "{overflow}"}} : '
        f"({source}) -> {target}"
        for i, target in enumerate(targets)
    ]
    values = ", ".join(f"%v{i}" for i in range(len(targets)))
    end = f"rtl.next output ({values}) : ({', '.join(map(str, targets))}) -> ()"
    names = values.replace("%", "").replace(",", "")
    clocked = Clocked(design("\n".join([*lines, end]), names, f"%x: {source}"))
    for integer in range(source.min_int, source.max_int + 1):
        exact = [
            requantize(np.array([integer]), source, target, rounding, overflow).item()
            for target in targets
        ]
        assert list(clocked.step({"x": integer}).values()) == exact


ACCUMULATE = Path(__file__).parents[1] / "backends/verilog/accumulate.lstmir"
BEATS = [(37 * i & 0xFF, i % 5 == 4) for i in range(40)]


@pytest.fixture
def accumulate() -> Clocked:
    return Clocked(parse_module(ACCUMULATE.read_text()))


def test_a_stream_gives_the_sums_of_its_packets(accumulate: Clocked) -> None:
    weights = parse_module(ACCUMULATE.read_text()).resources["weights"].tolist()
    expected, total, index = [], 0, 0
    sum_type, y_type = FixedType(True, 20, 14), FixedType(True, 8, 4)
    for data, last in BEATS:
        total += (data - 256 * (data > 127)) * weights[index]
        y = requantize(np.array([total]), sum_type, y_type, Rounding.HALF_EVEN, Overflow.SATURATE)
        expected.append((y.item() & 0xFF, int(last), 0))
        total, index = (0, 0) if last else (total, index + 1)
    result = accumulate.run_streams(BEATS, len(BEATS))
    assert result.beats_out == expected
    assert (result.beats_in, result.cycles_total) == (40, 160)
    assert result.packet_cycles == [20 * k for k in range(1, 9)]


def drive(
    clocked: Clocked, valid: Callable[[int], bool], ready: Callable[[int], bool]
) -> StreamResult:
    """What `run_streams` does, one `step` at a time."""
    clocked.reset()
    waiting, taken, cycle = list(BEATS), 0, 0
    beats: list[tuple[int, int, int]] = []
    packets: list[int] = []
    offered = False
    while len(beats) < len(BEATS):
        cycle += 1
        offered = offered or (bool(waiting) and valid(cycle))
        data, last = waiting[0] if offered else (0, False)
        outputs = clocked.step({
            "s_axis_tdata": data - 256 * (data > 127), "s_axis_tvalid": int(offered),
            "s_axis_tlast": int(last), "m_axis_tready": int(ready(cycle)),
        })  # fmt: skip
        if offered and outputs["s_axis_tready"]:
            waiting, taken, offered = waiting[1:], taken + 1, False
        if outputs["m_axis_tvalid"] and ready(cycle):
            flags = outputs["m_axis_tlast"], outputs["m_axis_tuser"]
            beats.append((outputs["m_axis_tdata"] & 0xFF, *flags))
            packets += [cycle] * flags[0]
    return StreamResult(beats, taken, cycle, packets)


@given(st.integers(1, 7), st.integers(1, 7), st.integers(0, 6))
@settings(max_examples=30, deadline=None)
def test_streams_are_steps(every: int, nth: int, offset: int) -> None:
    clocked = Clocked(parse_module(ACCUMULATE.read_text()))

    def valid(cycle: int) -> bool:
        return cycle % every == 0

    def ready(cycle: int) -> bool:
        return (cycle + offset) % nth == 0

    stepped = drive(clocked, valid, ready)
    assert clocked.run_streams(BEATS, len(BEATS), valid=valid, ready=ready) == stepped


def test_a_stream_that_stops_is_an_error(accumulate: Clocked) -> None:
    with pytest.raises(
        Stalled, match="stopped in cycle 54: 1 of 40 beats went in, 0 of 40 came out"
    ):
        accumulate.run_streams(BEATS, 40, stall_cycles=53, ready=lambda cycle: False)
    with pytest.raises(
        Stalled, match="stopped in cycle 260: 40 of 40 beats went in, 40 of 41 came out"
    ):
        accumulate.run_streams(BEATS, 41, stall_cycles=100)
    with pytest.raises(
        Stalled, match="stopped in cycle 20: 5 of 40 beats went in, 5 of 40 came out"
    ):
        accumulate.run_streams(BEATS, 40, max_cycles=20)


def test_data_must_fit_the_port(accumulate: Clocked) -> None:
    with pytest.raises(ValueError, match="the data 0x100 do not fit 8 wires"):
        accumulate.run_streams([(256, True)], 1)


def test_streams_need_the_ports_of_two_streams() -> None:
    with pytest.raises(UserError, match="@m has other ports than one stream in and one out"):
        counter().run_streams(BEATS, 1)


NEXT = "rtl.next output (%y) : (!fx.s<8,0>) -> ()"


@pytest.mark.parametrize(
    ("body", "outputs", "message"),
    [
        ("return %x : !fx.s<8,0>", "x", "a design ends with 'rtl.next', not 'return'"),
        (NEXT.replace("%y", "%x"), "", r"'outputs' must name 1 different port\(s\), it is \[\]"),
        (NEXT.replace("%y", "%x"), "y z", r"must name 1 different port\(s\), it is \['y', 'z'\]"),
    ],
)
def test_what_is_no_design(body: str, outputs: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        Clocked(design(body, outputs))


def test_operations_of_other_levels_are_refused() -> None:
    module = design("""%y = math.tanh %x : !fx.s<8,0>
      rtl.next output (%y) : (!fx.s<8,0>) -> ()""")
    with pytest.raises(
        UserError, match=r"<text>:3:6: error: 'math\.tanh' is no logic of a clocked design"
    ):
        Clocked(module)


def test_tensors_are_refused() -> None:
    text = """%y = arith.neg %x : (tensor<2x!fx.s<8,0>>) -> tensor<2x!fx.s<9,0>>
      rtl.next output (%y) : (tensor<2x!fx.s<9,0>>) -> ()"""
    with pytest.raises(UserError, match=r"the output y: tensor<2x!fx.s<9,0>> is no signal"):
        Clocked(design(text, "y", "%x: tensor<2x!fx.s<8,0>>"))
