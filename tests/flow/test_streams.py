"""Which models the machine's two streams can carry, and how `--lanes` reaches the passes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lstmir.flow.data import Data
from lstmir.flow.job import Job
from lstmir.flow.recipes import back, pack
from lstmir.flow.streams import check_streams
from lstmir.ir.diagnostics import UserError
from lstmir.ir.interface import Port, set_ports
from lstmir.ir.module import Module
from lstmir.syntax.parser import parse_module
from lstmir.tools.lstmir import main
from tests.flow.refused import refused

X = Port("x", "input", "f32", (-1, -1, 3), batch=0, time=1)
U = Port("u", "input", "f32", (5, -1, 2), batch=1, time=0)
BIAS = Port("bias", "input", "f32", (-1, 3), batch=0)
Y = Port("y", "output", "f32", (-1, -1, 4), batch=0, time=1)
V = Port("v", "output", "f32", (5, -1, 2), batch=1, time=0)
LAST = Port("last", "output", "f32", (-1, 4), batch=0)


def module(*ports: Port) -> Module:
    made = parse_module("module @m { func @m(%x: f32) -> f32 { return %x : f32 } }")
    set_ports(made, list(ports))
    return made


def data(**steps: int) -> Data:
    """Six samples of so many steps."""
    arrays = {name: np.zeros((6, count, 1), np.float32) for name, count in steps.items()}
    return Data(arrays, arrays, None, None, "", False)


@pytest.mark.parametrize(
    "ports",
    [
        (X, Y),
        (X, LAST),
        (BIAS, LAST),
        (X, U, Y),
        (X, U, Y, V),
        (X, U, LAST),
        (X, LAST, replace(LAST, name="h")),
    ],
)
def test_what_two_streams_carry(ports: tuple[Port, ...]) -> None:
    check_streams(module(*ports), data(x=5, u=5), "d.npz")


@pytest.mark.parametrize(
    ("ports", "steps", "message"),
    [
        ((X, BIAS, Y), {}, r"each of the machine's inputs has steps; bias \[batch, 3\] has none"),
        ((X, U, Y), {"u": 4}, r"d.npz: the inputs have different numbers of steps: x 5, u 4"),
        (
            (X, Y, LAST),
            {},
            r"outputs of the machine have steps or none: y \[batch, \?, 4\] has, last \[batch, 4\] has none",
        ),
        ((X,), {}, "the machine has two streams, this model has no output"),
    ],
)
def test_what_they_do_not(ports: tuple[Port, ...], steps: dict[str, int], message: str) -> None:
    with pytest.raises(UserError, match=message):
        check_streams(module(*ports), data(**{"x": 5, "u": 5, **steps}), "d.npz")


def test_one_lane_is_not_spoken_of() -> None:
    assert pack(1) == "block-layout,schedule"
    assert pack(4) == "block-layout,schedule{lanes=4}"
    assert back(16, 1) == "tile{macs=16},block-layout,schedule"
    assert back(16, 2) == "tile{macs=16},block-layout,schedule{lanes=2}"


class Seen(Exception):
    """A pipeline that was about to run."""


@pytest.mark.usefixtures("tiny", "without_tools")
@pytest.mark.parametrize(("words", "lanes"), [([], 1), (["--lanes", "4"], 4)])
def test_lanes_are_asked_of_the_schedule(
    words: list[str], lanes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Job.run

    def watched(self: Job, text: str) -> None:
        if text.startswith("tile"):
            raise Seen(text)
        run(self, text)

    monkeypatch.setattr(Job, "run", watched)
    options = ["--data", "tiny.npz", "--macs", "4", "--recipe", "dense8", "--no-synthesis"]
    with pytest.raises(Seen, match=f"^{back(4, lanes)}$"):
        main(["compile", "tiny.json", *options, *words, "-o", "out"])


@pytest.mark.usefixtures("tiny", "without_tools")
def test_more_lanes_than_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["compile", "tiny.json", "--data", "tiny.npz", "-o", "out", "--lanes", "17"]
    assert refused(capsys, *words) == (2, "error: --lanes is one of 1, 2, 4, 8, 16, not 17")


@pytest.mark.usefixtures("tiny", "out", "without_tools")
def test_lanes_of_a_schedule_that_is_made(capsys: pytest.CaptureFixture[str]) -> None:
    stage = str(next(Path("out/stages").glob("*-schedule.lstmir")))
    words = ["compile", stage, "--data", "tiny.npz", "-o", "again", "--lanes", "2"]
    message = f"error: {stage} is scheduled already: --lanes cannot change its streams"
    assert refused(capsys, *words) == (2, message)
