"""Which network is taken of those that were tried."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmir.flow.explore import Trial
from lstmir.flow.fidelity import Fidelity
from lstmir.flow.selection import MARGIN, choose, estimate, frontier


def _trial(bits: int, loss: float, error: float = 0.0, augmented: float | None = None) -> Trial:
    seen, more = (
        Fidelity(10, each, error, None, 0.0)
        for each in (loss, loss if augmented is None else augmented)
    )
    return Trial({"bits": str(bits)}, bits, 1000 / bits, seen, more)


SMALL, MIDDLE, LARGE = _trial(10, 3.0), _trial(20, 1.0), _trial(30, 0.0)


@pytest.mark.parametrize(
    ("max_loss", "expected"), [(5.0, SMALL), (3.0, SMALL), (2.9, MIDDLE), (1.0, MIDDLE), (0.0, LARGE)]
)  # fmt: skip
def test_the_smallest_within_the_loss(max_loss: float, expected: Trial) -> None:
    assert choose([MIDDLE, LARGE, SMALL], max_loss) is expected


def test_nothing_is_within() -> None:
    assert choose([SMALL, MIDDLE], 0.5) is None
    assert choose([], 100.0) is None


def test_of_equal_ones_that_which_loses_less() -> None:
    better = _trial(10, 2.0)
    assert choose([SMALL, better], 5.0) is better


def test_the_estimate_is_cautious() -> None:
    assert estimate(_trial(1, 0.5, 0.2)) == pytest.approx(0.5 + MARGIN * 0.2)
    assert estimate(_trial(1, 0.5, 0.2, augmented=0.8)) == pytest.approx(0.8 + MARGIN * 0.2)
    assert estimate(_trial(1, 0.5, 0.2, augmented=0.1)) == pytest.approx(0.5 + MARGIN * 0.2)


def test_the_frontier_has_no_network_that_another_beats() -> None:
    beaten, equal = _trial(25, 1.0), _trial(30, 0.0)
    assert frontier([LARGE, beaten, SMALL, equal, MIDDLE]) == [SMALL, MIDDLE, LARGE]


@given(
    st.lists(st.builds(_trial, st.integers(1, 9), st.floats(-1, 4), st.floats(0, 1)), max_size=12),
    st.floats(0, 6),
)
def test_whatever_is_chosen_is_on_the_frontier(trials: list[Trial], max_loss: float) -> None:
    chosen, seen = choose(trials, max_loss), frontier(trials)
    within = [trial for trial in trials if estimate(trial) <= max_loss]
    assert (chosen is None) == (not within)
    if chosen is not None:
        assert chosen in seen
        assert chosen.bits == min(trial.bits for trial in within)
    for trial in trials:
        assert any(s.bits <= trial.bits and estimate(s) <= estimate(trial) for s in seen)
