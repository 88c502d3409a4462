"""What a processor's power is: by its counters where they can be read, else by a list."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, sleep

COUNTERS = Path("/sys/class/powercap")
CPUINFO = Path("/proc/cpuinfo")
LIST = Path(__file__).with_name("processors.toml")
IDLE_SECONDS = 2.0


@dataclass(frozen=True)
class Power:
    """Watts, from what the work adds to what the whole package takes, and who says so."""

    low_w: float
    high_w: float
    source: str


def measured(work: Callable[[], object], counters: Path = COUNTERS) -> Power | None:
    """By RAPL, while `work` runs, with and without what is taken when nothing does. None without it."""
    idle = _watts(lambda: sleep(IDLE_SECONDS), counters)
    busy = _watts(work, counters)
    if idle is None or busy is None:
        return None
    return Power(max(0.0, busy - idle), busy, "RAPL, all packages: low without what they take idle")


def _watts(work: Callable[[], object], counters: Path) -> float | None:
    start, before = perf_counter(), _microjoules(counters)
    work()
    seconds, after = perf_counter() - start, _microjoules(counters)
    if not before or before.keys() != after.keys():
        return None
    spent = 0
    for package, (joules, most) in after.items():
        spent += (joules - before[package][0]) % (most + 1)  # counters begin anew behind the most
    return spent / 1e6 / seconds


def _microjoules(counters: Path) -> dict[str, tuple[int, int]]:
    """What each package's counter shows, and the most it can; those that may not be read are left out."""
    found = {}
    for package in sorted(counters.glob("intel-rapl:[0-9]")):
        try:
            shown, most = (
                int((package / name).read_text()) for name in ("energy_uj", "max_energy_range_uj")
            )
        except OSError:
            continue
        found[package.name] = shown, most
    return found


def listed(cpuinfo: Path = CPUINFO) -> Power | None:
    """By the list, for the first processor of this machine. None if it is not there."""
    try:
        text = cpuinfo.read_text(encoding="utf-8")
    except OSError:
        return None
    first = dict(_field(line) for line in text.partition("\n\n")[0].splitlines())
    model, cache = first.get("model name"), first.get("cache size", "").removesuffix(" KB")
    for entry in tomllib.loads(LIST.read_text(encoding="utf-8"))["processor"]:
        if (entry["model"], str(entry["cache_kb"])) == (model, cache):
            return Power(entry["low_w"], entry["high_w"], entry["source"])
    return None


def _field(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip(), value.strip()
