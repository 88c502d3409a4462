"""The shares of a matrix that go, as the options give them: one number, or one for each gate."""

from __future__ import annotations

from math import gcd

from lstmir.ir.operands import segment_range
from lstmir.ir.operation import Value
from lstmir.passes.sums import Sum


def parse_ratios(name: str, text: str) -> tuple[float, ...]:
    """The numbers of an option. Raises ValueError with a sentence for the user."""
    found = []
    for word in text.split():
        try:
            ratio = float(word)
        except ValueError:
            raise ValueError(
                f"{name} must be one number, or one for each gate, not '{text}'"
            ) from None
        if not 0 <= ratio < 1:
            raise ValueError(f"{name} must be at least 0 and below 1, not {word}")
        found.append(ratio)
    if not found:
        raise ValueError(f"{name} must be one number, or one for each gate, not '{text}'")
    return tuple(found)


def gates_of(sum_: Sum, rows: int) -> int | None:
    """Into how many equal parts slices take the rows of a sum apart; 1 where there are no slices.

    A slice may take several neighbours. None where the parts are not equal.
    """
    total = sum_.total
    users = [user for user, _ in total.parent.uses(total.result) if user.name == "tensor.slice"]
    own = [user.attributes for user in users if user.attributes["axis"] == 0]
    if not own:
        return 1
    size = gcd(rows, *(each["start"] for each in own), *(each["size"] for each in own))
    return rows // size if size in {each["size"] for each in own} else None


def of_state(vector: Value) -> bool:
    """Whether what is multiplied depends on the states of the step, and not on its input alone."""
    owner = vector.op.parent.owner
    if owner is None or owner.name != "rnn.scan":
        return False
    arguments = owner.regions[0].arguments
    states, inputs = segment_range(owner, "state"), len(segment_range(owner, ""))
    held = set(arguments[inputs : inputs + len(states)])
    waiting, seen = [vector], {vector}
    while waiting:
        value = waiting.pop()
        if value in held:
            return True
        if value in arguments:
            continue
        new = set(value.op.operands) - seen
        seen |= new
        waiting += new
    return False
