"""The command `lstmir synth`."""

from __future__ import annotations

import argparse
import sys
from dataclasses import fields
from pathlib import Path

from lstmir.ir.diagnostics import EXIT_FINDING
from lstmir.tools.command import frequency, positive, seed


def add_synth(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("folder", metavar="DIR", type=Path, help="what 'lstmir compile' wrote")
    add("--pnr", action="store_true", help="place and route, to a bitstream (ECP5 and iCE40)")
    add("--primitives", action="store_true",
        help="with multipliers and memories made of the part's own blocks (ECP5)")  # fmt: skip
    add("--seed", type=seed, metavar="N", help="of place and route (default: 0)")
    add("--seeds", type=positive, metavar="N",
        help="try so many seeds, from --seed on, and keep the fastest (at most 5)")  # fmt: skip
    add("--freq", type=frequency, metavar="MHZ", help="fail if the design is slower than this")
    add("--target", metavar="PART", help="the part that DIR was compiled for, if given at all")
    parser.set_defaults(handler=_synth)


def _synth(arguments: argparse.Namespace) -> int:
    from lstmir.flow.summary import failures
    from lstmir.flow.synth import SynthRequest, synth_folder
    from lstmir.tools.console import listening, output
    from lstmir.tools.synth_table import show_synthesis

    names = [field.name for field in fields(SynthRequest)]
    request = SynthRequest(**{name: getattr(arguments, name) for name in names})
    with listening() as progress:
        summary = synth_folder(request, progress)
    show_synthesis(summary, request.folder, output())
    found = failures(summary["synthesis"])
    for line in found:
        print(f"error: {line}", file=sys.stderr)
    return EXIT_FINDING if found else 0
