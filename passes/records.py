"""What passes recorded on operations, as far as a clean-up must respect it."""

from __future__ import annotations

from lstmir.ir.attributes import RECORDS
from lstmir.ir.definition import definition_of
from lstmir.ir.operation import Operation

_OBSERVED = frozenset({"range", "basis"})


def is_decided(op: Operation) -> bool:
    """Whether a pass decided something about this operation, such as its format or its cycle.

    An observed range is no decision: it goes with the value that it describes.
    """
    own = {attribute.name for attribute in definition_of(op.name).attributes}
    return bool(op.attributes.keys() & RECORDS.keys() - own - _OBSERVED)
