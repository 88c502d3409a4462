"""From a model to a folder of verified hardware."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from lstmir import dialects, passes
from lstmir.flow.data import Data, read_data
from lstmir.flow.folder import check_target, digests, new_folder, write_files, write_summary
from lstmir.flow.metrics import tail_macs
from lstmir.flow.models import level_of, load_model
from lstmir.flow.progress import Progress
from lstmir.flow.recipes import BACK, DEFAULT_RECIPE, FRONT, RECIPES, recipe_named
from lstmir.flow.summary import Facts, summarize
from lstmir.flow.synthesis import synthesize
from lstmir.flow.verification import (
    Check,
    Golden,
    Places,
    check_hls,
    check_level,
    check_rtl,
    check_verilog,
)
from lstmir.flow.writing import vectors, write_hls, write_verilog
from lstmir.interpreter.run import as_reals, run, run_samples, to_carrier
from lstmir.ir.diagnostics import UsageError, UserError, suggestion
from lstmir.ir.interface import ports
from lstmir.ir.module import Module
from lstmir.ir.types import element_of
from lstmir.numeric.fixed import FixedType
from lstmir.passes.machine.program import Program, read_program
from lstmir.passes.machine.timing import Timing, predict_cycles
from lstmir.passes.schedule import Schedule
from lstmir.pipeline.manager import run_passes
from lstmir.pipeline.passes import Context, Pass
from lstmir.pipeline.text import parse_pipeline
from lstmir.syntax.printer import print_module
from lstmir.targets import PARTS, Part


@dataclass(frozen=True)
class Request:
    """What the user asks for. `rtl_sequences` is how many sequences level 5 is interpreted on."""

    model: str
    data: str
    output: Path
    recipe: str | None = None
    target: str = "ecp5-25k"
    macs: int = 16
    seed: int = 0
    ap_types: Path | None = None
    rtl_sequences: int = 4
    logic_multipliers: bool = False
    synthesis: bool = True


@dataclass
class _Job:
    """A compilation under way in `work`."""

    request: Request
    progress: Progress
    part: Part
    work: Path
    module: Module
    data: Data
    stage: int = 0
    facts: Facts = field(default_factory=Facts)

    def context(self) -> Context:
        name = ports(self.module, "input")[0].name
        return Context(
            {name: self.data.x_train}, self.data.hash, self.request.seed, self.progress.warn
        )

    def save_stage(self, name: str) -> None:
        file = f"{self.stage:02d}-{name}.lstmir"
        write_files(self.work / "stages", {file: print_module(self.module)})
        self.stage += 1

    def run(self, text: str) -> None:
        """Run pipeline text, saving the module after each pass."""

        def after(pass_: Pass, module: Module) -> None:
            self.save_stage(pass_.name)

        context = self.context()
        context.progress = lambda name: self.progress.step(f"pass {name}")
        run_passes(self.module, parse_pipeline(text, named=RECIPES), context, after=after)


def part_named(name: str) -> Part:
    """A target. Raises `UsageError` that lists the known ones."""
    if name not in PARTS:
        known = ", ".join(PARTS)
        raise UsageError(f"unknown target '{name}'{suggestion(name, PARTS)} (known: {known})")
    return PARTS[name]


def compile_model(request: Request, progress: Progress) -> dict[str, Any]:
    """Compile, verify and write a folder; gives its summary.

    Raises `UsageError` and `UserError` for what the user can mend; then nothing is written. A
    verification that fails is no exception: the summary says so.
    """
    part = part_named(request.target)
    if request.recipe is not None:
        recipe_named(request.recipe)
    check_target(request.output, [Path(request.model), Path(request.data)])
    dialects.load()
    passes.load()
    with progress.timed("import", f"reading {request.model}"):
        module = load_model(request.model)
        _check_inputs(module)
        data = read_data(request.data, ports(module, "input")[0])
    with new_folder(request.output) as work:
        job = _Job(request, progress, part, work, module, data)
        summary = _compile(job)
        with progress.timed("write", "writing the summary"):
            summary["files"] = digests(work)
            summary["seconds"] = progress.seconds
            write_summary(work, summary)
    return summary


def _check_inputs(module: Module) -> None:
    inputs = ports(module, "input")
    if len(inputs) != 1:
        names = ", ".join(port.name for port in inputs)
        raise UserError(
            f"the machine has one input stream, this model has {len(inputs)} inputs ({names})",
            notes=["make the others constants, or cut the model"],
        )


def _compile(job: _Job) -> dict[str, Any]:
    request, progress = job.request, job.progress
    level = level_of(job.module)
    _check_recipe(request, level)
    job.save_stage("import")
    with progress.timed("passes", "compressing"):
        float_outputs = _compress(job) if level < 3 else None
    golden, reals = _golden(job)
    with progress.timed("passes", "tiling"):
        if level < 4:
            job.run(BACK.replace("$macs", str(request.macs)))
    _check_level_4(job, golden)
    program = read_program(Schedule(), job.module)
    timing = Timing(**job.module.attributes["timing"])
    _check_multipliers(request, job.part, program)
    job.facts.measure_tiled(job.module, program, timing, golden.lengths)
    job.facts.measure_accuracy(float_outputs, reals, job.data)
    files = _write_designs(job, golden)
    job.facts.checks += _verify(job, golden, program, timing)
    if request.synthesis:
        with progress.timed("synthesis", f"synthesizing for {job.part.name} (pyosys)"):
            job.facts.synthesis.append(synthesize(files, job.module.main.name, job.part))
    recipe = None if level >= 3 else request.recipe or DEFAULT_RECIPE
    return summarize(job.facts, Path(request.model).name, job.part.name, recipe, request.seed)


def _check_recipe(request: Request, level: int) -> None:
    if level >= 3 and request.recipe is not None:
        raise UsageError(f"{request.model} is at level {level} already: --recipe has nothing to compress")
    if level == 5:
        raise UsageError(f"{request.model} is at level 5 already: nothing is left to compile")


def _compress(job: _Job) -> np.ndarray:
    """Levels 1 to 3; gives the float model's outputs on the test data, one row a sample."""
    port = ports(job.module, "input")[0]
    out = ports(job.module, "output")[0]
    job.run(FRONT)
    feed = {port.name: port.from_samples(job.data.x_test)}
    outputs = out.to_samples(run(job.module, feed)[out.name])
    job.facts.measure_float(job.module)
    job.run(job.request.recipe or DEFAULT_RECIPE)
    job.facts.measure_fixed(job.module)
    return outputs


