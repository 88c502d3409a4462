"""The command `lstmir compress`."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path

from lstmir.tools.command import loss, seed
from lstmir.tools.cut import add_cut, cut_of
from lstmir.tools.threads import one_thread


def add_compress(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("model", metavar="MODEL", help=".onnx, .json, or .lstmir of level 1 or 2")
    add("--data", required=True, metavar="FILE.npz",
        help="x_train [N, T, I] and, if there are, y_train, x_test, y_test")  # fmt: skip
    add("--max-loss", type=loss, required=True, metavar="L",
        help="what may be lost: points of accuracy, or the output's own unit")  # fmt: skip
    add("-o", dest="output", type=Path, required=True, metavar="OUT.lstmir",
        help="the file to write: the network in fixed point")  # fmt: skip
    add("--recipe", metavar="NAME", help="how to compress (default: best)")
    add("--seed", type=seed, default=0, metavar="N", help="of all that is random (default: 0)")
    add_cut(parser)
    parser.set_defaults(handler=_compress)


def _compress(arguments: argparse.Namespace) -> int:
    one_thread()
    from lstmir.flow.compress import CompressRequest, compress_model, unreachable
    from lstmir.flow.recipes import DEFAULT_RECIPE
    from lstmir.tools.console import listening, output
    from lstmir.tools.frontier import show_frontier, show_written

    arguments.cut = cut_of(arguments)
    arguments.recipe = arguments.recipe or DEFAULT_RECIPE
    names = [field.name for field in fields(CompressRequest)]
    request = CompressRequest(**{name: getattr(arguments, name) for name in names})
    with listening() as progress:
        outcome = compress_model(request, progress)
    show_frontier(outcome, output())
    if outcome.chosen is None:
        raise unreachable(request.recipe, outcome.exploration, request.max_loss)
    show_written(outcome, request.output, output())
    return 0
