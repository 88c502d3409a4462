"""The output folder appears only when it is whole, in the place of the one before."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lstmir.flow.folder import SCHEMA, check_target, new_folder, write_files
from lstmir.ir.diagnostics import UsageError


def _ours(path: Path) -> Path:
    path.mkdir(parents=True)
    (path / "summary.json").write_text(json.dumps({"schema": SCHEMA}))
    (path / "old").touch()
    return path


def _names() -> list[str]:
    return sorted(path.as_posix() for path in Path().rglob("*"))


def test_it_takes_the_place_of_the_one_before() -> None:
    out = _ours(Path("build/out"))
    with new_folder(out) as work:
        write_files(work, {"new": "1"})
        assert (out / "old").exists()
    assert _names() == ["build", "build/out", "build/out/new"]
    assert out.stat().st_mode & 0o777 == 0o755


def test_folders_above_it_are_made_only_with_it() -> None:
    with pytest.raises(ZeroDivisionError), new_folder(Path("a/b/out")):
        _ = 1 / 0
    assert _names() == []
    with new_folder(Path("a/b/out")):
        pass
    assert _names() == ["a", "a/b", "a/b/out"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_what_goes_wrong_leaves_the_one_before(error: type[BaseException]) -> None:
    out = _ours(Path("out"))
    before = _names()
    with pytest.raises(error), new_folder(out) as work:
        write_files(work, {"new": "1"})
        raise error
    assert _names() == before


def test_a_replacement_that_fails_leaves_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    out = _ours(Path("out"))
    before, replace = _names(), Path.replace

    def fail_once(self: Path, target: Path) -> Path:
        if target == out.resolve() and not self.name.endswith(".old"):
            raise OSError(28, "No space left on device")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", fail_once)
    with (
        pytest.raises(UsageError, match="cannot write out: No space left on device"),
        new_folder(out),
    ):
        pass
    assert _names() == before


def test_a_full_disk_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", fail)
    with (
        pytest.raises(UsageError, match="cannot write out: No space left on device"),
        new_folder(Path("out")) as work,
    ):
        write_files(work, {"new": "1"})
    assert _names() == []


def test_a_link_is_followed() -> None:
    _ours(Path("real"))
    Path("link").symlink_to("real")
    check_target(Path("link"), [])
    with new_folder(Path("link")) as work:
        write_files(work, {"new": "1"})
    assert _names() == ["link", "real", "real/new"]
    assert Path("link").is_symlink()


def test_no_room_for_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> str:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("tempfile.mkdtemp", fail)
    with pytest.raises(UsageError, match="cannot write out: Read-only file system"):
        new_folder(Path("out")).__enter__()


def test_what_may_be_written_to() -> None:
    Path("empty").mkdir()
    for path in (Path("new"), Path("a/new"), Path("empty"), _ours(Path("ours"))):
        check_target(path, [Path("model.onnx")])


def test_an_input_inside_is_not_overwritten() -> None:
    stage = _ours(Path("out")) / "stages" / "12.lstmir"
    with pytest.raises(UsageError, match="out is the folder of the input"):
        check_target(Path("out"), [stage])
