"""Constants that repeat along an axis whose length is known only at run time."""

from __future__ import annotations

from collections.abc import Sequence

from lstmir.frontends.values.axes import Axis
from lstmir.frontends.values.folding import Folder
from lstmir.frontends.values.values import Computed, Imported, Known
from lstmir.ir.diagnostics import UserError


def repeated(folder: Folder, source: Imported, among: Sequence[Imported]) -> Computed:
    """The value with all its elements; a constant is as long as others `among` which it is used.

    Raises `UserError` where none of them has the axis along which it repeats.
    """
    if isinstance(source, Computed):
        return source
    result = Computed(folder.value(source), source.axes)
    for k, axis in enumerate(source.axes):
        if axis.size is None:
            like, along = _like(folder, axis, source, among)
            value = folder.builder.value(
                "tensor.repeat", result.value, like.value, axis=k, along=along
            )
            result = Computed(value, source.axes)
    return result


def _like(
    folder: Folder, axis: Axis, source: Known, among: Sequence[Imported]
) -> tuple[Computed, int]:
    for other in among:
        if isinstance(other, Computed):
            for along, its in enumerate(other.axes):
                if its.size is None and folder.roles.same(axis, its):
                    return other, along
    raise UserError(
        f"'{source.name}' repeats along an axis whose length is known only at run time,"
        " and no other input here has that axis"
    )
