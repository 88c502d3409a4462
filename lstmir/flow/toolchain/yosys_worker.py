"""Runs Yosys passes in a process of its own: `yosys_worker.py MEMORY_GIB PASS...`."""

from __future__ import annotations

import resource
import sys


def main(memory_gib: str, *passes: str) -> None:
    """Run the passes in order on one design, within the memory limit."""
    limit = int(float(memory_gib) * 2**30)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    try:
        run(passes)
    except (ImportError, MemoryError) as error:
        # A library that no longer fits does not import.
        sys.exit(f"{error} (the memory limit is {memory_gib} GiB)")


def run(passes: tuple[str, ...]) -> None:
    """Run the passes in order on one empty design."""
    # Imported under the limit, and never in the process of the caller.
    from pyosys import libyosys

    design = libyosys.Design()
    for command in passes:
        libyosys.run_pass(command, design)


if __name__ == "__main__":
    main(*sys.argv[1:])
