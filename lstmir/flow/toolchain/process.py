"""Run a program to its end, or end it with everything that it started."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lstmir.flow.toolchain.tool import ToolError


@dataclass(frozen=True)
class Finished:
    """A program that ended with one of the statuses its caller expects."""

    status: int
    stdout: str
    stderr: str


def run(
    tool: str,
    command: Sequence[str | Path],
    *,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    seconds: float = 600,
    expected: Collection[int] = (0,),
) -> Finished:
    """Run `command` in `folder`, with `environment` added to ours.

    Raises `ToolError` if it cannot start, takes longer than `seconds`, or ends with a status that is
    not `expected`. However it ends, an interrupt included, no process of its is left behind.
    """
    process = _start(tool, command, folder, environment)
    try:
        stdout, stderr = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise ToolError(tool, f"still running after {seconds:g} s, stopped") from None
    finally:
        _end(process)
    if process.returncode not in expected:
        raise ToolError(tool, _describe(process.returncode), stderr.strip() or stdout)
    return Finished(process.returncode, stdout, stderr)


def _start(
    tool: str,
    command: Sequence[str | Path],
    folder: Path | None,
    environment: Mapping[str, str] | None,
) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(
            [str(word) for word in command],
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        raise ToolError(tool, f"cannot start {command[0]}: {error.strerror}") from error


def _end(process: subprocess.Popen[str]) -> None:
    """End the whole group: compilers and make leave children behind when only they are killed."""
    if process.poll() is not None:
        return
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def _describe(status: int) -> str:
    if status >= 0:
        return f"exit status {status}"
    return f"killed by {signal.Signals(-status).name}"
