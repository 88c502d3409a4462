"""The wrapper whose streams are bytes carries the same packets, however its streams stall."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lstmir.flow.byte_streams import Port, pins, wrapper
from lstmir.flow.toolchain import verilator, yosys
from lstmir.flow.toolchain.process import run

BENCH = Path(__file__).with_name("bytes_bench.cpp")

# Takes words of 24 bits, gives each back in 40 bits, with tuser where its low bit is 1; one at a time.
ECHO = """
module echo (
  input clk, input rst,
  input [23:0] s_axis_tdata, input s_axis_tvalid, input s_axis_tlast, output s_axis_tready,
  output reg [39:0] m_axis_tdata, output reg m_axis_tvalid, output reg m_axis_tlast,
  USER input m_axis_tready
);
  assign s_axis_tready = !m_axis_tvalid || m_axis_tready;
  always @(posedge clk) begin
    if (s_axis_tready) begin
      m_axis_tdata <= {16'hbeef, s_axis_tdata};
      m_axis_tvalid <= s_axis_tvalid;
      m_axis_tlast <= s_axis_tlast;
      KEEP
    end
    if (rst) m_axis_tvalid <= 1'b0;
  end
endmodule
"""


def _echo(folder: Path, with_user: bool) -> Path:
    user = "output reg m_axis_tuser," if with_user else ""
    keep = "m_axis_tuser <= s_axis_tdata[0];" if with_user else ""
    path = folder / "echo.v"
    path.write_text(ECHO.replace("USER", user).replace("KEEP", keep))
    return path


def _wrapped(folder: Path, with_user: bool = True) -> list[Path]:
    echo = _echo(folder, with_user)
    ports = {name: Port(*each) for name, each in yosys.ports([echo], "echo").items()}
    name, text = wrapper("echo", ports)
    assert name == "echo_bytes"
    (folder / f"{name}.v").write_text(text)
    return [echo, folder / f"{name}.v"]


@pytest.mark.needs("pyosys", "verilator")
@pytest.mark.parametrize("with_user", [True, False])
def test_it_lints_clean(with_user: bool, tmp_path: Path) -> None:
    assert verilator.lint(_wrapped(tmp_path, with_user), "echo_bytes") == ()


@pytest.mark.needs("g++", "pyosys", "verilator")
def test_it_carries_every_byte(tmp_path: Path) -> None:
    bench = Path(shutil.copy(BENCH, tmp_path))
    program = verilator.build(_wrapped(tmp_path), "echo_bytes", bench, tmp_path / "build")
    assert run("bench", [program], seconds=60).stdout.split()[-1] == "passed"


def test_pins_are_counted() -> None:
    ports = {"clk": Port("input", 1), "s_axis_tdata": Port("input", 32)}
    assert pins(ports) == 33
    _, text = wrapper("top", ports)
    assert "input [7:0] s_axis_tdata" in text
    assert "module top_s_axis_bytes" in text


def test_narrow_streams_and_other_ports_are_led_through() -> None:
    ports = {"clk": Port("input", 1), "a_tdata": Port("input", 8), "irq": Port("output", 12)}
    _, text = wrapper("top", ports)
    assert "output [11:0] irq" in text
    assert ".a_tdata(a_tdata)" in text
    assert text.count("module ") == 1
