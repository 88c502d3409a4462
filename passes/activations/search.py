"""The cheapest form of a function that a budget allows."""

from __future__ import annotations

from dataclasses import dataclass

from lstmir.passes.activations.candidates import candidates, direct
from lstmir.passes.activations.forms import Form
from lstmir.passes.activations.proof import proven_bound
from lstmir.passes.activations.task import Task


@dataclass(frozen=True)
class Found:
    """A form, and the proven bound on its error."""

    form: Form
    bound: int


def cheapest(task: Task) -> Found | None:
    """The form with the fewest stored bits, then multipliers, then operations; None without any."""
    known = direct(task)
    if known is not None:
        return Found(known, 0)
    for form in sorted(candidates(task), key=lambda form: form.cost):
        bound = proven_bound(form, task.name, task.source, task.target)
        if bound <= task.max_error:
            return Found(form, bound)
    return None
