"""Products that Yosys loses on iCE40: they are not lost, and would not be lost without a word."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lstmir.flow.folder import write_summary
from lstmir.flow.synthesis import synthesize
from lstmir.flow.toolchain import yosys
from lstmir.targets import PARTS
from lstmir.tools.lstmir import main

ICE40 = PARTS["ice40-up5k"]
SUMS = {  # registers and what they take, of products a * b, c * d, e * f: blocks
    "of two": ("p <= a * b; q <= c * d; s <= p + q;", 2),
    "of two, narrowed": ("p <= a * b; q <= c * d; s <= p[10:0] + q[10:0];", 2),
    "of three, one later": ("p <= a * b; q <= c * d; g <= f; r <= e * g; u <= r; t <= p + q; s <= t + u;", 3),
    "of three, in time": ("p <= a * b; q <= c * d; r <= e * f; t <= p + q; s <= t + r;", 3),
    "of one, summed up": ("p <= a * b; s <= s + p;", 1),
    "of two, summed up": ("p <= a * b; q <= c * d; t <= p + q; s <= s + t;", 2),
}  # fmt: skip


def written(folder: Path, body: str) -> Path:
    """A module `sums` in Verilog."""
    file = folder / "sums.v"
    file.write_text(
        "module sums(input clk, input signed [7:0] a, b, c, d, e, f, output reg signed [19:0] s);\n"
        "  reg signed [15:0] p, q, r, u;\n  reg signed [16:0] t;\n  reg signed [7:0] g;\n"
        f"  always @(posedge clk) begin {body} end\nendmodule\n"
    )
    return file


@pytest.mark.needs("pyosys")
@pytest.mark.parametrize("name", SUMS)
def test_no_product_is_lost(name: str, tmp_path: Path) -> None:
    body, blocks = SUMS[name]
    assert yosys.synthesize([written(tmp_path, body)], "sums", "ice40").dsp == blocks


@pytest.mark.needs("pyosys")
def test_fewer_blocks_than_expected_are_an_error(tmp_path: Path) -> None:
    file = written(tmp_path, SUMS["of two"][0])
    found = synthesize([file], "sums", ICE40, dsp=3)
    assert (found.status, found.dsp) == ("failed", 2)
    assert found.reason is not None
    assert "2 DSP blocks of ice40-up5k found, 3 expected" in found.reason
    assert "tile{columns=1}" in found.reason
    assert synthesize([file], "sums", ICE40, dsp=2).status == "passed"
    assert synthesize([file], "sums", ICE40).status == "passed"


@pytest.mark.parametrize(("expected", "status"), [(7, 1), (6, 0), (None, 0)])
def test_the_folder_says_how_many_are_expected(
    expected: int | None,
    status: int,
    out: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    summary = json.loads(Path("out/summary.json").read_text())
    del summary["digest"]
    summary["target"] = summary["synthesis"][0]["part"] = ICE40.name
    summary["estimate"] = summary["estimate"] and {**summary["estimate"], "part": ICE40.name}
    if expected is None:
        summary["estimate"] = None
        summary["not_run"]["estimate"] = "nothing was fitted for this part"
    else:
        summary["estimate"]["dsp"] = expected
    write_summary(Path("out"), summary)
    counts = yosys.Resources(lut=100, ff=100, dsp=6, bram=4, cells={})
    monkeypatch.setattr(yosys, "synthesize", lambda *files, **options: counts)
    assert main(["synth", "out"]) == status
    (entry,) = json.loads(Path("out/summary.json").read_text())["synthesis"]
    assert (entry["status"] == "failed") == bool(status)
    assert "6 DSP blocks of ice40-up5k found, 7 expected" in str(entry["reason"]) or not status
