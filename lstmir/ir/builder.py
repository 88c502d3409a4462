"""Makes operations with inferred result types."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from lstmir.ir.context import OpContext
from lstmir.ir.definition import definition_of
from lstmir.ir.diagnostics import Invalid, Location, UserError
from lstmir.ir.module import Module
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import TensorType, Type, storage_dtype

if TYPE_CHECKING:
    import numpy as np


class Builder:
    """Adds operations to a region, at its end or before an operation."""

    def __init__(
        self,
        module: Module,
        region: Region,
        *,
        before: Operation | None = None,
        location: Location | None = None,
    ) -> None:
        self.module = module
        self.region = region
        self.before = before
        self.location = location

    def op(
        self,
        name: str,
        operands: Iterable[Value] = (),
        types: Sequence[Type] | None = None,
        regions: Sequence[Region] = (),
        names: Sequence[str | None] | None = None,
        **attributes: Any,
    ) -> Operation:
        """Add an operation; its result types are inferred where none are given.

        Raises `UserError` at the builder's location if the operands do not fit the operation.
        """
        operands = tuple(operands)
        if types is None:
            types = self.infer(name, operands, attributes)
        op = Operation(name, types, attributes, regions, names, self.location)
        return self.region.insert(op, operands, before=self.before)

    def value(
        self, name: str, *operands: Value, type: Type | None = None, hint: str | None = None,
        **attributes: Any,
    ) -> Value:  # fmt: skip
        """Add an operation with one result and return that."""
        types = None if type is None else [type]
        return self.op(name, operands, types, names=[hint], **attributes).result

    def infer(
        self, name: str, operands: Sequence[Value], attributes: dict[str, Any]
    ) -> Sequence[Type]:
        """The narrowest result types of an operation."""
        infer = definition_of(name).infer
        if infer is None:
            raise ValueError(f"'{name}' cannot infer its result types")
        context = OpContext(operands, attributes, self.module.resources)
        try:
            return infer(context)
        except (Invalid, ValueError) as error:
            raise UserError(str(error), location=self.location) from error

    def constant(self, array: np.ndarray, type: TensorType, name: str) -> Value:
        """Add a `tensor.constant` with its resource; integers for fixed-point elements."""
        import numpy as np

        stored = np.ascontiguousarray(array, dtype=storage_dtype(type.element))
        resource = self.module.add_resource(name, stored.reshape(type.static_shape))
        return self.value("tensor.constant", type=type, hint=name, resource=resource)

    def end(self, name: str, operands: Iterable[Value] = (), **attributes: Any) -> Operation:
        """Add the region's terminator."""
        op = Operation(name, (), attributes, location=self.location)
        return self.region.terminate(op, operands)
