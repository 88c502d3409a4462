"""The flags that cut a part out of a model."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lstmir.frontends.parts.cut import Cut


def add_cut(parser: argparse.ArgumentParser) -> None:
    """Add `--inputs` and `--outputs`."""
    parser.add_argument("--inputs", nargs="+", default=[], metavar="NAME",
        help="begin at these tensors of the model instead of its inputs")  # fmt: skip
    parser.add_argument("--outputs", nargs="+", default=[], metavar="NAME",
        help="end at these tensors instead of its outputs")  # fmt: skip


def cut_of(arguments: argparse.Namespace) -> Cut:
    """What the flags say."""
    from lstmir.frontends.parts.cut import Cut

    return Cut(tuple(arguments.inputs), tuple(arguments.outputs))
