"""The gates of a cell: the equal parts of the rows that slices of a sum take apart."""

from __future__ import annotations

from lstmir.ir.types import shape_of
from lstmir.passes.sums import Sum


def gates_of(sum_: Sum) -> int:
    """How many gates share a sum; 1 where it is not cut into equal parts."""
    total = sum_.total
    rows = shape_of(total.results[0].type)[0]
    users = [user for user, _ in total.parent.uses(total.results[0])]
    if rows is None or not users or any(user.name != "tensor.slice" for user in users):
        return 1
    sizes = {user.attributes["size"] for user in users}
    size = min(sizes)
    starts = [user.attributes["start"] for user in users]
    equal = len(sizes) == 1 and rows % size == 0 and all(start % size == 0 for start in starts)
    return rows // size if equal else 1