def _golden(job: _Job) -> tuple[Golden, np.ndarray]:
    """What level 3 computes on the test data, as integers and as real numbers."""
    with job.progress.timed("interpret", "golden model: level 3 on all test sequences"):
        parameter, result = job.module.main.parameters[0], job.module.main.result_types[0]
        inputs = to_carrier(job.data.x_test, parameter.type)
        outputs = run_samples(job.module, [inputs])
    input_type, output_type = element_of(parameter.type), element_of(result)
    if not isinstance(input_type, FixedType) or not isinstance(output_type, FixedType):
        raise UserError("the compressed model is not in fixed point: the recipe lacks 'quantize'")
    reals = as_reals(job.module, outputs)[0]
    return Golden(inputs, outputs[0].reshape(len(inputs), -1), input_type, output_type), reals


def _check_level_4(job: _Job, golden: Golden) -> None:
    with job.progress.timed("interpret", "level 4 on all test sequences"):
        job.facts.checks.append(check_level(4, job.module, golden))


def _check_multipliers(request: Request, part: Part, program: Program) -> None:
    macs, tail = program.rows * program.columns, tail_macs(program)
    if request.logic_multipliers or macs + tail <= part.dsp:
        return
    raise UserError(
        f"{macs + tail} multipliers ({macs} of the array, {tail} of the tail) do not fit "
        f"the {part.dsp} DSP blocks of {part.name}",
        notes=["give fewer --macs, another --target, or --logic-multipliers to build some in logic"],
    )


def _write_designs(job: _Job, golden: Golden) -> list[Path]:
    """HLS C++ from level 4, Verilog from level 5, and the vectors of both test benches."""
    with job.progress.timed("print", "printing HLS C++ and Verilog"):
        output_type = element_of(job.module.main.result_types[0])
        assert isinstance(output_type, FixedType)
        write_files(job.work / "vectors", vectors(golden, output_type))
        write_hls(job.work / "hls", job.module, job.part)
        job.run("lower-to-rtl")
        return write_verilog(job.work / "verilog", job.module)


def _verify(job: _Job, golden: Golden, program: Program, timing: Timing) -> list[Check]:
    progress, request = job.progress, job.request
    predicted = predict_cycles(
        timing, program.features, program.rows, program.outputs, golden.lengths
    )
    with progress.timed("interpret", f"level 5 on {request.rtl_sequences} sequences, cycle by cycle"):
        final = Golden(golden.inputs, golden.outputs, golden.input_type, program.head.sum_type)
        checks = [check_rtl(job.module, final, request.rtl_sequences)]
    with tempfile.TemporaryDirectory() as build:
        places = Places(job.work, Path(build), job.module.main.name)
        with progress.timed("hls", "HLS C++: compiling with g++ and running all sequences"):
            checks.append(check_hls(places, golden, request.ap_types))
        with progress.timed("verilog", "Verilog: building the simulator and running all sequences"):
            checks += check_verilog(places, golden, predicted, request.seed)
    return checks
