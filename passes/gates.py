"""The gates of a cell: the equal parts of the rows that slices of a sum take apart."""

from __future__ import annotations

from math import gcd

from lstmir.ir.types import shape_of
from lstmir.passes.sums import Sum


def gates_of(sum_: Sum) -> int | None:
    """How many gates share a sum: 1 where there are no slices, None where the parts are not equal.

    A slice may take several neighbours.
    """
    total = sum_.total
    rows = shape_of(total.result.type)[0] or 0
    users = [user for user, _ in total.parent.uses(total.result) if user.name == "tensor.slice"]
    own = [user.attributes for user in users if user.attributes["axis"] == 0]
    if not own:
        return 1
    size = gcd(rows, *(each["start"] for each in own), *(each["size"] for each in own))
    return rows // size if size in {each["size"] for each in own} else None
