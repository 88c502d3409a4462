"""Networks that give the index of their largest score: compared with the scores that level 3 gives."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmir.interpreter.rtl import Clocked
from lstmir.interpreter.run import run_samples
from lstmir.interpreter.streams import steps_of, stream_format
from lstmir.ir.diagnostics import UserError
from lstmir.ir.interface import Port, ports, set_ports
from lstmir.ir.module import Module
from lstmir.numeric.arrays import quantize_real
from lstmir.numeric.fixed import FixedType
from lstmir.passes.machine.prediction import predict_cycles
from lstmir.passes.machine.timing import timing_from
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module
from tests.machine.machines import Machine, Packet, lengths, pattern
from tests.machine.test_machine import STALLS, survives_resets, survives_stalls
from tests.passes.levels import FEW, MANY, Recipe, apply, recipes
from tests.strategies.networks import RESULTS, SEQUENCES, WEIGHTS, Network

COARSE = Recipe(weights=2, bias=2, activations=2, operands=3, state=4)
"""Formats in which scores are often equal."""
SEEDS = st.integers(0, 99)
SCALES = (1.0, 50.0)


class Each(Machine):
    """A machine in which every nest has an array of its own, so that steps overlap."""

    @property
    def pipeline(self) -> str:
        """From level 3 to level 5."""
        return super().pipeline.replace(f"macs={self.macs}", f"macs={self.macs} arrays=each")


def scores(machine: Machine, steps: int, seed: int, scale: float = 1.0) -> list[list[int]]:
    """What the same network without the last operation gives: of the last step, or of each."""
    plain = replace(machine.network, pick="")
    module = machine.recipe.fixed_point(plain)
    data = quantize_real(machine.network.data(1, steps, scale, seed), machine.format("input"))
    (found,) = run_samples(module, [data])
    result: list[list[int]] = found.reshape(-1, found.shape[-1]).tolist()
    return result


def places(each: list[int], pick: str) -> int:
    """Where the largest one stands."""
    found = [place for place, score in enumerate(each) if score == max(each)]
    return found[-1] if pick == "last" else found[0]


def packet(machine: Machine, steps: int, seed: int, scale: float = 1.0) -> Packet:
    """A sequence, and the indices that must come of it."""
    indices = [places(s, machine.network.pick) for s in scores(machine, steps, seed, scale)]
    answer = [(index, int(n == len(indices)), 0) for n, index in enumerate(indices, 1)]
    return Packet(machine.packet(steps, seed, scale).beats, answer)


def is_right_and_on_time(machine: Machine, steps: Sequence[int], seed: int) -> None:
    packets = [packet(machine, n, seed + k, SCALES[k % 2]) for k, n in enumerate(steps)]
    result = machine.check(packets)
    assert result.packet_cycles == [machine.predict(steps[: k + 1]) for k in range(len(steps))]


def machines() -> st.SearchStrategy[Machine]:
    networks = st.builds(
        Network,
        features=st.integers(1, 5),
        hidden=st.integers(1, 12),
        outputs=st.integers(1, 12),
        result=st.sampled_from((*RESULTS, *SEQUENCES)),
        pick=st.sampled_from(("first", "last")),
        weights=st.sampled_from(WEIGHTS),
        bias=st.booleans(),
        kind=st.sampled_from(("lstm", "gru", "rnn")),
        seed=st.integers(0, 2**16),
    )
    return st.builds(
        lambda kind, *rest: kind(*rest),
        st.sampled_from((Machine, Machine, Each)), networks, st.just(COARSE) | recipes(),
        st.integers(4, 64), st.sampled_from((1, 1, 2)),
    )  # fmt: skip


@settings(FEW, max_examples=20)
@given(machines(), lengths(), SEEDS)
def test_bits_and_cycles(machine: Machine, steps: list[int], seed: int) -> None:
    is_right_and_on_time(machine, steps, seed)


@settings(FEW, max_examples=6)
@given(machines(), lengths(), SEEDS)
def test_stalls_and_resets(machine: Machine, steps: list[int], seed: int) -> None:
    survives_stalls(machine, steps, seed)
    survives_resets(machine, seed)


@pytest.mark.soak
@MANY
@given(machines(), lengths(), SEEDS)
def test_many(machine: Machine, steps: list[int], seed: int) -> None:
    is_right_and_on_time(machine, steps, seed)
    survives_stalls(machine, steps, seed)
    survives_resets(machine, seed)


@pytest.mark.parametrize("pick", ["first", "last"])
@pytest.mark.parametrize(
    ("network", "macs", "tails"),
    [
        (Network(2, 3, 1), 4, 1),  # one class
        (Network(3, 5, 10), 4, 1),  # more classes than a group
        (Network(3, 10, result="final_h"), 16, 2),
        (Network(3, 11, result="final_h"), 32, 4),  # tails that do not divide the classes
        (Network(3, 13, result="final_h"), 48, 4),  # the last turn has one score
        (Network(1, 4, 9, result="dense_sequence"), 32, 3),
        (Network(1, 6, 11, result="dense_sequence"), 48, 11),  # one turn
    ],
)
def test_tails_and_groups(network: Network, macs: int, tails: int, pick: str) -> None:
    for recipe in (Recipe(), COARSE):
        machine = Machine(replace(network, pick=pick), recipe, macs)
        is_right_and_on_time(machine, [1, 1, 4, 2, 1], 0)
        survives_stalls(machine, [1, 3, 1], 0)
    loops = [op for op in machine.level_4.main.region.walk() if "tails" in op.attributes]
    assert loops[-1].attributes["tails"] == tails


@pytest.mark.parametrize("result", ["dense", "final_h", "dense_sequence"])
def test_equal_scores(result: str) -> None:
    ties = 0
    for seed in range(4):
        network = Network(2, 6, 9, result=result, seed=seed)
        for pick in ("first", "last"):
            machine = Machine(replace(network, pick=pick), COARSE, 24)
            is_right_and_on_time(machine, [3, 2, 1], seed)
            found = [s for k, n in enumerate([3, 2, 1])
                     for s in scores(machine, n, seed + k, SCALES[k % 2])]  # fmt: skip
            ties += sum(each.count(max(each)) > 1 for each in found)
    assert ties


def test_negative_scores() -> None:
    steps, negative = [3, 1, 2], 0
    for seed in range(4):
        machine = Machine(Network(2, 4, 2, seed=seed, pick="first"), Recipe(), 8)
        is_right_and_on_time(machine, steps, seed)
        found = [s for k, n in enumerate(steps)
                 for s in scores(machine, n, seed + k, SCALES[k % 2])]  # fmt: skip
        negative += sum(max(each) < 0 for each in found)
    assert negative


def test_malformed_packets() -> None:
    machine = Machine(Network(4, 3, 6, pick="first"), Recipe(), 16)
    packets = [packet(machine, 2, 0), machine.malformed(3, 1), machine.malformed(6, 2),
               packet(machine, 1, 3), machine.malformed(9, 4), packet(machine, 3, 5)]  # fmt: skip
    for valid, ready in ((1.0, 1.0), *STALLS):
        machine.check(packets, valid, ready)


# -- beside other results ---------------------------------------------------------------------


def ended(result: str, ending: str) -> Module:
    """A level-3 module of ten scores %y of the format F, whose text ends otherwise."""
    text = print_module(Machine(Network(3, 4, 10, result=result), COARSE, 16).level_3)
    (old,) = re.findall(r"    return %y : .*\n", text)
    (element,) = re.findall(r"!fx\.s<\d+,\d+>", old)
    types = ending.rpartition("return ")[2].partition(" : ")[2].partition(" ->")[0]
    text = text.replace(old, ending.replace("FORMAT", element))
    text = re.sub(r"(func @main\(.*\) -> ).* {", rf"\1{types.replace('FORMAT', element)} {{", text)
    return parse_module(text)


SCORES_AND_INDEX = """
    %i = linalg.argmax %y {axis = 0} : (tensor<10xFORMAT>) -> !fx.u<4,0>
    return %y, %i : (tensor<10xFORMAT>, !fx.u<4,0>) -> ()
