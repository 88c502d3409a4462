"""The shares of a matrix that go, as the options give them: one number, or one for each gate."""

from __future__ import annotations

from lstmir.ir.operands import segment_range
from lstmir.ir.operation import Value


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
