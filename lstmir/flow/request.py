"""What a user asks of `lstmir compile`, and what is checked before anything is read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lstmir.flow.arrays import check_readable
from lstmir.flow.folder import check_target
from lstmir.flow.models import check_model_path
from lstmir.flow.recipes import recipe_named
from lstmir.flow.toolchain import ToolMissing, ap_types
from lstmir.frontends.parts.cut import WHOLE, Cut
from lstmir.ir.diagnostics import UsageError, UserError, suggestion
from lstmir.targets import PARTS, Part


@dataclass(frozen=True)
class Request:
    """What the user asks for; None stands for the default, where that is not the same as asking for it.

    `rtl_sequences` is how many sequences level 5 is interpreted on.
    """

    model: str
    data: str
    output: Path
    recipe: str | None = None
    max_loss: float | None = None
    target: str = "ecp5-25k"
    macs: int | None = None
    seed: int = 0
    ap_types: Path | None = None
    rtl_sequences: int = 4
    logic_multipliers: bool = False
    synthesis: bool = True
    cut: Cut = WHOLE

    def check(self) -> Part:
        """The part. Raises `UsageError` for what cannot be done, whatever the files hold."""
        part = part_named(self.target)
        if self.recipe is not None:
            recipe_named(self.recipe)
        check_model_path(self.model, self.cut)
        check_readable(self.data)
        check_headers(self.ap_types)
        check_target(self.output, [Path(self.model), Path(self.data)])
        return part

    def check_level(self, level: int) -> None:
        """Raise `UsageError` if a model of this level is past what is asked for."""
        if level == 5:
            raise UsageError(f"{self.model} is at level 5 already: nothing is left to compile")
        if level >= 3 and self.recipe is not None:
            raise UsageError(
                f"{self.model} is at level {level} already: --recipe has nothing to compress"
            )
        if level >= 3 and self.max_loss is not None:
            raise UsageError(
                f"{self.model} is at level {level} already: --max-loss has nothing to compress"
            )
        if level == 4 and self.macs is not None:
            raise UsageError(f"{self.model} is at level 4 already: --macs cannot change its array")


def part_named(name: str) -> Part:
    """A target. Raises `UsageError` that lists the known ones."""
    if name not in PARTS:
        known = ", ".join(PARTS)
        raise UsageError(f"unknown target '{name}'{suggestion(name, PARTS)} (known: {known})")
    return PARTS[name]


def check_headers(folder: Path | None) -> None:
    """Raise `UsageError` if a folder is named that has no ap_fixed headers."""
    if folder is None:
        return
    try:
        ap_types.find(folder)
    except ToolMissing as missing:
        raise UsageError(f"--ap-types: {missing.reason}") from missing


def check_multipliers(request: Request, part: Part, macs: int, tail: int = 0) -> None:
    """Raise `UserError` if an array and a tail of so many multipliers need more DSP blocks than there are."""
    if request.logic_multipliers or macs + tail <= part.dsp:
        return
    each = f" ({macs} of the array, {tail} of the tail)" if tail else ""
    raise UserError(
        f"{macs + tail} multipliers{each} do not fit the {part.dsp} DSP blocks of {part.name}",
        notes=[
            "give fewer --macs, another --target, or --logic-multipliers to build some in logic"
        ],
    )
