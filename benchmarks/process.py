"""Measurements in fresh processes, so that none is disturbed by what another left behind."""

from __future__ import annotations

import gc
import json
import platform
import resource
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from time import process_time
from typing import Any


def run_worker(module: str, *arguments: object) -> dict[str, Any]:
    """The JSON object that `python -m module arguments` prints in its last line."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


Task = Callable[[int], Callable[[], object]]
"""Prepares work of a size; the work itself is what is measured."""


def measure(tasks: Mapping[str, Task], task: str, size: str) -> None:
    """Print the CPU time of a task as JSON, and the peak memory.

    A small task is run before, so that what is loaded once is loaded.
    """
    for each in (10, int(size)):
        work = tasks[task](each)
        gc.collect()
        start = process_time()
        work()
        seconds = process_time() - start
    print(json.dumps({"seconds": seconds, "peak_mib": peak_mib()}))


def repeated(work: Callable[[], object], times: int) -> float:
    """The median of the CPU seconds that the same work takes, after it was done once."""
    work()
    seconds = []
    for _ in range(times):
        start = process_time()
        work()
        seconds.append(process_time() - start)
    return median(seconds)


def cpu_seconds(command: Sequence[str]) -> float:
    """The CPU time, user's and system's, of a command that succeeds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def peak_mib() -> float:
    """The most memory that this process has had resident, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def machine() -> dict[str, str]:
    """On what was measured."""
    return {"python": platform.python_version(), "system": platform.platform(), "cpu": _cpu()}


def _cpu() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as info:  # noqa: PTH123 (a device of the kernel)
            names = [
                line.partition(":")[2].strip() for line in info if line.startswith("model name")
            ]
    except OSError:
        names = []
    return names[0] if names else platform.processor()
