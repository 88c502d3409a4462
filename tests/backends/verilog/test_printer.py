"""Printed Verilog, against a text that a person approved and piece by piece."""

from __future__ import annotations

from pathlib import Path

import pytest

from lstmir.backends.verilog.names import Names, identifier
from lstmir.backends.verilog.printer import print_design
from lstmir.ir.diagnostics import UserError
from lstmir.syntax.parser import parse_module

HERE = Path(__file__).parent


def verilog(body: str, outputs: str = "y", parameters: str = "%x: !fx.s<8,0>") -> str:
    """The Verilog of a design, from its ports' end on, without indentation."""
    names = ", ".join(f'"{name}"' for name in outputs.split())
    head = f"module @part {{\n func @part({parameters}) attributes {{outputs = [{names}]}} {{"
    text = print_design(parse_module(f"{head}\n{body}\n }}\n}}"))["part.v"]
    lines = text.partition(");\n\n")[2].removesuffix("\nendmodule\n").splitlines()
    return "\n".join(line.strip() for line in lines if line.strip())


def test_a_whole_design() -> None:
    files = print_design(parse_module((HERE / "accumulate.lstmir").read_text()))
    assert files["accumulate.v"] == (HERE / "accumulate.v").read_text()
    assert list(files) == ["accumulate.v", "accumulate_weights.mem"]


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


Q = "%q = rtl.reg : !fx.s<8,0>\n"
END = "rtl.next output (%q) update (%q = %n) : (!fx.s<8,0>, !fx.s<8,0>, !fx.s<8,0>) -> ()"
SELECT = "(i1, !fx.s<8,0>, !fx.s<8,0>) -> !fx.s<8,0>"
FLAGS = "%a: i1, %b: i1, %x: !fx.s<8,0>, %z: !fx.s<8,0>"


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("%n = arith.select %a, %x, %q : S", "if (a) y <= x;"),
        ("%n = arith.select %a, %q, %x : S", "if (!a) y <= x;"),
        ("%n = arith.select %a, %x, %z : S", "y <= a ? x : z;"),
        (
            "%0 = arith.select %b, %z, %q : S\n%n = arith.select %a, %x, %0 : S",
            "if (a) begin\ny <= x;\nend else if (b) begin\ny <= z;\nend",
        ),
        (
            "%0 = arith.select %b, %z, %q : S\n%n = arith.select %a, %0, %x : S",
            "if (a) begin\nif (b) y <= z;\nend else begin\ny <= x;\nend",
        ),
        (
            "%0 = arith.not %a : i1\n%n = arith.select %0, %q, %x : S",
            "if (a) y <= x;",
        ),
    ],
)
def test_decisions(body: str, lines: str) -> None:
    text = verilog(Q + body.replace("S", SELECT) + "\n" + END, "y", FLAGS)
    assert f"always @(posedge clk) begin\n{lines}\nend" in text


def test_a_product_is_no_branch_of_a_choice() -> None:
    """There its operands would be extended by the sign of the other branch."""
    text = verilog(
        """%q = rtl.reg : !fx.s<16,0>
        %0 = arith.mul %x, %z : (!fx.s<8,0>, !fx.s<8,0>) -> !fx.s<16,0>
        %1 = rtl.concat %x, %z : (!fx.s<8,0>, !fx.s<8,0>) -> !fx.u<16,0>
        %2 = rtl.cast %1 : (!fx.u<16,0>) -> !fx.s<16,0>
        %n = arith.select %a, %0, %2 : (i1, !fx.s<16,0>, !fx.s<16,0>) -> !fx.s<16,0>
        rtl.next output (%q) update (%q = %n) : (!fx.s<16,0>, !fx.s<16,0>, !fx.s<16,0>) -> ()""",
        "y", FLAGS,
    )  # fmt: skip
    assert "if (a) begin\ny <= x * z;\nend else begin\ny <= {x, z};\nend" in text


def test_registers_with_one_condition_share_an_if() -> None:
    text = verilog(
        f"""%q = rtl.reg {{init = 5}} : !fx.s<8,0>
        %r = rtl.reg {{init = -128}} : !fx.s<8,0>
        %n = arith.select %a, %x, %q : {SELECT}
        %m = arith.select %a, %z, %r : {SELECT}
        rtl.next output (%q, %r) update (%q = %n, %r = %m) : (!fx.s<8,0>, !fx.s<8,0>, !fx.s<8,0>,
          !fx.s<8,0>, !fx.s<8,0>, !fx.s<8,0>) -> ()""",
        "y w", FLAGS,
    )  # fmt: skip
    assert text.splitlines()[:9] == [
        "always @(posedge clk) begin", "if (rst) begin", "y <= 8'sd5;", "w <= 8'sd128;",
        "end else if (a) begin", "y <= x;", "w <= z;", "end", "end",
    ]  # fmt: skip


