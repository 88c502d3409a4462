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
from lstmir.passes.schedule import LANES
from lstmir.targets import PARTS, Part
from lstmir.targets.coefficients import coefficients_of

AUTO = "auto"


@dataclass(frozen=True)
class Request:
    """What the user asks for; None stands for the default, where that is not the same as asking for it.

    `rtl_sequences` is how many sequences level 5 is interpreted on. `axi_lite` adds registers for a host.
    `period_us` is from one inference to the next, for the energy. A beat of the streams has `lanes` words.
    `arrays` is "one" for all nests of a step, or "each" for one of its own each. `products` is "one"
    for each DSP block, "two" where they fit, or "auto" for two if any fit. With `stream_states` the
    machine takes one step of many sequences, whose states come and go with it.
    """

    model: str
    data: str
    output: Path
    recipe: str | None = None
    max_loss: float | None = None
    target: str = "ecp5-25k"
    macs: int | str | None = None
    latency_us: float | None = None
    fps: float | None = None
    clock_mhz: float | None = None
    period_us: float | None = None
    seed: int = 0
    ap_types: Path | None = None
    rtl_sequences: int = 4
    logic_multipliers: bool = False
    synthesis: bool = True
    axi_lite: bool = False
    lanes: int = 1
    arrays: str = "one"
    products: str = "one"
    stream_states: bool = False
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
        if self.lanes not in LANES:
            raise UsageError(f"--lanes is one of {', '.join(map(str, LANES))}, not {self.lanes}")
        self._check_size(part)
        return part

    @property
    def is_sized(self) -> bool:
        """Whether the array is chosen by what fits, or by what is fast enough."""
        return self.macs == AUTO or self._speed is not None

    @property
    def _speed(self) -> str | None:
        """The option that says how fast the design has to be."""
        given = {"--latency-us": self.latency_us, "--fps": self.fps}
        return next((option for option, value in given.items() if value is not None), None)

    def _check_size(self, part: Part) -> None:
        if self.is_sized and self.arrays != "one":
            raise UsageError(
                f"--arrays {self.arrays} shares out the multipliers of --macs N: say how many"
            )
        if self._speed and self.macs not in (None, AUTO):
            raise UsageError(f"{self._speed} chooses the array: --macs {self.macs} would, too")
        if self.clock_mhz is not None and not self.is_sized:
            raise UsageError("--clock-mhz is for --macs auto, --latency-us and --fps")
        fitted = coefficients_of(part.family)
        if self.is_sized and fitted is None:
            raise UsageError(f"there is no estimate for {part.name}: give --macs N")
        if self._speed and self.clock_mhz is None and fitted and fitted.clock is None:
            raise UsageError(
                f"{self._speed}: there is no estimate of a clock for {part.name}: give --clock-mhz"
            )

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
        if level == 4 and self.stream_states:
            raise UsageError(
                f"{self.model} is at level 4 already: --stream-states is for levels 1 to 3"
            )
        others = "--arrays" if self.arrays != "one" else None
        if level == 4 and (self.macs is not None or self._speed or others):
            option = self._speed or others or "--macs"
            raise UsageError(
                f"{self.model} is at level 4 already: {option} cannot change its array"
            )


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


def check_multipliers(
    request: Request, part: Part, macs: int, tail: int = 0, shared: int = 0
) -> None:
    """Raise `UserError` if an array and a tail of so many multipliers need more DSP blocks than there are.

    So many blocks of the array are `shared` by two.
    """
    if request.logic_multipliers or macs + tail - shared <= part.dsp:
        return
    of_array = (
        f"{macs} of the array in {macs - shared} blocks" if shared else f"{macs} of the array"
    )
    each = f" ({of_array}, {tail} of the tail)" if tail else ""
    raise UserError(
        f"{macs + tail} multipliers{each} do not fit the {part.dsp} DSP blocks of {part.name}",
        notes=[
            "give fewer --macs, another --target, or --logic-multipliers to build some in logic"
        ],
    )
