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


def check_target(path: Path, inputs: list[Path]) -> None:
    """Raise `UsageError` unless a folder can be written at `path`: absent, empty, or one of ours."""
    resolved = path.resolve()
    for source in inputs:
        if resolved == source.resolve() or resolved in source.resolve().parents:
            raise UsageError(f"the output {path} would replace the input {source}")
    if path.exists() and not path.is_dir():
        raise UsageError(f"the output {path} is a file; -o names a folder")
    if path.is_dir() and any(path.iterdir()) and not _is_ours(path):
        raise UsageError(f"the output {path} holds files that are not lstmir's: choose another folder")
    parent = next(p for p in resolved.parents if p.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise UsageError(f"cannot write {path}: no permission to write in {parent}")


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A folder beside `path` to work in; it takes the place of `path` at the end, or vanishes."""
    try:
        path.resolve().parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=path.resolve().parent, prefix=f".{path.name}."))
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error
    try:
        yield work
        work.chmod(0o755)
        if path.exists():
            shutil.rmtree(path)
        work.replace(path.resolve())
    finally:
        shutil.rmtree(work, ignore_errors=True)


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
    """The SHA-256 of every file but the summary, by path inside the folder."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != SUMMARY)
    return {p.relative_to(folder).as_posix(): _sha256(p.read_bytes()) for p in files}


def write_summary(folder: Path, summary: dict[str, Any]) -> None:
    """Write `summary.json`, with a digest over all of it but the seconds."""
    whole = {**summary, "digest": summary_digest(summary)}
    text = json.dumps(whole, indent=2, allow_nan=False) + "\n"
    (folder / SUMMARY).write_text(text, encoding="utf-8")


def read_summary(folder: Path) -> dict[str, Any]:
    """The summary of a finished folder. Raises `UsageError` if there is none, `UserError` if damaged."""
    path = folder / SUMMARY
    try:
        summary = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{folder} is no folder that lstmir compiled: it has no {SUMMARY}") from error
    except ValueError as error:
        raise UserError(f"{path} was damaged: {error}") from error
    if not isinstance(summary, dict) or summary.get("schema") != SCHEMA:
        raise UserError(f"{path} is not a summary of version {SCHEMA}")
    return summary


def check_untouched(folder: Path, summary: dict[str, Any]) -> None:
    """Raise `UserError` that names every file that was changed, removed or added."""
    before, now = summary["files"], digests(folder)
    changed = [f"{name} was changed" for name in before if name in now and now[name] != before[name]]
    changed += [f"{name} is missing" for name in before if name not in now]
    changed += [f"{name} was added" for name in now if name not in before]
    if summary.get("digest") != summary_digest(summary):
        changed.append(f"{SUMMARY} was changed")
    if changed:
        raise UserError(f"{folder} is not as it was compiled: {'; '.join(changed)}")


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
        return bool(read_summary(path))
    except UserError:
        return False
