"""What a user asks to see of a run: traces, counts and ranges of values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from lstmir.interpreter.counts import Count, Counts, Saturation, Saturations
from lstmir.interpreter.listeners import Range, Ranges, Several, Trace
from lstmir.interpreter.paths import last_names, matching, value_paths
from lstmir.interpreter.plan import Listener
from lstmir.ir.diagnostics import UsageError, UserError, suggestion
from lstmir.ir.interface import is_sampled, ports
from lstmir.ir.module import Module
from lstmir.ir.operation import Value

PREFIX = "trace:"
"""What the names of traced values begin with in the file of outputs."""


@dataclass(frozen=True)
class Report:
    """What was counted. Saturations and ranges have the value's path, or the input's name, in front;
    what was not asked for is None.
    """

    counts: list[Count] | None = None
    saturations: list[tuple[str, Saturation]] = field(default_factory=list)
    ranges: list[tuple[str, str, Range]] | None = None


class Observers:
    """Listens to the runs of a module, and gathers what was asked for."""

    def __init__(
        self, module: Module, traces: Iterable[str], *, counts: bool, ranges: bool
    ) -> None:
        self.paths = value_paths(module.main)
        self._traced = [value for name in traces for value in self._find(name)]
        self._check_keys(module)
        self._own_shape = not is_sampled(module)
        self._counts = Counts() if counts else None
        self._saturations = Saturations(module.main) if counts else None
        self._ranges = Ranges() if ranges else None
        self._found: list[list[np.ndarray]] = [[] for _ in self._traced]
        self._trace = Trace(self._traced)

    @property
    def listener(self) -> Listener | None:
        """What the next run is to be heard by; None if nothing was asked for."""
        every = (
            self._counts,
            self._saturations,
            self._ranges,
            self._trace if self._traced else None,
        )
        wanted: Sequence[Listener] = [each for each in every if each is not None]
        return Several(wanted) if wanted else None

    def collect(self, samples: int) -> None:
        """Take what was traced in a run of so many samples. Raises `UserError` for what is no array."""
        for value, found in zip(self._traced, self._found, strict=True):
            array = self._trace.array(value, samples)
            if array is None:
                raise UserError(f"'{self.paths[value]}' was never an array: it cannot be traced")
            found.append(array)
        self._trace = Trace(self._traced)

    def traces(self) -> dict[str, np.ndarray]:
        """The traces by `trace:` and path. At level 1, where one value holds a whole batch, those of
        a single run keep its shape; all others begin with the axis of samples.
        """
        arrays: dict[str, np.ndarray] = {}
        for value, found in zip(self._traced, self._found, strict=True):
            whole = np.concatenate(found)
            single = self._own_shape and len(found) == 1
            arrays[PREFIX + self.paths[value]] = whole[0] if single else whole
        return arrays

    def report(self, inputs: dict[str, Saturation]) -> Report:
        """What was counted, with the saturations of inputs before all others."""
        saturations: list[tuple[str, Saturation]] = []
        if self._saturations is not None:
            saturations += [(f"input {name}", each) for name, each in inputs.items()]
            found = self._saturations.found.items()
            saturations += [(self.paths[value], each) for value, each in found]
        seen = self._ranges.found.items() if self._ranges else ()
        ranges = [(self.paths[value], str(value.type), each) for value, each in seen]
        counts = self._counts.counts if self._counts else None
        return Report(counts, saturations, ranges if self._ranges else None)

    def _find(self, name: str) -> list[Value]:
        found = matching(self.paths, name)
        if not found:
            last = name.rpartition("/")[2].removeprefix("%")
            near = suggestion(f"%{last}", last_names(self.paths.values()))
            raise UsageError(f"--trace: there is no value '{name}'{near}")
        return found

    def _check_keys(self, module: Module) -> None:
        keys = {PREFIX + self.paths[value] for value in self._traced}
        for port in ports(module, "output"):
            if port.name in keys:
                raise UserError(f"the output '{port.name}' has the name of a trace")
