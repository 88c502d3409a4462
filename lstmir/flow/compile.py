"""From a model to a folder of verified hardware."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from lstmir import dialects, passes
from lstmir.flow import metrics
from lstmir.flow.check import Golden
from lstmir.flow.compress import search, unreachable
from lstmir.flow.data import read_data
from lstmir.flow.driver import write_driver
from lstmir.flow.explore import outputs_of
from lstmir.flow.folder import PRIMITIVES, digests, new_folder, write_files, write_summary
from lstmir.flow.job import Job
from lstmir.flow.models import level_of, load_model
from lstmir.flow.packets import run_recorded
from lstmir.flow.progress import Progress
from lstmir.flow.recipes import (
    DEFAULT_MACS,
    DEFAULT_RECIPE,
    FRONT,
    ZERO,
    back,
    block_of,
    lower,
    pack,
    recipe_named,
    stage,
)
from lstmir.flow.request import Request, check_multipliers
from lstmir.flow.selection import choose
from lstmir.flow.sizing.choose import Wish
from lstmir.flow.sizing.choose import choose as choose_array
from lstmir.flow.sizing.overflow import multipliers_in_logic
from lstmir.flow.streams import check_streams
from lstmir.flow.summary import summarize
from lstmir.flow.synthesis import synthesize, unasked
from lstmir.flow.verification import Design, check_design, check_level
from lstmir.flow.writing import top_name, vectors, write_hls, write_primitives, write_verilog
from lstmir.interpreter.feeds import as_reals, to_carrier
from lstmir.interpreter.run import run_samples
from lstmir.interpreter.streams import steps_of
from lstmir.ir.diagnostics import UsageError, UserError
from lstmir.ir.interface import ports
from lstmir.ir.module import Module
from lstmir.ir.types import is_fixed
from lstmir.passes.machine.memory_map import constants
from lstmir.passes.machine.operands import shared_blocks
from lstmir.passes.machine.reading import read_program
from lstmir.passes.machine.timing import timing_from
from lstmir.passes.schedule import Schedule
from lstmir.passes.stream_states import StreamStates


def compile_model(request: Request, progress: Progress) -> dict[str, Any]:
    """Compile, verify and write a folder; gives its summary.

    Raises `UsageError` and `UserError` for what the user can mend; then nothing is written. A
    verification that fails is no exception: the summary says so.
    """
    part = request.check()
    dialects.load()
    passes.load()
    with progress.timed("import", f"reading {request.model}"):
        module = load_model(request.model, request.cut)
        level = level_of(module)
        request.check_level(level)
        _check_lanes(request, module)
        data = read_data(request.data, module)
        check_streams(module, data, request.data, with_states=request.stream_states)
    if level < 4 and not request.is_sized:
        macs = _macs(request)
        most = macs // 2 if request.products != "one" else 0
        check_multipliers(request, part, macs, shared=most)
    with new_folder(request.output) as work:
        recipe = None if level >= 3 else request.recipe or DEFAULT_RECIPE
        job = Job(request, progress, part, work, module, level, data, recipe)
        _compile(job)
        summary = _summary(job)
        summary["files"] = digests(work)
        summary["seconds"] = progress.seconds
        write_summary(work, summary)
    return summary


def _macs(request: Request) -> int:
    return request.macs if isinstance(request.macs, int) else DEFAULT_MACS


def _check_lanes(request: Request, module: Module) -> None:
    if request.lanes != 1 and "timing" in module.attributes:
        raise UsageError(f"{request.model} is scheduled already: --lanes cannot change its streams")


def _compile(job: Job) -> None:
    if job.data.test_is_train:
        job.warn(f"{job.request.data} has no 'x_test': accuracy is that on 'x_train'")
    job.save_stage("import")
    if job.level >= 3:
        _start_at_zero(job)
    reals = None if job.recipe is None else _compress(job, job.recipe)
    golden, results = _golden(job)
    if job.request.stream_states:
        _stream_states(job, golden)
    defining = job.saved
    job.facts.measure_accuracy(reals, results, job.data)
    _tile(job, golden)
    files = _write_designs(job, golden, defining)
    _verify(job, golden)
    job.facts.synthesis.append(_synthesize(job, files))


def _summary(job: Job) -> dict[str, Any]:
    request = job.request
    return summarize(
        job.facts, Path(request.model).name, job.part.name, job.recipe, request.seed,
        request.period_us,
    )  # fmt: skip


def _compress(job: Job, recipe: str) -> np.ndarray:
    """Levels 1 to 3; gives the float model's outputs on the test data."""
    with job.progress.timed("passes", "taking the model to the function of one sample"):
        job.run(FRONT)
        _start_at_zero(job)
        outputs = outputs_of(job.module, job.data.test)
        job.facts.measure_float(job.module)
        for name in metrics.zero_matrices(job.module):
            job.warn(f"the weights '{name}' are all zero")
    if job.request.max_loss is not None:
        recipe = job.recipe = _searched(job, recipe, job.request.max_loss)
    with job.progress.timed("passes", f"compressing by the recipe {recipe}"):
        job.run(recipe)
    return outputs


def _start_at_zero(job: Job) -> None:
    """Let the hardware begin each sequence at zero, where the data have no states to begin with."""
    names = job.data.at_zero
    if not names or job.request.stream_states:
        return
    job.warn(
        f"every sequence starts with {', '.join(names)} at zero: the machine is given no states"
    )
    job.run(ZERO)
    job.data = job.data.without_states()