def arithmetic(text: str) -> str:
    """The last line of a design that ends in one operation."""
    result = text.rpartition("-> ")[2]
    end = f"rtl.next output (%y) : ({result}) -> ()"
    parameters = "%s: !fx.s<8,4>, %t: !fx.s<6,2>, %u: !fx.u<8,4>, %w: !fx.u<8,4>, %c: i1"
    lines = verilog(f"{text}\n{end}", "y", parameters).partition("// Bits")[0]
    return lines.replace("\n:", " :").splitlines()[-1].removeprefix("assign y = ")


@pytest.mark.parametrize(
    ("operation", "expression"),
    [
        # Of one kind and width, the carry is Verilog's own; anything else says its extension.
        ("arith.add %u, %w : (!fx.u<8,4>, !fx.u<8,4>) -> !fx.u<9,4>", "u + w;"),
        ("arith.add %s, %s : (!fx.s<8,4>, !fx.s<8,4>) -> !fx.s<9,4>", "s + s;"),
        ("arith.sub %u, %w : (!fx.u<8,4>, !fx.u<8,4>) -> !fx.s<9,4>", "u - w;"),
        (
            "arith.add %s, %t : (!fx.s<8,4>, !fx.s<6,2>) -> !fx.s<9,4>",
            "{s[7], s} + {t[5], t, 2'd0};",
        ),
        (
            "arith.add %s, %u : (!fx.s<8,4>, !fx.u<8,4>) -> !fx.s<10,4>",
            "{{2{s[7]}}, s} + {2'd0, u};",
        ),
        ("arith.neg %s : (!fx.s<8,4>) -> !fx.s<9,4>", "-{s[7], s};"),
        ("arith.mul %s, %t : (!fx.s<8,4>, !fx.s<6,2>) -> !fx.s<14,6>", "s * t;"),
        ("arith.mul %u, %w : (!fx.u<8,4>, !fx.u<8,4>) -> !fx.u<16,8>", "u * w;"),
        ("arith.mul %s, %u : (!fx.s<8,4>, !fx.u<8,4>) -> !fx.s<16,8>", "s * $signed({1'b0, u});"),
        ("arith.mul %u, %w : (!fx.u<8,4>, !fx.u<8,4>) -> !fx.u<18,9>", "(u * w) << 1;"),
        ('arith.compare %u, %w {predicate = "lt"} : (!fx.u<8,4>, !fx.u<8,4>) -> i1', "u < w;"),
        (
            'arith.compare %s, %u {predicate = "ge"} : (!fx.s<8,4>, !fx.u<8,4>) -> i1',
            "$signed({s[7], s}) >= $signed({1'b0, u});",
        ),
        (
            'arith.compare %s, %u {predicate = "ne"} : (!fx.s<8,4>, !fx.u<8,4>) -> i1',
            "{s[7], s} != {1'b0, u};",
        ),
        (
            "arith.select %c, %s, %t : (i1, !fx.s<8,4>, !fx.s<6,2>) -> !fx.s<8,4>",
            "c ? s : {t, 2'd0};",
        ),
    ],
)
def test_arithmetic(operation: str, expression: str) -> None:
    assert arithmetic(f"%y = {operation}") == expression


def test_a_sum_that_wraps_is_no_operand_of_a_carry() -> None:
    text = """%0 = rtl.literal {integer = 1} : !fx.u<8,4>
      %1 = arith.add %u, %0 : (!fx.u<8,4>, !fx.u<8,4>) -> !fx.u<9,4>
      %2 = fx.requantize %1 {rounding = "floor", overflow = "wrap"} : (!fx.u<9,4>) -> !fx.u<8,4>
      %y = arith.add %2, %w : (!fx.u<8,4>, !fx.u<8,4>) -> !fx.u<9,4>"""
    assert arithmetic(text) == "{1'b0, u + 8'd1} + {1'b0, w};"


def counted(width: int, step: int) -> str:
    return arithmetic(
        f"""%0 = rtl.bits %u {{low = 0, width = {width}}} : (!fx.u<8,4>) -> !fx.u<{width},0>
        %1 = rtl.literal {{integer = {step}}} : !fx.u<{width},0>
        %2 = arith.add %0, %1 : (!fx.u<{width},0>, !fx.u<{width},0>) -> !fx.u<{width + 1},0>
        %y = rtl.bits %2 {{low = 0, width = {width}}} : (!fx.u<{width + 1},0>) -> !fx.u<{width},0>"""
    )


