"""What went wrong inside a pass, told apart from what is wrong with the user's input."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from lstmir.ir.diagnostics import Diagnostic, UserError


class PassCrash(Exception):
    """A pass, or the verifier after it, failed in a way that nobody's input may cause.

    `cause` is the exception behind it; of a module that does not verify, the `UserError` that says
    why. The first `verified` passes of the pipeline left a module that verifies.
    """

    def __init__(self, what: str, verified: int, cause: Exception) -> None:
        super().__init__(what if isinstance(cause, UserError) else f"{what}: {_described(cause)}")
        self.verified = verified
        self.cause = cause

    def as_error(self, notes: Iterable[str] = ()) -> UserError:
        """What the user is told of it."""
        found = self.cause.diagnostics if isinstance(self.cause, UserError) else ()
        said = ("this is a bug in lstmir, not a mistake of yours", *notes)
        return UserError([*found, Diagnostic(str(self), notes=said)])

    def print_traceback(self) -> None:
        """Show where it happened, on standard error, to whoever mends it."""
        import traceback

        if not isinstance(self.cause, UserError):
            traceback.print_exception(self.cause, file=sys.stderr)


def _described(error: Exception) -> str:
    lines = str(error).splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