"""
BOTH_ENDS = """
    %i = linalg.argmax %y {axis = 1} : (tensor<?x10xFORMAT>) -> tensor<?x!fx.u<4,0>>
    %j = linalg.argmax %y {axis = 1, last = true} : (tensor<?x10xFORMAT>) -> tensor<?x!fx.u<4,0>>
    return %i, %y, %j : (tensor<?x!fx.u<4,0>>, tensor<?x10xFORMAT>, tensor<?x!fx.u<4,0>>) -> ()
"""
OF_A_STATE = """
    %i = linalg.argmax %h {axis = 0} : (tensor<4x!fx.s<2,1>>) -> !fx.u<2,0>
    %j = linalg.argmax %y {axis = 0} : (tensor<10xFORMAT>) -> !fx.u<4,0>
    return %i, %j : (!fx.u<2,0>, !fx.u<4,0>) -> ()
"""
OF_A_PART = """
    %m = tensor.slice %y {axis = 0, start = 5, size = 5} : (tensor<10xFORMAT>) -> tensor<5xFORMAT>
    %i = linalg.argmax %m {axis = 0} : (tensor<5xFORMAT>) -> !fx.u<3,0>
    return %i : !fx.u<3,0>
"""
KEPT = """
    %m = tensor.reshape %y : (tensor<10xFORMAT>) -> tensor<1x10xFORMAT>
    %i = linalg.argmax %m {axis = 1} : (tensor<1x10xFORMAT>) -> tensor<1x!fx.u<4,0>>
    %j = tensor.reshape %i : (tensor<1x!fx.u<4,0>>) -> tensor<1x1x!fx.u<4,0>>
    return %j : tensor<1x1x!fx.u<4,0>>
