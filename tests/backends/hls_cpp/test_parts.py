"""Several inputs and outputs, which share a stream each: words of several formats in every step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from lstmir.backends.hls_cpp import print_design
from lstmir.ir.diagnostics import UserError
from lstmir.ir.module import Module
from lstmir.syntax.parser import parse_module

if TYPE_CHECKING:
    from tests.backends.hls_cpp.conftest import Run, Workshop

X, U = "tensor<2x!fx.s<8,0>>", "tensor<3x!fx.u<12,2>>"
XS, US = X.replace("<2", "<?x2"), U.replace("<3", "<?x3")
TEXT = f"""\
module @{{name}} {{{{
  func @main(%x: {XS}, %u: {US}) -> {{results}} {{{{
    %zx = tensor.constant @zx : {X}
    %zu = tensor.constant @zu : {U}
    {{names}} = rnn.scan (%xt = %x, %ut = %u) state (%p = %zx, %q = %zu) {{{{
      rnn.yield state (%xt, %ut) {{emit}}
    }}}} {{attributes}} : ({XS}, {US}, {X}, {U}) -> ({{types}})
    {{after}}
    return {{returned}} : {{results}} -> ()
  }}}}
}}}}
{{{{-# resources: {{{{ zx: "0x0102", zu: "0x030004000500" }}}} #-}}}}
"""
LAST = {"name": "last_step", "results": f"({U}, {X})", "emit": f": ({X}, {U}) -> ()", "names": "%a, %b",
        "types": f"{X}, {U}", "returned": "%b, %a"}  # fmt: skip
EVERY = {"name": "every_step", "results": f"({US}, {XS})",
         "emit": f"emit (%p, %q) : ({X}, {U}, {X}, {U}) -> ()",
         "names": "%ps, %qs, %a, %b", "types": f"{XS}, {US}, {X}, {U}",
         "returned": "%qs, %ps"}  # fmt: skip
WIDE = XS.replace("x2", "x4")
JOINED = EVERY | {
    "name": "joined",
    "results": f"({XS}, {WIDE})",
    "after": f"%j = tensor.concat %ps, %x {{axis = 1}} : ({XS}, {XS}) -> {WIDE}",
    "returned": "%ps, %j",
}
"""One result of what leaves with the other, and of an input."""
REVERSE = EVERY | {"name": "reverse", "attributes": '{direction = "reverse"}'}
"""Nothing can be said before the last step has come: all steps are kept."""


def module(words: dict[str, str]) -> Module:
    return parse_module(TEXT.format(**({"after": "", "attributes": ""} | words)))


@pytest.mark.needs("g++", "hls4ml")
def test_all_words_of_a_step_in_one_stream(new_run: type[Run], workshop: Workshop) -> None:
    runs, random = [], np.random.default_rng(0)
    for words in (LAST, EVERY, JOINED, REVERSE):
        run = new_run(module(words))
        for steps in (1, 2, 5):
            x = random.integers(-128, 128, (3, steps, 2))
            run.add(x, random.integers(0, 4096, (3, steps, 3)))
            for missing in range(1, 5):  # the packet ends in either part of a step
                run.add_cut(5 * steps - missing)
        run.add(x, random.integers(0, 4096, (3, steps, 3)))
        runs.append(run)
    for run, found in zip(runs, workshop.compare(runs), strict=True):
        assert (run.module.name, found["mismatches"]) == (run.module.name, 0)
        assert found["sequences"] == 24
        assert found["values_compared"] == len(run.outputs)


@pytest.mark.parametrize("words", [LAST, EVERY, JOINED, REVERSE], ids=lambda words: words["name"])
def test_steps_are_kept_only_where_they_must_be(words: dict[str, str]) -> None:
    """A packet may have any number of steps unless a buffer must hold them."""
    is_limited = "MOST_STEPS" in print_design(module(words))[f"{words['name']}.cpp"]
    assert is_limited == (words is REVERSE)


def test_the_words_are_those_of_verilog() -> None:
    """Each as wide as the widest needs it; what is said of them names the parts."""
    header = print_design(module(LAST))["last_step.h"]
    assert "typedef InputBeat<16> last_step_input;" in header
    assert "3 of !fx.u<12,2>, then 2 of !fx.s<8,0>, extended to 16 bits" in header


def test_its_vectors_may_be_called_otherwise() -> None:
    plain, named = print_design(module(LAST)), print_design(module(LAST), vectors="hls_")
    differing = {name for name, text in plain.items() if named[name] != text}
    assert differing == {"Makefile", "vitis_hls.tcl"}
    for name in differing:
        assert named[name].replace("/hls_", "/") == plain[name]


def test_vectors_and_steps_do_not_mix() -> None:
    mixed = EVERY | {"returned": "%qs, %a", "results": f"({US}, {X})"}
    with pytest.raises(UserError, match="gives vectors, or those of each step, not"):
        print_design(module(mixed))
