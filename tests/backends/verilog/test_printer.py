"""Printed Verilog, against a text that a person approved and piece by piece."""

from __future__ import annotations

from pathlib import Path

import pytest

from lstmir.backends.verilog.names import Names, identifier
from lstmir.backends.verilog.printer import print_design
from lstmir.ir.diagnostics import UserError
from lstmir.syntax.parser import parse_module
from tests.backends.verilog.printed import verilog

HERE = Path(__file__).parent


@pytest.mark.parametrize(
    ("name", "others"),
    [
        ("accumulate", "output.v array.v controller.v weights.mem"),
        ("lanes", "array.v lane.v multiplier.v rom.mem bias_0.mem bias_1.mem bias_2.mem"),
    ],
)
def test_a_whole_design(name: str, others: str) -> None:
    files = print_design(parse_module((HERE / f"{name}.lstmir").read_text()))
    texts = {file: text for file, text in files.items() if file.endswith(".v")}
    assert texts == {path.name: path.read_text() for path in (HERE / name).iterdir()}
    assert list(files) == [f"{name}.v", *(f"{name}_{rest}" for rest in others.split())]


def test_a_memory_image_is_filled_up_with_zeros() -> None:
    files = print_design(parse_module((HERE / "accumulate.lstmir").read_text()))
    words = files["accumulate_weights.mem"].splitlines()
    assert words[:3] == ["83", "a8", "17"]
    assert words[69:] == ["51", *["00"] * 58]


def test_printing_twice_gives_the_same() -> None:
    module = parse_module((HERE / "accumulate.lstmir").read_text())
    assert print_design(module) == print_design(module)


@pytest.mark.parametrize(
    ("name", "legal"),
    [
        ("x", "x"),
        ("x.1", "x_1"),
        ("7up", "n7up"),
        ("reg", "reg_"),
        ("New", "New_"),
        ("größe", "gr__e"),
    ],
)
def test_names_are_made_legal(name: str, legal: str) -> None:
    assert identifier(name) == legal


def test_names_are_unique() -> None:
    names = Names()
    assert [names.take(name) for name in ("x", "x.1", "x", "x", "x_1")] == [
        "x", "x_1", "x_2", "x_3", "x_1_1",
    ]  # fmt: skip


def ram(words: int, width: int, style: str = "") -> str:
    memory, address = f"tensor<{words}x!fx.s<8,0>>", f"!fx.u<{width},0>"
    return verilog(
        f"""%m = rtl.ram {style} : {memory}
        %w = rtl.write %m, %a, %x, %e : ({memory}, {address}, !fx.s<8,0>, i1) -> {memory}
        %q = rtl.read %m, %a : ({memory}, {address}) -> !fx.s<8,0>
        rtl.next output (%q) update (%m = %w) : (!fx.s<8,0>, {memory}, {memory}) -> ()""",
        parameters=f"%x: !fx.s<8,0>, %a: {address}, %e: i1",
    )


def test_a_memory_of_a_power_of_two() -> None:
    assert ram(16, 4).splitlines()[:7] == [
        "reg signed [7:0] m [0:15];",
        "integer i;",
        "initial for (i = 0; i <= 15; i = i + 1) m[i] = 8'd0;",
        "assign y = m[a];",
        "always @(posedge clk) begin",
        "if (e) m[a] <= x;",
        "end",
    ]


def test_memories_of_a_unit_share_what_they_can() -> None:
    memory = "tensor<4x!fx.s<8,0>>"
    port = f"({memory}, !fx.u<2,0>, !fx.s<8,0>, i1) -> {memory}"
    names = [("m", "e"), ("n", "f")]
    lines = [f"%{name} = rtl.ram : {memory}" for name, _ in names]
    lines += [f"%{name}w = rtl.write %{name}, %a, %x, %{flag} : {port}" for name, flag in names]
    lines += [
        f"%{name}q = rtl.read %{name}, %a : ({memory}, !fx.u<2,0>) -> !fx.s<8,0>"
        for name, _ in names
    ]
    types = ", ".join(["!fx.s<8,0>"] * 2 + [memory] * 4)
    end = f"rtl.next output (%mq, %nq) update (%m = %mw, %n = %nw) : ({types}) -> ()"
    text = verilog(
        "\n".join([*lines, end]), "y z", "%x: !fx.s<8,0>, %a: !fx.u<2,0>, %e: i1, %f: i1"
    )
    assert text.splitlines()[:13] == [
        "reg signed [7:0] m [0:3];",
        "reg signed [7:0] n [0:3];",
        "integer i;",
        "initial for (i = 0; i <= 3; i = i + 1) begin",
        "m[i] = 8'd0;",
        "n[i] = 8'd0;",
        "end",
        "assign y = m[a];",
        "assign z = n[a];",
        "always @(posedge clk) begin",
        "if (e) m[a] <= x;",
        "if (f) n[a] <= x;",
        "end",
    ]


def test_a_memory_is_not_written_beyond_its_last_word() -> None:
    text = ram(12, 4)
    assert "reg signed [7:0] m [0:15];" in text
    assert "if (e && a < 4'd12) m[a] <= x;" in text
    assert "assign y = m[a];" in text


def test_a_wide_address_is_looked_at_whole() -> None:
    text = ram(16, 6)
    assert "assign y = (a < 6'd16) ? m[a[3:0]] : 8'd0;" in text
    assert "if (e && a < 6'd16) m[a[3:0]] <= x;" in text


def test_a_read_sees_the_writes_in_front_of_it() -> None:
    memory = "tensor<12x!fx.s<8,0>>"
    port = f"({memory}, !fx.u<4,0>, !fx.s<8,0>, i1) -> {memory}"
    text = verilog(
        f"""%m = rtl.ram : {memory}
        %v = rtl.write %m, %a, %x, %e : {port}
        %w = rtl.write %v, %b, %x, %f : {port}
        %q = rtl.read %w, %c : ({memory}, !fx.u<4,0>) -> !fx.s<8,0>
        rtl.next output (%q) update (%m = %w) : (!fx.s<8,0>, {memory}, {memory}) -> ()""",
        parameters="%x: !fx.s<8,0>, %a: !fx.u<4,0>, %b: !fx.u<4,0>, %c: !fx.u<4,0>, %e: i1, %f: i1",
    )
    late, early = "(f && b == c) ? x", "(e && a == c) ? x"
    assert f"assign y = (c < 4'd12) ? ({late} : {early} : m[c]) : 8'd0;" in text
    assert "if (e && a < 4'd12) m[a] <= x;\nif (f && b < 4'd12) m[b] <= x;" in text


@pytest.mark.parametrize(("style", "block"), [("block", True), ("distributed", False)])
def test_the_style_of_a_memory(style: str, block: bool) -> None:
    text = ram(16, 4, f'{{style = "{style}"}}')
    assert ('(* rom_style = "block", ram_style = "block" *)' in text) == block
    assert "distributed" not in text


def test_what_is_no_design() -> None:
    with pytest.raises(UserError, match=r"a design ends with 'rtl\.next', not 'return'"):
        verilog("return %x : !fx.s<8,0>")