"""


@pytest.mark.parametrize("lanes", [1, 2, 4])
@pytest.mark.parametrize(
    ("result", "ending", "shapes"),
    [
        ("dense", SCORES_AND_INDEX, [(-1, 10), (-1,)]),
        ("dense_sequence", BOTH_ENDS, [(-1, -1), (-1, -1, 10), (-1, -1)]),
        ("dense", OF_A_STATE, [(-1,), (-1,)]),
        ("dense", OF_A_PART, [(-1,)]),
        ("dense", KEPT, [(-1, 1, 1)]),
    ],
    ids=[
        "scores and index",
        "first, scores and last",
        "of a state",
        "of a part",
        "kept dimensions",
    ],
)
def test_beside_other_results(
    result: str, ending: str, shapes: list[tuple[int, ...]], lanes: int
) -> None:
    module = ended(result, ending)
    time = 1 if result == "dense_sequence" else None
    outputs = [Port(f"y{k}", "output", "f32", shape, 0, time) for k, shape in enumerate(shapes)]
    set_ports(module, [*ports(module, "input"), *outputs])
    design = apply(
        parse_module(print_module(module)),
        f"tile{{macs=16}},block-layout,schedule{{lanes={lanes}}},lower-to-rtl",
    )
    source, target = (stream_format(design, kind) for kind in ("input", "output"))
    assert target.lanes == lanes
    steps, clocked = [1, 3, 2, 2], Clocked(design)
    offered, wanted = [], []
    for seed, count in enumerate(steps):
        element = source.parts[0].element
        data = quantize_real(np.random.default_rng(seed).normal(size=(1, count, 3)), element)
        found = steps_of(module, "output", run_samples(module, [data]))
        offered += source.encode([[data[0]]])
        wanted += [(*beat, 0) for beat in target.encode([[each[0] for each in found]])]
    timing = timing_from(design.attributes["timing"])
    result_ = clocked.run_streams(offered, len(wanted))
    assert result_.beats_out == wanted
    assert result_.cycles_total == predict_cycles(timing, 3, steps)
    for seed, (valid, ready) in enumerate(STALLS):
        chances = pattern(valid, seed), pattern(ready, seed + 1)
        stalled = clocked.run_streams(offered, len(wanted), valid=chances[0], ready=chances[1])
        assert stalled.beats_out == wanted


REFUSED = {
    "halves": (
        """
    %m = tensor.reshape %y : (tensor<10xFORMAT>) -> tensor<2x5xFORMAT>
    %i = linalg.argmax %m {axis = 1} : (tensor<2x5xFORMAT>) -> tensor<2x!fx.u<3,0>>
    return %i : tensor<2x!fx.u<3,0>>
""",
        "schedule: 'linalg.argmax' must compare all that leaves at once: the machine finds one index",
    ),
    "more is made of it": (
        """
    %i = linalg.argmax %y {axis = 0} : (tensor<10xFORMAT>) -> !fx.u<4,0>
    %j = arith.add %i, %i : (!fx.u<4,0>, !fx.u<4,0>) -> !fx.u<5,0>
    return %j : !fx.u<5,0>
""",
        "tile: 'linalg.argmax' has no unit in the array",
    ),
    "several memories": (
        """
    %m = tensor.concat %y, %y {axis = 0} : (tensor<10xFORMAT>, tensor<10xFORMAT>) -> tensor<20xFORMAT>
    %i = linalg.argmax %m {axis = 0} : (tensor<20xFORMAT>) -> !fx.u<5,0>
    return %i : !fx.u<5,0>
""",
        "schedule: 'tensor.concat' is no memory of the machine",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    ending, message = REFUSED[name]
    with pytest.raises(UserError) as error:
        apply(ended("dense", ending), "tile{macs=16},block-layout,schedule")
    assert error.value.diagnostics[0].message == message
    assert any("host" in note for note in error.value.diagnostics[0].notes)


def test_the_format_is_the_narrowest() -> None:
    for outputs, width in ((1, 1), (2, 1), (3, 2), (8, 3), (9, 4)):
        machine = Machine(Network(2, 3, outputs, pick="first"), COARSE, 16)
        assert machine.format("output") == FixedType(False, width, 0)