@pytest.mark.parametrize(
    ("width", "step", "expression"),
    [
        (8, 1, "u + 8'd1;"), (8, 255, "u - 8'd1;"), (8, 193, "u - 8'd63;"), (8, 192, "u + 8'd192;"),
        (4, 15, "u[3:0] - 4'd1;"), (2, 3, "u[1:0] + 2'd3;"), (1, 1, "u[0] + 1'b1;"),
    ],
)  # fmt: skip
def test_counters(width: int, step: int, expression: str) -> None:
    assert counted(width, step) == expression


def truth(text: str) -> str:
    """What a condition, used in several places, is said as."""
    return verilog(
        f"""{text}
        %0 = arith.and %t, %b : i1
        %1 = arith.and %t, %d : i1
        rtl.next output (%0, %1) : (i1, i1) -> ()""".replace("%t", "%9"),
        "y z", "%a: i1, %b: i1, %d: i1, %u: !fx.u<4,0>",
    ).partition("\n//")[0]  # fmt: skip


def test_conditions() -> None:
    one = "%7 = rtl.bits %u {low = 2, width = 1} : (!fx.u<4,0>) -> !fx.u<1,0>"
    literal = "%8 = rtl.literal {integer = INTEGER} : !fx.u<WIDTH,0>"
    compare = '%t = arith.compare %7, %8 {predicate = "PREDICATE"} : (!fx.u<1,0>, !fx.u<1,0>) -> i1'
    for integer, predicate, said in ((1, "eq", ""), (0, "ne", ""), (0, "eq", "!"), (1, "ne", "!")):
        text = f"{one}\n{literal}\n{compare}".replace("INTEGER", str(integer))
        lines = truth(text.replace("WIDTH", "1").replace("PREDICATE", predicate)).splitlines()
        assert lines == [f"assign y = {said}u[2] && b;", f"assign z = {said}u[2] && d;"]
    assert truth("%t = arith.not %a : i1") == "assign y = !a && b;\nassign z = !a && d;"
    whole = literal.replace("INTEGER", "9").replace("WIDTH", "4")
    text = truth(
        f'{whole}\n%t = arith.compare %u, %8 {{predicate = "eq"}} : (!fx.u<4,0>, !fx.u<4,0>) -> i1'
    )
    assert text.splitlines()[0] == "wire u_is_9 = u == 4'd9;"


def test_the_opposite_of_a_comparison() -> None:
    text = """%0 = arith.compare %u, %w {predicate = "eq"} : (!fx.u<8,4>, !fx.u<8,4>) -> i1
      %y = arith.not %0 : (i1) -> i1"""
    assert arithmetic(text) == "u != w;"


def test_a_choice_between_equals_is_none() -> None:
    assert (
        arithmetic("%y = arith.select %c, %s, %s : (i1, !fx.s<8,4>, !fx.s<8,4>) -> !fx.s<8,4>")
        == "s;"
    )


@pytest.mark.parametrize(
    ("predicate", "integer", "expression"),
    [
        ("lt", 0, "1'b0;"), ("lt", 1, "u < 8'd1;"), ("lt", 255, "u < 8'd255;"),
        ("le", 0, "u <= 8'd0;"), ("le", 254, "u <= 8'd254;"), ("le", 255, "1'b1;"),
        ("gt", 0, "u > 8'd0;"), ("gt", 255, "1'b0;"), ("ge", 0, "1'b1;"), ("ge", 1, "u >= 8'd1;"),
        ("ge", 255, "u >= 8'd255;"), ("eq", 0, "u == 8'd0;"), ("ne", 255, "u != 8'd255;"),
    ],
)  # fmt: skip
def test_comparisons_that_the_type_decides(predicate: str, integer: int, expression: str) -> None:
    text = f"""%0 = rtl.literal {{integer = {integer}}} : !fx.u<8,4>
      %y = arith.compare %u, %0 {{predicate = "{predicate}"}} : (!fx.u<8,4>, !fx.u<8,4>) -> i1"""
    assert arithmetic(text) == expression


def test_constants_outside_a_type_decide_equality() -> None:
    text = """%0 = rtl.literal {integer = -1} : !fx.s<8,4>
      %y = arith.compare %u, %0 {predicate = "PREDICATE"} : (!fx.u<8,4>, !fx.s<8,4>) -> i1"""
    assert arithmetic(text.replace("PREDICATE", "eq")) == "1'b0;"
    assert arithmetic(text.replace("PREDICATE", "ne")) == "1'b1;"