def _searched(job: Job, recipe: str, max_loss: float) -> str:
    """The recipe with the options of the smallest network within a loss."""
    exploration = search(job.module, recipe_named(recipe), job.data, job.progress, job.request.seed)
    chosen = choose(exploration.trials, max_loss)
    if chosen is None:
        raise unreachable(recipe, exploration, max_loss)
    return stage(recipe, chosen.options)


def _golden(job: Job) -> tuple[Golden, np.ndarray]:
    """What the machine is to compute as integers, and the module's first output as real numbers."""
    module = job.module
    types = [value.type for value in module.main.parameters]
    if not all(map(is_fixed, [*types, *module.main.result_types])):
        raise UserError("the compressed model is not in fixed point: the recipe lacks 'quantize'")
    samples = [job.data.test[port.name] for port in ports(module, "input")]
    inputs = [to_carrier(array, type_) for array, type_ in zip(samples, types, strict=True)]
    count = len(inputs[0])
    message = f"interpreting level {max(job.level, 3)} on {count} sequences: the golden model"
    with job.progress.timed("interpret", message):
        if job.request.stream_states:
            outputs, golden = run_recorded(module, inputs)
        else:
            outputs = run_samples(module, inputs)
            golden = Golden(steps_of(module, "input", inputs), steps_of(module, "output", outputs))
    return golden, as_reals(module, outputs)[0]


def _stream_states(job: Job, golden: Golden) -> None:
    """One step of all sequences at once, checked: it gives what the recurrence gave, step by step."""
    job.run(StreamStates.name)
    with job.progress.timed("interpret", "interpreting the steps one by one"):
        job.facts.checks.append(check_level(3, job.module, golden))


def _tile(job: Job, golden: Golden) -> None:
    """Level 4, checked and measured. Raises `UserError` if the part has too few multipliers."""
    macs = _sized(job, max(golden.lengths)) if job.request.is_sized else _macs(job.request)
    with job.progress.timed(
        "passes", f"tiling for {macs} multipliers" if job.level < 4 else "scheduling"
    ):
        if job.level < 4:
            job.facts.measure_fixed(job.module)
            job.run(back(macs, job.request.lanes, job.request.arrays))
        elif "timing" not in job.module.attributes:
            job.run(pack(job.request.lanes))
    program = read_program(Schedule(), job.module)
    macs = program.macs
    shared = 0
    if job.request.products != "one":
        shared = shared_blocks(program, block_of(job.part))
    check_multipliers(job.request, job.part, macs, metrics.tail_macs(program), shared)
    timing = timing_from(job.module.attributes["timing"])
    job.facts.measure_tiled(job.module, program, timing, golden.lengths, shared)
    job.facts.measure_work(job.module, program, timing, golden.lengths, job.part)
    if job.level == 4:  # then level 4 is the golden model, and would be compared with itself
        return
    with job.progress.timed("interpret", "interpreting level 4 on all sequences"):
        job.facts.checks.append(check_level(4, job.module, golden))


def _sized(job: Job, longest: int) -> int:
    """Multipliers for a level-3 module, by what is asked for."""
    request = job.request
    wish = Wish(longest, request.latency_us, request.fps, request.clock_mhz)
    with job.progress.timed("sizing", f"choosing an array for {job.part.name}"):
        chosen = choose_array(
            job.module,
            job.part,
            wish,
            request.axi_lite,
            job.progress.detail,
            request.lanes,
            request.products,
        )
    return chosen.macs


def _write_designs(job: Job, golden: Golden, defining: str) -> list[Path]:
    """HLS C++ from level 4, Verilog and the driver from level 5, and the vectors of both test benches.

    `defining` is the stage that gave the golden outputs. Gives the paths of the Verilog sources.
    """
    axi_lite = job.request.axi_lite
    with job.progress.timed("print", "printing HLS C++ and Verilog"):
        program = read_program(Schedule(), job.module)
        write_hls(job.work / "hls", job.module, job.part, program.lanes)
        known = constants(program) if axi_lite else None
        in_logic = _in_logic(job, metrics.tail_macs(program) + program.macs)
        job.run(lower(job.part, axi_lite, job.request.products, in_logic))
        job.facts.measure_size(job.module, job.part)
        write_driver(job.work / "driver", job.module, known, defining)
        write_files(job.work / "vectors", vectors(golden, job.module))
        write_primitives(job.work / PRIMITIVES, job.module, job.part)
        return write_verilog(job.work / "verilog", job.module)


def _in_logic(job: Job, multipliers: int) -> int:
    """How many of them are made of adders, where more are allowed than the part has blocks."""
    if not job.request.logic_multipliers or multipliers <= job.part.dsp:
        return 0
    request = job.request
    return multipliers_in_logic(job.module, job.part, request.axi_lite, request.products)


def _verify(job: Job, golden: Golden) -> None:
    request, cycles = job.request, job.facts.schedule["cycles_total_predicted"]
    design = Design(
        job.module, job.work, golden, cycles, request.seed, request.rtl_sequences, request.ap_types
    )
    job.facts.checks += check_design(design, job.progress)


def _synthesize(job: Job, files: list[Path]) -> dict[str, Any]:
    if not job.request.synthesis:
        return unasked(job.part).attribute()
    with job.progress.timed("synthesis", f"synthesizing for {job.part.name} with pyosys"):
        size = job.facts.estimate
        dsp = size["dsp"] if size else None
        return synthesize(files, top_name(job.module), job.part, dsp=dsp).attribute()
