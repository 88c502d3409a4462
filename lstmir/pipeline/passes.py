"""The pass protocol: a pass is a frozen dataclass whose fields are its options."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

from lstmir.ir.diagnostics import Location, UserError, suggestion
from lstmir.ir.module import Module

if TYPE_CHECKING:
    import numpy as np


class Promise(StrEnum):
    """What a pass leaves unchanged."""

    EXACT = "exact"
    BOUNDED = "bounded"
    MEASURED = "measured"


def _ignore(message: str) -> None:
    """Default for those who do not listen."""


@dataclass
class Context:
    """What a pass may use beside the module.

    `data` maps names of inputs to stacks of samples [N, …] for calibration. `progress` is called
    with a step's name, `warn` with a sentence for the user.
    """

    data: dict[str, np.ndarray] | None = None
    data_hash: str | None = None
    seed: int = 0
    warn: Callable[[str], None] = _ignore
    progress: Callable[[str], None] = _ignore
    facts: dict[str, Any] = field(default_factory=dict)


class Pass(Protocol):
    """One transformation of a module, in place."""

    name: ClassVar[str]
    summary: ClassVar[str]
    promise: ClassVar[Promise]

    def run(self, module: Module, context: Context) -> None:
        """Transform the module. Raises `UserError` where it cannot."""


PASSES: dict[str, type[Pass]] = {}
_Class = TypeVar("_Class", bound=type[Pass])


def register(pass_class: _Class) -> _Class:
    """Enter a pass. Raises ValueError for a second registration of the same name."""
    if pass_class.name in PASSES:
        raise ValueError(f"the pass '{pass_class.name}' is registered twice")
    PASSES[pass_class.name] = pass_class
    return pass_class


def cannot(pass_: Pass, why: str, location: Location | None = None, *notes: str) -> UserError:
    """The error of a pass that cannot do its work on this module."""
    return UserError(f"{pass_.name}: {why}", location=location, notes=notes)


def pass_named(name: str) -> type[Pass]:
    """A registered pass. Raises `UserError` that names the nearest."""
    if name not in PASSES:
        raise UserError(f"unknown pass '{name}'{suggestion(name, PASSES)}", exit_status=2)
    return PASSES[name]
