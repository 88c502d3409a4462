"""Runs a YoWASP program in a process of its own: `nextpnr_worker.py PACKAGE FUNCTION ARGUMENT...`.

The scripts that pip installs do the same, but are found only where the environment's `bin` is on PATH.
"""

from __future__ import annotations

import importlib
import os
import sys


def main(package: str, function: str, *arguments: str) -> int:
    """The exit status of the program."""
    # It says what the sandbox may see instead of the working folder.
    os.environ.pop("YOWASP_MOUNT", None)
    status: int = getattr(importlib.import_module(package), function)(list(arguments))
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
