"""A session runs a sequence in pieces and gives what one run over the whole sequence gives."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings

from lstmir.interpreter.causal import Time, times_of
from lstmir.interpreter.feeds import Arrays
from lstmir.interpreter.run import run
from lstmir.interpreter.session import Session
from lstmir.ir.diagnostics import UserError
from lstmir.ir.interface import Port, ports, set_ports
from lstmir.ir.module import Module
from lstmir.ir.operation import Value
from lstmir.ir.types import element_of, shape_of
from lstmir.numeric.arrays import to_real
from lstmir.numeric.fixed import FixedType
from lstmir.syntax.parser import parse_module
from tests.passes.levels import FEW, FRONT, Recipe, apply, recipes
from tests.strategies.modules import DYNAMIC_LENGTH, inputs_of, random_module
from tests.strategies.networks import Network, networks

STEPS = 4


def whole_and_pieces(module: Module, feed: Arrays, cuts: list[int]) -> tuple[Arrays, Arrays]:
    """The outputs of one run, and those of a session: steps joined, all else of the last piece."""
    inputs, outputs = ports(module, "input"), ports(module, "output")
    session = Session(module)
    streams = {port.name: port for port in inputs if port.time is not None}
    session.start({name: array for name, array in feed.items() if name not in streams})
    pieces = [
        session.run(
            {
                name: np.take(feed[name], np.arange(first, last), axis=port.time)
                for name, port in streams.items()
            }
        )
        for first, last in pairwise(cuts)
    ]
    joined = {
        port.name: pieces[-1][port.name]
        if port.time is None
        else np.concatenate([piece[port.name] for piece in pieces], axis=port.time)
        for port in outputs
    }
    return run(module, feed), joined


def check_all_splits(module: Module, feed: Arrays, steps: int) -> None:
    for cut in range(1, steps):
        whole, joined = whole_and_pieces(module, feed, [0, cut, steps])
        for name, array in whole.items():
            np.testing.assert_array_equal(joined[name], array, err_msg=name)
    whole, joined = whole_and_pieces(module, feed, list(range(steps + 1)))
    for name, array in whole.items():
        np.testing.assert_array_equal(joined[name], array, err_msg=name)


def _is_forward(network: Network) -> bool:
    return network.direction == "forward"


@settings(FEW, max_examples=25)
@given(networks(floats=True).filter(_is_forward))
def test_networks_of_level_2(network: Network) -> None:
    network = replace(network, batch=None)
    module = apply(network.module(), FRONT)
    data = network.data(3, STEPS)
    check_all_splits(module, {"x": network.feed(data)}, data.shape[1])


@settings(FEW, max_examples=15)
@given(networks(), recipes())
def test_networks_of_level_3(network: Network, recipe: Recipe) -> None:
    module, data = recipe.fixed_point(network), network.data(3, STEPS, scale=4.0)
    check_all_splits(module, {"x": network.feed(data)}, data.shape[1])


def test_a_network_of_level_4() -> None:
    network = Network(features=3, hidden=4)
    module = apply(Recipe(zeroed=0.5).fixed_point(network), "tile{macs=4},block-layout,schedule")
    check_all_splits(module, {"x": network.feed(network.data(2, STEPS))}, STEPS)


def _describe(module: Module) -> bool:
    """Give a module an interface in which what its scans read arrives in steps.

    False if it cannot be run in pieces.
    """
    main = module.main
    read = {
        value
        for op in main.region.operations()
        if op.name == "rnn.scan"
        for value in op.operands[: op.attributes["segments"][0]]
    }
    steps: list[Time] = [0 if value in read else "fixed" for value in main.parameters]
    if not read & set(main.parameters):
        return False
    try:
        times = times_of(main, steps)
    except UserError:
        return False
    inputs = [
        _port("input", k, *each) for k, each in enumerate(zip(main.parameters, steps, strict=True))
    ]
    outputs = [_port("output", k, value, times[value]) for k, value in enumerate(main.results)]
    module.attributes["form"] = "sample"
    set_ports(module, [*inputs, *outputs])
    return True


def _port(kind: str, index: int, value: Value, time: Time) -> Port:
    element = element_of(value.type)
    dtype = "f64" if isinstance(element, FixedType) else str(element)
    shape = (-1, *(-1 if size is None else size for size in shape_of(value.type)))
    return Port(
        f"{kind}{index}", kind, dtype, shape, 0, time + 1 if isinstance(time, int) else None
    )


def _feed(module: Module, seed: int) -> Arrays:
    feed = {}
    for port, value, array in zip(
        ports(module, "input"), module.main.parameters, inputs_of(module, seed, 2), strict=True
    ):
        element = element_of(value.type)
        feed[port.name] = to_real(array, element) if isinstance(element, FixedType) else array
    return feed


def _has_numbers_only(module: Module) -> bool:
    """Whether real numbers can say every input exactly."""
    types = [element_of(value.type) for value in module.main.parameters]
    return all(not isinstance(t, FixedType) or t.width <= 53 for t in types)


@pytest.mark.parametrize("level", [2, 3])
def test_random_modules_give_the_same_in_pieces_or_are_refused(level: int) -> None:
    cut = 0
    for seed in range(900):
        module = random_module(Random(seed), level, operations=6)
        if not _has_numbers_only(module) or not _describe(module):
            continue
        feed = _feed(module, seed)
        streams = [port for port in ports(module, "input") if port.time is not None]
        if any(feed[port.name].shape[1] != DYNAMIC_LENGTH for port in streams):
            continue
        cut += 1
        with np.errstate(all="ignore"):
            check_all_splits(module, feed, DYNAMIC_LENGTH)
    assert cut > 10


SUM = """module @m attributes {interface = [
    {name = "x", kind = "input", dtype = "f32", shape = [-1, -1], batch = 0, time = 1},
    {name = "s", kind = "input", dtype = "f32", shape = [-1], batch = 0},
    {name = "e", kind = "output", dtype = "f32", shape = [-1, -1], batch = 0, time = 1},
    {name = "h", kind = "output", dtype = "f32", shape = [-1], batch = 0}], form = "sample"} {
  func @main(%x: tensor<?xf32>, %s: f32) -> (tensor<?xf32>, f32) {
    %e, %h = rnn.scan (%xt = %x) state (%sp = %s) {
      %n = arith.add %xt, %sp : f32
      rnn.yield state (%n) emit (%n) : (f32, f32) -> ()
    } : (tensor<?xf32>, f32) -> (tensor<?xf32>, f32)
    return %e, %h : (tensor<?xf32>, f32) -> ()
  }
}
"""


def sums() -> Session:
    return Session(parse_module(SUM))


def test_initial_states_are_fed_by_name_and_final_ones_are_outputs() -> None:
    session = sums()
    for start in (10, 20):
        session.start({"s": np.array([start, 0])})
        first = session.run({"x": np.array([[1, 2], [0, 0]])})
        assert first["e"].tolist() == [[start + 1, start + 3], [0, 0]]
        second = session.run({"x": np.array([[4], [8]])})
        assert second["h"].tolist() == [start + 7, 8]


def test_a_final_state_is_the_initial_one_of_another_session() -> None:
    module = parse_module(SUM)
    x = np.arange(8.0).reshape(2, 4)
    first = run(module, {"x": x[:, :3], "s": np.zeros(2)})
    rest = run(module, {"x": x[:, 3:], "s": first["h"]})
    assert rest["h"].tolist() == run(module, {"x": x, "s": np.zeros(2)})["h"].tolist()


def test_the_plan_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    session = sums()
    monkeypatch.setattr("lstmir.interpreter.plan.Compiler.plan", None)
    session.start({"s": np.zeros(1)})
    for _ in range(3):
        assert session.run({"x": np.ones((1, 2))})["e"].shape == (1, 2)
    session.start({"s": np.zeros(1)})
    assert session.run({"x": np.ones((1, 2))})["h"].tolist() == [2]


@pytest.mark.parametrize(
    ("feed", "message"),
    [
        ({}, "no array for the input x; the feed has nothing"),
        ({"x": np.zeros((2, 1)), "s": np.zeros(2)}, "'s' is none of the inputs x"),
        ({"x": np.zeros((2, 0))}, "a piece needs at least one step, got none"),
        ({"x": np.zeros(2)}, r"the input x has shape \[2\], the model expects \[batch, \?\]"),
        ({"x": np.full((2, 1), np.nan)}, "the input x holds NaN or infinity"),
        ({"x": np.zeros((3, 1))}, r"the session runs 2 sequence\(s\), and this piece has 3"),
    ],
)
def test_pieces_that_do_not_fit(feed: Arrays, message: str) -> None:
    session = sums()
    session.start({"s": np.zeros(2)})
    session.run({"x": np.zeros((2, 1))})
    with pytest.raises(UserError, match=message):
        session.run(feed)


def test_states_that_are_inputs_come_first() -> None:
    with pytest.raises(UserError, match="the session needs to know s first: call start"):
        sums().run({"x": np.zeros((1, 1))})
    with pytest.raises(UserError, match="no array for the input s; the feed has nothing"):
        sums().start({})


def _refused(module: Module) -> str:
    with pytest.raises(UserError) as caught:
        Session(module)
    return caught.value.diagnostics[0].message


def test_levels_without_a_sample_are_refused() -> None:
    expected = "a session runs modules of level 2, 3 or 4, which are of one sample"
    assert _refused(Network().module()) == expected


def test_a_reverse_scan_is_refused() -> None:
    text = SUM.replace(
        "} : (tensor<?xf32>, f32)", '} {direction = "reverse"} : (tensor<?xf32>, f32)'
    )
    assert _refused(parse_module(text)) == (
        "'rnn.scan' begins at the end: the sequence cannot be run in pieces"
    )


def test_a_model_without_time_is_refused() -> None:
    text = SUM.replace(", time = 1", "")
    assert _refused(parse_module(text)) == "no input of the model has an axis of time"
