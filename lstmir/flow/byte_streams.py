"""A wrapper that leads the streams of a design out as bytes, for packages with few pins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

DATA = "_tdata"
BYTE = 8


@dataclass(frozen=True)
class Port:
    """A port of a module: `direction` is `input` or `output`."""

    direction: str
    width: int


def pins(ports: Mapping[str, Port]) -> int:
    """How many pins the ports take."""
    return sum(port.width for port in ports.values())


def wrapper(top: str, ports: Mapping[str, Port]) -> tuple[str, str]:
    """The name and the Verilog of a module around `top`.

    A beat of more than a byte goes as so many, the low one first; `tlast` stands on the last byte of the
    beat that has it, `tuser` on all of its beat's. Whatever else the design has is led through.
    """
    wide = [name.removesuffix(DATA) for name, port in ports.items() if _is_wide(name, port)]
    outer = {
        name: Port(port.direction, BYTE) if _is_wide(name, port) else port
        for name, port in ports.items()
    }
    shown = ",\n".join(f"  {port.direction} {_range(port.width)}{n}" for n, port in outer.items())
    lines = [f"// {top} with streams of bytes, for packages with few pins: printed by lstmir.",
             "/* verilator lint_off DECLFILENAME */  // the adapters stand in the same file",
             f"module {top}_bytes (", shown, ");"]  # fmt: skip
    inner = {name: name for name in ports}
    parts = []
    for stream in wide:
        signals = _signals(stream, ports)
        inner |= {name: f"word_of_{name}" for name in signals}
        lines += [f"  wire {_range(ports[name].width)}word_of_{name};" for name in signals]
        module = f"{top}_{stream}_bytes"
        lines += _instance(module, stream, signals, ports[stream + DATA].width // BYTE)
        template = _GATHER if ports[stream + DATA].direction == "input" else _SPLIT
        parts.append(_part(template, module, f"{stream}_tuser" in signals))
    lines += [f"  {top} inner (", _connected(inner), "  );", "endmodule", *parts]
    return f"{top}_bytes", "\n".join(lines) + "\n"


def _instance(module: str, stream: str, signals: list[str], count: int) -> list[str]:
    joined = {"clk": "clk", "rst": "rst"}
    for name in signals:
        formal = name.removeprefix(f"{stream}_")
        joined |= {formal: name, f"word_{formal}": f"word_of_{name}"}
    return [f"  {module} #(.BYTES({count})) bytes_of_{stream} (", _connected(joined), "  );"]


def _connected(joined: Mapping[str, str]) -> str:
    return ",\n".join(f"    .{formal}({actual})" for formal, actual in joined.items())


def _part(template: str, module: str, has_user: bool) -> str:
    """The module of a stream; one without `tuser` has nothing of it."""
    lines = [line for line in template.splitlines() if has_user or "tuser" not in line]
    return "\n".join(lines).replace("MODULE", module)


def _is_wide(name: str, port: Port) -> bool:
    return name.endswith(DATA) and port.width > BYTE


def _range(width: int) -> str:
    return f"[{width - 1}:0] " if width > 1 else ""


def _signals(stream: str, ports: Mapping[str, Port]) -> list[str]:
    names = [f"{stream}_{kind}" for kind in ("tdata", "tvalid", "tready", "tlast", "tuser")]
    return [name for name in names if name in ports]


_GATHER = """
// Bytes to words, the low one first. A word that tlast cuts short is filled with zeros.
module MODULE #(parameter BYTES = 4) (
  input                    clk,
  input                    rst,
  input              [7:0] tdata,
  input                    tvalid,
  input                    tlast,
  output                   tready,
  output reg [8*BYTES-1:0] word_tdata,
  output reg               word_tvalid,
  output reg               word_tlast,
  input                    word_tready
);
  reg [BYTES-1:0] place;  // one-hot: where the next byte goes
  wire done = tlast || place[BYTES-1];
  integer i;
  assign tready = !word_tvalid;

  always @(posedge clk) begin
    if (tvalid && tready) begin
      for (i = 0; i < BYTES; i = i + 1)
        if (place[i]) word_tdata[8*i +: 8] <= tdata;
        else if (place[0]) word_tdata[8*i +: 8] <= 8'd0;
      place <= done ? {{BYTES-1{1'b0}}, 1'b1} : place << 1;
      word_tvalid <= done;
      word_tlast <= tlast;
    end else if (word_tready) word_tvalid <= 1'b0;
    if (rst) begin
      place <= {{BYTES-1{1'b0}}, 1'b1};
      word_tvalid <= 1'b0;
    end
  end
endmodule"""

_SPLIT = """
// Words to bytes, the low one first.
module MODULE #(parameter BYTES = 4) (
  input                clk,
  input                rst,
  input  [8*BYTES-1:0] word_tdata,
  input                word_tvalid,
  input                word_tlast,
  input                word_tuser,
  output               word_tready,
  output         [7:0] tdata,
  output               tvalid,
  output               tlast,
  output reg           tuser,
  input                tready
);
  reg [8*BYTES-1:0] word;
  reg   [BYTES-1:0] left;  // as many low ones as bytes are to come
  reg               last;
  assign word_tready = !left[0];
  assign tdata = word[7:0];
  assign tvalid = left[0];
  assign tlast = last && !left[1];

  always @(posedge clk) begin
    if (word_tready && word_tvalid) begin
      word <= word_tdata;
      left <= {BYTES{1'b1}};
      last <= word_tlast;
      tuser <= word_tuser;
    end else if (tvalid && tready) begin
      word <= word >> 8;
      left <= left >> 1;
    end
    if (rst) left <= {BYTES{1'b0}};
  end
endmodule"""
