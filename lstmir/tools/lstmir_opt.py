"""`lstmir-opt`: reads IR, runs passes on it, prints IR."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from lstmir.tools.command import command
from lstmir.tools.opt.answers import answer
from lstmir.tools.opt.arguments import parse_arguments


@command
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; gives its exit status."""
    arguments = parse_arguments(argv)
    said = answer(arguments)
    if said is not None:
        print(said, end="")
        return 0
    from lstmir.tools.opt.driver import drive

    drive(arguments)
    return 0


if __name__ == "__main__":
    sys.exit(main())