def requantized(source: str, rounding: str, overflow: str, target: str) -> str:
    types = {"%s": "!fx.s<8,4>", "%u": "!fx.u<8,4>"}
    attributes = f'{{rounding = "{rounding}", overflow = "{overflow}"}}'
    return arithmetic(f"%y = fx.requantize {source} {attributes} : ({types[source]}) -> {target}")


@pytest.mark.parametrize(
    ("source", "rounding", "overflow", "target", "expression"),
    [
        ("%s", "floor", "wrap", "!fx.s<4,2>", "s[5:2];"),
        ("%s", "floor", "wrap", "!fx.s<8,2>", "{{2{s[7]}}, s[7:2]};"),
        ("%s", "half_up", "wrap", "!fx.s<4,2>", "s[5:2] + {3'd0, s[1]};"),
        ("%s", "toward_zero", "wrap", "!fx.s<7,2>", "{s[7], s[7:2]} + {6'd0, s[7] && s[1:0] != 2'd0};"),
        ("%u", "toward_zero", "wrap", "!fx.u<6,2>", "u[7:2];"),
        (
            "%u", "half_even", "wrap", "!fx.u<7,2>",
            "{1'b0, u[7:2]} + {6'd0, u[1] && (u[2] || u[0])};",
        ),
        (
            "%s", "floor", "saturate", "!fx.s<8,7>",
            ("(y_scaled[9:7] == {3{y_scaled[10]}}) ? "
             "y_scaled[7:0] : {y_scaled[10], {7{~y_scaled[10]}}};"),
        ),
        ("%s", "floor", "saturate", "!fx.s<4,4>", "(s[6:3] == {4{s[7]}}) ? s[3:0] : {s[7], {3{~s[7]}}};"),
        ("%s", "floor", "saturate", "!fx.u<8,4>", "s[7] ? 8'd0 : {1'b0, s[6:0]};"),
        ("%s", "floor", "saturate", "!fx.u<4,4>", "s[7] ? 4'd0 : (s[6:4] != 3'd0) ? 4'd15 : s[3:0];"),
        ("%u", "floor", "saturate", "!fx.s<8,4>", "u[7] ? 8'sd127 : u;"),
        ("%u", "floor", "saturate", "!fx.u<4,4>", "(u[7:4] != 4'd0) ? 4'd15 : u[3:0];"),
        ("%s", "half_up", "saturate", "!fx.s<4,-6>", "4'sd0;"),
    ],
)  # fmt: skip
def test_requantize(
    source: str, rounding: str, overflow: str, target: str, expression: str
) -> None:
    assert requantized(source, rounding, overflow, target) == expression


def test_bits_that_nothing_reads_are_listed() -> None:
    text = verilog(
        """%b = rtl.bits %x {low = 2, width = 3} : (!fx.s<8,0>) -> !fx.u<3,0>
        rtl.next output (%b) : (!fx.u<3,0>) -> ()""",
        parameters="%x: !fx.s<8,0>, %idle: i1",
    )
    assert text.splitlines() == [
        "assign y = x[4:2];",
        "// Bits that nothing looks at.",
        "wire unused = &{1'b0, x[1:0], x[7:5], idle, clk, rst};",
    ]


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


def test_units_are_sections() -> None:
    text = verilog(
        """%q = rtl.reg {unit = "first"} : !fx.s<8,0>
        %r = rtl.reg {unit = "second"} : !fx.s<8,0>
        %sum = arith.add %x, %r {unit = "second"} : (!fx.s<8,0>, !fx.s<8,0>) -> !fx.s<9,0>
        %0 = rtl.bits %sum {low = 1, width = 8} : (!fx.s<9,0>) -> !fx.u<8,0>
        %1 = rtl.cast %0 : (!fx.u<8,0>) -> !fx.s<8,0>
        rtl.next output (%q) update (%q = %1, %r = %q) : (!fx.s<8,0>, !fx.s<8,0>, !fx.s<8,0>,
          !fx.s<8,0>, !fx.s<8,0>) -> ()""",
    )
    assert text.splitlines() == [
        "// Signals that a unit takes from a later one.",
        "wire signed [8:0] sum;",
        "// ---- first ----",
        "always @(posedge clk) begin",
        "y <= sum[8:1];",
        "end",
        "// ---- second ----",
        "reg signed [7:0] r;",
        "assign sum = x + r;",
        "always @(posedge clk) begin",
        "r <= y;",
        "end",
        "// Bits that nothing looks at.",
        "wire unused = &{1'b0, rst, sum[0]};",
    ]


def test_what_is_no_design() -> None:
    with pytest.raises(UserError, match=r"a design ends with 'rtl\.next', not 'return'"):
        verilog("return %x : !fx.s<8,0>")
