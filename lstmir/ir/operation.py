"""Operations and the values that they give."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from lstmir.ir.diagnostics import Location
from lstmir.ir.types import Type

if TYPE_CHECKING:
    from lstmir.ir.region import Region

Attributes = dict[str, Any]
END = float("inf")
"""Behind every position of a region's text."""


class Value(NamedTuple):
    """One result of one operation. A region's arguments are the results of its entry."""

    op: Operation
    index: int  # type: ignore[assignment]

    @property
    def type(self) -> Type:
        """The value's type."""
        return self.op.result_types[self.index]

    @property
    def name(self) -> str | None:
        """The name that the user or a pass gave it, without `%`."""
        return self.op.result_names[self.index]

    def __repr__(self) -> str:
        return f"%{self.name or self.index} of {self.op.name}"


class Operation:
    """A node of a region's graph. Its operands are the graph's edges: ask the region."""

    __slots__ = ("attributes", "location", "name", "position", "region", "regions", "result_names",
                 "result_types")  # fmt: skip

    def __init__(
        self,
        name: str,
        result_types: Iterable[Type] = (),
        attributes: Attributes | None = None,
        regions: Sequence[Region] = (),
        result_names: Iterable[str | None] | None = None,
        location: Location | None = None,
    ) -> None:
        self.name = name
        self.result_types = list(result_types)
        self.attributes: Attributes = attributes or {}
        self.regions = tuple(regions)
        self.result_names = list(result_names or ())
        if len(self.result_names) < len(self.result_types):
            missing = len(self.result_types) - len(self.result_names)
            self.result_names += [None] * missing
        self.location = location
        self.region: Region | None = None
        self.position: tuple[float, ...] = (END,)
        for region in self.regions:
            region.owner = self

    @property
    def results(self) -> tuple[Value, ...]:
        """All result values, in order."""
        return tuple(Value(self, i) for i in range(len(self.result_types)))

    @property
    def result(self) -> Value:
        """The only result. Raises ValueError if there is not exactly one."""
        (value,) = self.results
        return value

    @property
    def operands(self) -> tuple[Value, ...]:
        """The values that this operation uses, in order."""
        return self.parent.operands(self)

    @property
    def parent(self) -> Region:
        """The region that holds this operation."""
        if self.region is None:
            raise ValueError(f"'{self.name}' is in no region")
        return self.region

    def __repr__(self) -> str:
        return f"<{self.name}>"
