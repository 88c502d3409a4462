"""Multipliers for which a part has no DSP blocks: how many of the array's are made in logic."""

from __future__ import annotations

from lstmir.flow.recipes import lower
from lstmir.flow.sizing.choose import FULL
from lstmir.flow.sizing.estimate import estimate
from lstmir.ir.module import Module
from lstmir.passes.machine.reading import read_program
from lstmir.passes.schedule import Schedule
from lstmir.pipeline.manager import run_passes
from lstmir.pipeline.text import parse_pipeline
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module
from lstmir.targets import Part


def multipliers_in_logic(module: Module, part: Part, axi_lite: bool, products: str) -> int:
    """So many that the others fit the part's blocks, as far as that can be; `module` is scheduled.

    Some blocks stay free: routes to the last of them are long, and some are not found at all. 0 for a
    part whose family has no model.
    """
    room = int(FULL * part.dsp)
    most, text = read_program(Schedule(), module).arrays[0].macs, print_module(module)
    found = 0
    while found < most:
        trial = parse_module(text)
        run_passes(trial, parse_pipeline(lower(part, axi_lite, products, found)), verify_each=False)
        size = estimate(trial, part)
        if size is None or size.dsp <= room:
            break
        # One made in logic frees a block or more; none, if the tools had made it in logic anyway.
        found = min(most, found + size.dsp - room)
    return found
