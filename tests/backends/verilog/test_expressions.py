"""Expressions and decisions, as they are printed."""

from __future__ import annotations

import pytest

from tests.backends.verilog.printed import verilog

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
