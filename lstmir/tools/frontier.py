"""What `lstmir compress` saw: the networks than which none is smaller and loses no more."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lstmir.flow.compress import Outcome, Tested, unit_of
from lstmir.flow.explore import Trial
from lstmir.flow.selection import estimate

_NUMBERS = ("KiB", "smaller", "loss", "at most", "agree", "diverge")


def show_frontier(outcome: Outcome, console: Console) -> None:
    """A row for each, the smallest first, the chosen one marked; it fits into 80 columns."""
    exploration = outcome.exploration
    tried = len(exploration.trials)
    console.print(
        f"{len(outcome.frontier)} of {tried} networks, on {_samples(outcome)} training samples:"
    )
    table = Table(box=None, pad_edge=False)
    options = list(outcome.frontier[0].options)
    table.add_column("")
    for name in (*options, *_NUMBERS):
        table.add_column(escape(name), justify="right", no_wrap=name in _NUMBERS)
    for trial in outcome.frontier:
        mark, style = (">", "bold") if trial is outcome.chosen else ("", "")
        values = [escape(trial.options[name]) for name in options]
        table.add_row(mark, *values, *_figures(trial), style=style)
    console.print(table)


def show_written(outcome: Outcome, path: Path, console: Console) -> None:
    """What was chosen, and what it does on the test data."""
    assert outcome.chosen is not None
    size = (
        f"{outcome.chosen.bits / 8192:.1f} KiB, {outcome.chosen.ratio:.1f} times smaller than float"
    )
    console.print(f"weights    {size}", soft_wrap=True)
    if outcome.tested is not None:
        console.print(f"test data  {_tested(outcome.tested, outcome)}", soft_wrap=True)
    console.print(f"written to {escape(str(path))}", soft_wrap=True)


def _samples(outcome: Outcome) -> int:
    return outcome.exploration.trials[0].training.samples


def _figures(trial: Trial) -> list[str]:
    seen, agreement = trial.training, trial.training.agreement
    return [
        f"{trial.bits / 8192:.1f}", f"{trial.ratio:.1f}x", f"{seen.loss:.3g}", f"{estimate(trial):.3g}",
        "-" if agreement is None else f"{agreement:.1%}", f"{seen.divergence:.2g}",
    ]  # fmt: skip


def _tested(tested: Tested, outcome: Outcome) -> str:
    fidelity = tested.fidelity
    if tested.right is None:
        unit = unit_of(outcome.exploration.metric)
        what = "mean error" if fidelity.agreement is None else "decisions that differ"
        return f"{what} {fidelity.loss:.3g}{unit} against float, on {fidelity.samples} samples"
    count = fidelity.samples
    return (
        f"float {tested.float_right}/{count}, fixed point {tested.right}/{count} = "
        f"{tested.right / count:.1%}, {fidelity.agreement:.1%} as float"
    )
