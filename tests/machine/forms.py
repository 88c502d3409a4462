"""Random machines whose functions are more than tables."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.machine.machines import Machine
from tests.passes.levels import Recipe

OPTIONS = ("fold=true", "max-error=1", "max-error=3", "max-error=1 fold=true")


@dataclass(frozen=True)
class Formed(Recipe):
    """A recipe whose functions need not be tables."""

    options: str = OPTIONS[0]

    @property
    def pipeline(self) -> str:
        return f"{super().pipeline}{{{self.options}}}"


def formed(machine: Machine, options: str) -> Machine:
    """The same network; operands of enough bits that there is something to save."""
    fields = {**vars(machine.recipe), "activations": 8, "operands": 9, "options": options}
    return replace(machine, recipe=Formed(**fields))
