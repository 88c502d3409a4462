"""The output folder: it appears only when it is whole, and knows when it was changed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lstmir.ir.diagnostics import UsageError, UserError

SUMMARY = "summary.json"
SCHEMA = "lstmir-summary-1"
PRIMITIVES = "primitives"


def check_target(path: Path, inputs: list[Path]) -> None:
    """Raise `UsageError` unless a folder can be written at `path`: absent, empty, or one of ours."""
    try:
        _check_target(path, path.resolve(), inputs)
    except (OSError, RuntimeError) as error:  # RuntimeError: a symbolic link that leads to itself
        raise _cannot_write(path, error) from error


def _check_target(path: Path, resolved: Path, inputs: list[Path]) -> None:
    for source in inputs:
        if resolved == source.resolve():
            raise UsageError(f"the output {path} would replace the input {source}")
        if resolved in source.resolve().parents:
            raise UsageError(f"the output {path} is the folder of the input {source}")
    if resolved.exists() and not resolved.is_dir():
        raise UsageError(f"the output {path} is a file; -o names a folder")
    if resolved.is_dir() and any(resolved.iterdir()) and not _is_ours(resolved):
        raise UsageError(
            f"the output {path} holds files that are not lstmir's: choose another folder"
        )
    above = _existing_parent(resolved)
    if not above.is_dir():
        raise UsageError(f"cannot write {path}: {_shown(above)} is a file")
    if not os.access(above, os.W_OK | os.X_OK):
        raise UsageError(f"cannot write {path}: no permission to write in {_shown(above)}")


def _existing_parent(resolved: Path) -> Path:
    return next(parent for parent in resolved.parents if parent.exists())


def _shown(path: Path) -> Path:
    """A path as the user would write it."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _cannot_write(path: Path, error: Exception) -> UsageError:
    return UsageError(f"cannot write {path}: {getattr(error, 'strerror', None) or error}")


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A folder near `path` to work in; it takes the place of `path` at the end, or vanishes.

    Raises `UsageError` where it cannot be made or filled.
    """
    target = path.resolve()
    try:
        work = Path(tempfile.mkdtemp(dir=_existing_parent(target), prefix=f".{target.name}."))
    except OSError as error:
        raise _cannot_write(path, error) from error
    try:
        yield work
        _replace(work, target)
    except OSError as error:  # such as a disk that is full
        raise _cannot_write(path, error) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _replace(work: Path, target: Path) -> None:
    """Put a folder in the place of another; if it fails, the other one is still there."""
    old = work.with_name(f"{work.name}.old")
    try:
        work.chmod(0o755)
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            target.replace(old)
        work.replace(target)
    finally:
        if old.exists() and not target.exists():
            old.replace(target)
        shutil.rmtree(old, ignore_errors=True)


def write_files(folder: Path, files: dict[str, str]) -> list[Path]:
    """Write texts by name; gives their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
        paths.append(folder / name)
    return paths


def digests(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file, by path inside the folder, but of the summary and what using it leaves."""
    files = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    kept = (name for name in sorted(files) if name != SUMMARY and not _is_left_by_driver(name))
    return {name: _sha256(files[name].read_bytes()) for name in kept}


def _is_left_by_driver(name: str) -> bool:
    """Whether the driver put a file there: the simulator that it built, or what Python made of its text."""
    return name.startswith(("driver/build/", "driver/__pycache__/"))


def write_summary(folder: Path, summary: dict[str, Any]) -> None:
    """Write `summary.json`."""
    (folder / SUMMARY).write_text(summary_text(summary), encoding="utf-8")


def summary_text(summary: dict[str, Any]) -> str:
    """The text of `summary.json`, with a digest over all of it but the seconds."""
    whole = {**summary, "digest": summary_digest(summary)}
    return json.dumps(whole, indent=2, allow_nan=False) + "\n"


def read_summary(folder: Path) -> dict[str, Any]:
    """The summary of a finished folder. Raises `UsageError` if there is none, `UserError` if damaged."""
    path = folder / SUMMARY
    try:
        summary = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            f"{folder} is no folder that lstmir compiled: it has no {SUMMARY}"
        ) from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} was changed: it is not JSON any more ({error})") from error
    if not isinstance(summary, dict) or summary.get("schema") != SCHEMA:
        raise UserError(f"{path} is not a summary of version {SCHEMA}")
    return summary


def check_untouched(folder: Path, summary: dict[str, Any], replaced: str | None = None) -> None:
    """Raise `UserError` that names every file that was changed, removed or added.

    What is in the folder `replaced`, or was left of it by an interruption, is going to be replaced.
    """
    changed = _changes(summary.get("files"), digests(folder), replaced)
    if summary.get("digest") != summary_digest(summary):
        changed.insert(0, f"{SUMMARY} was changed")
    if changed:
        raise UserError(f"{folder} is not as it was compiled: {'; '.join(changed)}")


def _changes(before: Any, now: dict[str, str], replaced: str | None) -> list[str]:
    if not isinstance(
        before, dict
    ):  # then the summary was changed, and nothing can be said of the rest
        return []
    if replaced is not None:
        before, now = _without(before, replaced), _without(now, replaced)
    changed = [
        f"{name} was changed" for name in before if name in now and now[name] != before[name]
    ]
    missing = [f"{name} is missing" for name in before if name not in now]
    return changed + missing + [f"{name} was added" for name in now if name not in before]


def _without(files: dict[str, str], folder: str) -> dict[str, str]:
    gone = (f"{folder}/", f".{folder}.", f".{SUMMARY}.")
    return {name: digest for name, digest in files.items() if not name.startswith(gone)}


def summary_digest(summary: dict[str, Any]) -> str:
    """A hash of everything that does not differ from run to run."""
    text = json.dumps(_without_seconds(summary), sort_keys=True)
    return _sha256(text.encode())


def _without_seconds(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {k: v for k, v in value.items() if k not in ("seconds", "digest")}
        return {key: _without_seconds(inner) for key, inner in kept.items()}
    if isinstance(value, list):
        return [_without_seconds(inner) for inner in value]
    return value


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _is_ours(path: Path) -> bool:
    try:
        read_summary(path)
    except UserError:
        return False
    return True
