"""How many axes a tensor may have."""

from __future__ import annotations

from lstmir.ir.diagnostics import UserError

MAX_AXES = 32
"""More axes than any real model has, and as many as every numpy can hold."""


def check_rank(rank: int, what: str) -> None:
    """Raise `UserError` if `what` has too many axes."""
    if rank > MAX_AXES:
        raise UserError(f"{what} has {rank} axes; lstmir takes at most {MAX_AXES}")
