"""The real tools, each on the smallest design that makes it show its figures."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lstmir.flow.toolchain import (
    Tool,
    ToolError,
    ToolMissing,
    ap_types,
    cxxrtl,
    gxx,
    verilator,
    yosys,
    yosys_check,
)
from lstmir.flow.toolchain.cells import FAMILIES
from lstmir.flow.toolchain.process import run

MULTIPLIER = Path(__file__).with_name("multiplier.v")

SATURATE = """\
#include <cstdio>
#include "ap_fixed.h"
int main() {
    ap_fixed<8, 4, AP_RND, AP_SAT> x = 100.0;
    std::printf("%g\\n", x.to_double());
}
"""


@pytest.fixture
def design(tmp_path: Path) -> Path:
    """The multiplier, beside its memory image."""
    (tmp_path / "weights.hex").write_text("\n".join(f"{7919 * i % 65536:04x}" for i in range(512)))
    return Path(shutil.copy(MULTIPLIER, tmp_path))


@pytest.mark.needs("g++", "hls4ml")
def test_compiles_and_runs_ap_fixed(tmp_path: Path) -> None:
    source = tmp_path / "saturate.cpp"
    source.write_text(SATURATE)
    program = gxx.compile_cpp([source], [ap_types.find().path], tmp_path / "saturate")
    assert run("saturate", [program]).stdout == "7.9375\n"


@pytest.mark.needs("g++")
def test_a_compiler_error_is_shown(tmp_path: Path) -> None:
    source = tmp_path / "bad.cpp"
    source.write_text("int main() { return nobody; }\n")
    with pytest.raises(ToolError, match=r"g\+\+.*: exit status 1\n(.*\n)*.*nobody"):
        gxx.compile_cpp([source], [], tmp_path / "bad")


@pytest.mark.needs("hls4ml")
def test_headers_are_found_without_importing_hls4ml() -> None:
    code = "from lstmir.flow.toolchain import ap_types; ap_types.find(); assert 'hls4ml' not in sys.modules"
    subprocess.run([sys.executable, "-c", f"import sys; {code}"], check=True)


def test_a_given_folder_of_headers_wins(tmp_path: Path) -> None:
    for header in ap_types.HEADERS:
        (tmp_path / header).touch()
    assert ap_types.find(tmp_path) == Tool("ap_types", "given", tmp_path)


def test_a_given_folder_without_headers_is_named(tmp_path: Path) -> None:
    with pytest.raises(ToolMissing, match=r"has no ap_int\.h"):
        ap_types.find(tmp_path)


@pytest.mark.needs("verilator")
def test_lint_is_silent_on_a_clean_design(design: Path) -> None:
    assert verilator.lint([design], "multiplier") == ()


@pytest.mark.needs("verilator")
def test_lint_names_each_problem(design: Path) -> None:
    design.write_text(
        design.read_text().replace("output reg signed [31:0] y", "output reg signed [30:0] y")
    )
    messages = verilator.lint([design], "multiplier")
    assert len(messages) == 1
    assert messages[0].startswith("%Warning-WIDTH")
    assert "multiplier.v:16" in messages[0]


@pytest.mark.needs("verilator")
def test_lint_holds_to_verilog_2001(design: Path) -> None:
    design.write_text(
        design.read_text().replace("always @(posedge clk)", "always_ff @(posedge clk)")
    )
    assert any(message.startswith("%Error") for message in verilator.lint([design], "multiplier"))


@pytest.mark.needs("pyosys")
def test_yosys_is_silent_on_a_clean_design(design: Path) -> None:
    assert yosys_check.check([design], "multiplier") == ()


LOOP = "wire a, b; assign a = b & i; assign b = a | i; assign y = a;"
FAULTS = {
    "a loop": (LOOP, "Warning: found logic loop in module top:\n    cell "),
    "no driver": ("wire a; assign y = a;", "Warning: Wire top.\\a is used but has no driver."),
    "a width": (
        "wire [1:0] a = {y, i}; assign y = i; part p(.x(a));",
        "Warning: Resizing cell port top.p.x from 2 bits to 1 bits.",
    ),
    "no such module": ("nobody p(.x(y));", "ERROR: Module `\\nobody'"),
    "no such file": ('reg m [0:1]; initial $readmemh("no.mem", m);', "bad.v:1: ERROR:"),
}


@pytest.mark.needs("pyosys")
@pytest.mark.parametrize("fault", FAULTS)
def test_yosys_names_each_problem(fault: str, tmp_path: Path) -> None:
    text, message = FAULTS[fault]
    files = [tmp_path / "bad.v", tmp_path / "part.v"]
    files[0].write_text(f"module top(input i, output y); {text} endmodule\n")
    files[1].write_text("module part(input x); endmodule\n")
    (found,) = yosys_check.check(files, "top")
    assert message in found


@pytest.mark.needs("pyosys")
@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_synthesis_maps_the_product_and_the_memory(design: Path, family: str) -> None:
    resources = yosys.synthesize([design], "multiplier", family)
    # 512 x 16 bits fill an 18-Kbit block, or two of the 4 Kbit that ice40 has.
    assert resources.bram == (2 if family == "ice40" else 1)
    assert resources.dsp == 1
    assert resources.ff <= 2 * 16 + 32
    assert sum(resources.cells.values()) >= resources.lut + resources.ff


@pytest.mark.needs("pyosys")
def test_synthesis_writes_the_netlist_for_place_and_route(design: Path, tmp_path: Path) -> None:
    netlist = tmp_path / "netlist.json"
    yosys.synthesize([design], "multiplier", "ecp5", netlist=netlist)
    assert '"MULT18X18D"' in netlist.read_text()


@pytest.mark.needs("pyosys")
def test_a_synthesis_error_is_shown(design: Path) -> None:
    (design.parent / "weights.hex").unlink()
    with pytest.raises(ToolError, match=r"pyosys: exit status 1\n.*weights\.hex"):
        yosys.synthesize([design], "multiplier", "ecp5")


@pytest.mark.needs("pyosys")
def test_synthesis_keeps_to_its_memory_and_its_time(design: Path) -> None:
    with pytest.raises(ToolError, match=r"the memory limit is 0\.03 GiB"):
        yosys.synthesize([design], "multiplier", "ecp5", memory_gib=0.03)
    with pytest.raises(ToolError, match=r"still running after 0\.1 s"):
        yosys.synthesize([design], "multiplier", "ecp5", seconds=0.1)


def test_without_a_compiler_the_reason_and_the_remedy_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing) as missing:
        gxx.find()
    assert missing.value.reason == "no C++ compiler: g++ is not on PATH"
    assert missing.value.install_hint == "install g++ (Debian: apt-get install g++), or set CXX"


def test_without_perl_there_is_no_verilator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing, match="perl"):
        verilator.find()


@pytest.mark.parametrize("build", [verilator.build, cxxrtl.build])
def test_without_a_compiler_no_simulator_is_built(
    build: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing, match=r"g\+\+"):
        build([MULTIPLIER], "multiplier", tmp_path / "testbench.cpp", tmp_path / "build")
    assert not (tmp_path / "build").exists()


@pytest.mark.parametrize(
    ("find", "package"),
    [
        (ap_types.find, "hls4ml"),
        (verilator.find, "verilator"),
        (yosys.find, "pyosys"),
        (cxxrtl.find, "pyosys"),
    ],
)
def test_without_its_package_a_tool_is_missing(
    find: Callable[[], Tool], package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lstmir.flow.toolchain.wheels.find_spec", lambda name: None)
    with pytest.raises(ToolMissing, match=f"{package} is not installed"):
        find()


def test_a_compiler_of_several_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "ccache clang++ -m32")
    assert gxx.command() == ["ccache", "clang++", "-m32"]


def test_nothing_is_left_running_after_a_timeout(tmp_path: Path) -> None:
    log = tmp_path / "child"
    with pytest.raises(ToolError, match="still running"):
        run("sh", ["sh", "-c", f"sh -c 'sleep 1; touch {log}' & wait"], seconds=0.2)
    subprocess.run(["sleep", "1.2"], check=True)
    assert not log.exists()


def test_halves_of_a_block_are_rounded_up() -> None:
    assert FAMILIES["gowin"].count({"MULT9X9": 3})["dsp"] == 2
    assert FAMILIES["xc7"].count({"RAMB36E1": 2, "RAMB18E1": 1})["bram"] == 5
