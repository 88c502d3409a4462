"""Passes run in order, watched and verified."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pytest

from lstmir.ir.diagnostics import UserError
from lstmir.ir.module import Module
from lstmir.pipeline.crash import PassCrash
from lstmir.pipeline.docs import list_passes, pass_help
from lstmir.pipeline.manager import run_passes, timing_table
from lstmir.pipeline.passes import Context, Promise
from lstmir.syntax.parser import parse_module

TEXT = "module @m { func @main(%x: f32) -> f32 {\n  %y = arith.neg %x : f32\n  return %y : f32\n} }"


@dataclass(frozen=True)
class Rename:
    """Renames the module.

    More than that it does not do.
    """

    name: ClassVar[str] = "rename"
    summary: ClassVar[str] = "rename the module"
    promise: ClassVar[Promise] = Promise.EXACT

    to: str = "n"

    def run(self, module: Module, context: Context) -> None:
        module.name = self.to


@dataclass(frozen=True)
class Break:
    """Breaks the module."""

    name: ClassVar[str] = "break"
    summary: ClassVar[str] = "break the module"
    promise: ClassVar[Promise] = Promise.MEASURED

    def run(self, module: Module, context: Context) -> None:
        module.main.region.end.attributes["odd"] = 1


def test_everybody_is_told_in_order() -> None:
    seen: list[tuple[str, str, str]] = []
    timings = run_passes(
        parse_module(TEXT),
        [Rename("a"), Rename("b")],
        Context(progress=lambda step: seen.append(("progress", step, ""))),
        before=lambda pass_, module: seen.append(("before", pass_.name, module.name)),
        after=lambda pass_, module: seen.append(("after", pass_.name, module.name)),
    )
    assert seen == [
        ("progress", "rename", ""), ("before", "rename", "m"), ("after", "rename", "a"),
        ("progress", "rename", ""), ("before", "rename", "a"), ("after", "rename", "b"),
    ]  # fmt: skip
    assert [timing.name for timing in timings] == ["rename", "rename"]
    assert all(timing.seconds >= 0 and timing.verification > 0 for timing in timings)


@pytest.mark.parametrize("each", [True, False])
def test_a_pass_that_breaks_the_module_is_named(each: bool) -> None:
    names: list[str] = []
    with pytest.raises(PassCrash) as error:
        run_passes(
            parse_module(TEXT, "f"), [Rename(), Break(), Rename()],
            verify_each=each, after=lambda pass_, module: names.append(pass_.name),
        )  # fmt: skip
    when = "after 'break'" if each else "after the last pass"
    who = "the pass 'break'" if each else "one of the passes"
    assert str(error.value) == f"{who} left a module that does not verify"
    assert error.value.verified == (1 if each else 0)
    found = str(error.value.as_error(["more"])).splitlines()
    assert found[0] == f"f:3:3: error: {when}: 'return' has no attribute 'odd'"
    assert found[3:] == [
        f"error: {error.value}", "  note: this is a bug in lstmir, not a mistake of yours",
        "  note: more",
    ]  # fmt: skip
    assert names == (["rename"] if each else ["rename", "break", "rename"])


@dataclass(frozen=True)
class Raise:
    """Raises what the test says."""

    name: ClassVar[str] = "raise"
    summary: ClassVar[str] = "raise"
    promise: ClassVar[Promise] = Promise.EXACT
    error: ClassVar[BaseException]

    def run(self, module: Module, context: Context) -> None:
        raise self.error


@pytest.mark.parametrize("error", [ValueError("a\nb"), MemoryError(), RecursionError("deep")])
@pytest.mark.parametrize("each", [True, False])
def test_a_pass_that_crashes_is_named(
    error: Exception, each: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Raise, "error", error, raising=False)
    with pytest.raises(PassCrash) as crash:
        run_passes(parse_module(TEXT), [Rename(), Rename(), Raise()], verify_each=each)
    first = ": ".join([type(error).__name__, *str(error).splitlines()[:1]])
    assert str(crash.value) == f"the pass 'raise' crashed: {first}"
    assert crash.value.cause is crash.value.__cause__ is error
    assert crash.value.verified == (2 if each else 0)


@pytest.mark.parametrize("error", [UserError("x"), BrokenPipeError(), KeyboardInterrupt()])
def test_what_is_no_crash_passes_through(
    error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Raise, "error", error, raising=False)
    with pytest.raises(type(error)) as raised:
        run_passes(parse_module(TEXT), [Raise()])
    assert raised.value is error


def test_the_table_adds_up() -> None:
    lines = timing_table(run_passes(parse_module(TEXT), [Rename(), Rename()])).splitlines()
    assert lines[0].split() == ["pass", "seconds", "verify"]
    assert [line.split()[0] for line in lines[1:]] == ["rename", "rename", "total"]


def test_what_is_said_of_passes() -> None:
    assert list_passes({"rename": Rename, "break": Break}) == (
        "  rename  exact     rename the module\n  break   measured  break the module\n"
    )
    assert pass_help(Rename) == (
        "rename: rename the module\n\npromise: exact\n\nRenames the module.\n\n"
        "More than that it does not do.\n\noptions:\n  to  a string (default n)\n"
    )
