"""A compilation under way."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from lstmir.flow.data import Data
from lstmir.flow.folder import write_files
from lstmir.flow.progress import Progress
from lstmir.flow.recipes import RECIPES
from lstmir.flow.request import Request
from lstmir.flow.summary import Facts
from lstmir.ir.module import Module
from lstmir.pipeline.manager import run_passes
from lstmir.pipeline.passes import Context, Pass
from lstmir.pipeline.text import parse_pipeline
from lstmir.syntax.printer import print_module
from lstmir.targets import Part


@dataclass
class Job:
    """A module on its way down the levels, and the folder `work` that it fills.

    `recipe` is what compresses it, as pipeline text; None if it is in fixed point already. `saved` is
    the last stage's file.
    """

    request: Request
    progress: Progress
    part: Part
    work: Path
    module: Module
    level: int
    data: Data
    recipe: str | None
    stage: int = 0
    saved: str = ""
    facts: Facts = field(default_factory=Facts)
    warned: set[str] = field(default_factory=set)

    def warn(self, message: str) -> None:
        """Tell the user something once."""
        if message not in self.warned:
            self.warned.add(message)
            self.progress.warn(message)

    def save_stage(self, name: str) -> None:
        """Write the module as the next file of `stages/`."""
        file = f"{self.stage:02d}-{name}.lstmir"
        write_files(self.work / "stages", {file: print_module(self.module)})
        self.saved = f"stages/{file}"
        self.stage += 1

    def run(self, text: str) -> None:
        """Run pipeline text, saving the module after each pass."""

        def after(pass_: Pass, module: Module) -> None:
            self.save_stage(pass_.name)

        passes = parse_pipeline(text, named=RECIPES)
        run_passes(self.module, passes, self._context(), after=after)

    def _context(self) -> Context:
        return Context(
            self.data.train, self.data.hash, self.request.seed, self.warn, self.progress.detail
        )
