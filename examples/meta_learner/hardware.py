"""Make hardware of a compressed network, and let it teach: host and Verilog in one loop."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import util
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from examples.meta_learner.host import STEPS, adapt
from examples.meta_learner.interpreter import Interpreter, load
from examples.meta_learner.record import recorded
from examples.meta_learner.streamed import Arrays, Streamed
from examples.meta_learner.tasks import Tasks, draw, published, theta_0
from lstmir.flow.compile import compile_model
from lstmir.flow.progress import Progress
from lstmir.flow.request import Request
from lstmir.flow.synth import SynthRequest, synth_folder
from lstmir.ir.diagnostics import UserError
from lstmir.ir.interface import ports

_SEED = 11


def main(argv: Sequence[str] | None = None) -> int:
    """Compile, verify, and teach; gives the exit status: 1 if hardware and interpreter differ."""
    arguments = _parser().parse_args(argv)
    try:
        return _built(arguments)
    except UserError as error:
        print(error, file=sys.stderr)
        return 1


def _built(arguments: argparse.Namespace) -> int:
    work: Path = arguments.output
    work.mkdir(parents=True, exist_ok=True)
    data, design = work / "sequences.npz", work / "design"
    arrays = sequences(arguments.model, arguments.coordinates, arguments.steps)
    np.savez_compressed(data, **arrays)  # type: ignore[arg-type]
    request = Request(
        str(arguments.model), str(data), design, target=arguments.target, macs=arguments.macs,
        lanes=arguments.lanes, arrays="each", stream_states=True, rtl_sequences=1,
        synthesis=not arguments.pnr, logic_multipliers=True,
    )  # fmt: skip
    summary = compile_model(request, Progress())
    if arguments.pnr:
        pnr = SynthRequest(design, pnr=True, seed=0, seeds=arguments.seeds)
        summary = synth_folder(pnr, Progress())
    _tell(summary)
    checks = all(check["status"] in ("passed", "not_run") for check in summary["verification"])
    taught = arguments.tasks == 0 or teach(design, arguments.tasks)
    return 0 if taught and checks else 1


def sequences(model: Path | str, coordinates: int, steps: int = STEPS) -> dict[str, np.ndarray]:
    """What goes in when the network teaches learners of drawn tasks: [coordinates, steps, numbers] each."""
    module, start = load(model), theta_0()
    tasks = draw(-(-coordinates // len(start)), _SEED)
    found = recorded(Interpreter(module), tasks, start)
    return {
        f"{port.name}_{half}": _cut(found[f"{port.name}_train"][:coordinates], steps)
        for port in ports(module, "input")
        if f"{port.name}_train" in found
        for half in ("train", "test")
    }


def _cut(array: np.ndarray, steps: int) -> np.ndarray:
    """The first steps; states have none."""
    return array[:, :steps] if array.ndim == 3 else array


def teach(design: Path, tasks: int) -> bool:
    """Let the Verilog teach the first of the published tasks, one by one; whether every bit is as it is
    interpreted."""
    accelerator, alike = _driver(design).Accelerator, True
    with accelerator("interpreter") as reference, accelerator("simulation") as verilog:
        for number in range(tasks):
            task = published().part(slice(number, number + 1))
            raw = "loss" in verilog.design.input.names
            alike &= _is_alike(task, reference.run, verilog.run, raw)
    print(
        f"{tasks} tasks, {STEPS} steps of {len(theta_0())} coordinates each, in the Verilog:",
        end=" ",
    )
    print("every bit as interpreted" if alike else "NOT as interpreted")
    return alike


def _is_alike(
    task: Tasks, run: Callable[[Arrays], Arrays], simulated: Callable[[Arrays], Arrays], raw: bool
) -> bool:
    answers: list[tuple[Arrays, Arrays]] = []

    def both(arrays: Arrays) -> Arrays:
        answers.append((run(arrays), simulated(arrays)))
        return answers[-1][1]

    adapt(Streamed(both, raw=raw), task, theta_0())
    return all(np.array_equal(one[name], other[name]) for one, other in answers for name in one)


def _driver(design: Path) -> ModuleType:
    """The driver that lies in the folder of the design."""
    place = design / "driver" / "__init__.py"
    spec = util.spec_from_file_location("meta_learner_driver", place, submodule_search_locations=[])
    assert spec is not None and spec.loader is not None
    module = util.module_from_spec(spec)
    module.__path__ = [str(place.parent)]
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _tell(summary: dict[str, Any]) -> None:
    schedule = summary["schedule"]
    checks = [check for check in summary["verification"] if check["against"] == "verilog"]
    simulated = next((each["cycles_total_simulated"] for each in checks), None)
    print(
        f"{schedule['macs']} multipliers in the arrays, {schedule['tail_macs']} behind them; a coordinate "
        f"every {schedule['cycles_per_step_predicted']} cycles, multipliers "
        f"{100 * schedule['mac_utilization']:.1f}% busy ({100 * schedule['mac_utilization_total']:.1f}% of "
        f"all cycles); {schedule['cycles_total_predicted']} cycles predicted, {simulated} simulated"
    )
    for entry in summary["synthesis"]:
        print(
            {
                k: entry.get(k)
                for k in ("tool", "status", "lut", "ff", "dsp", "bram", "fmax_mhz", "reason")
            }
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m examples.meta_learner.hardware", description=__doc__
    )
    add = parser.add_argument
    add("model", type=Path, help="the network in fixed point (.lstmir)")
    add("-o", "--output", type=Path, required=True, metavar="DIR", help="where to build")
    add("--macs", type=int, default=62, help="multipliers of the arrays (default: 62)")
    add("--lanes", type=int, default=4, help="words in a beat (default: 4)")
    add("--target", default="ecp5-85k", help="the part (default: ecp5-85k)")
    add("--coordinates", type=int, default=481, help="of a packet that is simulated (default: 481)")
    add("--steps", type=int, default=STEPS, help=f"that are simulated with them (default: {STEPS})")
    add("--tasks", type=int, default=10, help="that the Verilog teaches, 0 for none (default: 10)")
    add("--pnr", action="store_true", help="place and route it")
    add("--seeds", type=int, default=1, help="of place and route (default: 1)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
