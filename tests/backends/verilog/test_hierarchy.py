"""Units as modules: their ports, their names, and which of them share a module."""

from __future__ import annotations

from pathlib import Path

import pytest

from lstmir.backends.verilog.printer import print_design
from lstmir.ir.diagnostics import UserError
from lstmir.ir.module import Module
from tests.backends.verilog.printed import design, inside, ports
from tests.backends.verilog.simulators import BOTH
from tests.backends.verilog.test_verilog import check

BYTE, BOTH_BYTES = "!fx.s<8,0>", "(!fx.s<8,0>, !fx.s<8,0>)"
MEMORY = "tensor<16x!fx.s<8,0>>"
READ = f"({MEMORY}, !fx.u<4,0>) -> {BYTE}"


def negated(result: str, source: str, unit: str, width: int = 8) -> str:
    """An operation of a unit."""
    return (
        f'%{result} = arith.neg %{source} {{unit = "{unit}"}} : (!fx.s<{width},0>) -> '
        f"!fx.s<{width + 1},0>\n"
    )


def register(name: str, unit: str, init: str = "") -> str:
    """A register of one byte."""
    return f'%{name} = rtl.reg {{{init}unit = "{unit}"}} : {BYTE}\n'


def end(outputs: str, updates: str = "", types: str = "", states: str = "") -> str:
    """The terminator; `types` are those of the outputs, `states` of what `updates` lists."""
    listed = ", ".join(part for part in (types, states) if part)
    return f"rtl.next output ({outputs}) update ({updates}) : ({listed}) -> ()"


PASSING = design(
    # What `a.b` makes goes up, over to `c.d`, and out; `a` and `c` use it, too.
    register("a_b_kept", "a.b") + negated("a_near", "a_b_kept", "a") + negated("c_d_far", "a_b_kept", "c.d")
    + negated("c_far", "a_b_kept", "c")
    + end("%a_near, %c_d_far, %c_far, %a_b_kept", "%a_b_kept = %x",
          f"!fx.s<9,0>, !fx.s<9,0>, !fx.s<9,0>, {BYTE}", f"{BYTE}, {BYTE}"),
    "near deep far kept", name="passing",
)  # fmt: skip


def test_a_signal_goes_through_the_units_between() -> None:
    files = print_design(PASSING)
    assert ports(files["passing_b.v"]) == [
        "input clk",
        "input signed [7:0] x",
        "output reg signed [7:0] kept",
    ]
    assert ports(files["passing_a.v"]) == [
        "input clk", "input signed [7:0] x", "output signed [7:0] b_kept", "output signed [8:0] near",
    ]  # fmt: skip
    assert inside(files["passing_a.v"]).splitlines() == [
        "assign near = -{b_kept[7], b_kept};",
        "passing_b b (.clk(clk), .x(x), .kept(b_kept));",
    ]
    assert "passing_d d (.a_b_kept(a_b_kept), .far(d_far));" in files["passing_c.v"]
    assert inside(files["passing.v"]).splitlines() == [
        "passing_a a (.clk(clk), .x(x), .b_kept(kept), .near(near));",
        "passing_c c (.a_b_kept(kept), .d_far(deep), .far(far));",
        "// Bits that nothing looks at.",
        "wire unused = &{1'b0, rst};",
    ]


def test_clock_and_reset_are_where_something_needs_them() -> None:
    body = register("q", "a.b", "init = 3, ") + register("r", "c") + negated("z", "x", "d")
    states = ", ".join([BYTE] * 4)
    types = f"{BYTE}, {BYTE}, !fx.s<9,0>"
    files = print_design(
        design(body + end("%q, %r, %z", "%q = %x, %r = %x", types, states), "y z w")
    )
    clocked = {name: [port for port in ports(text) if "clk" in port or "rst" in port]
               for name, text in files.items()}  # fmt: skip
    both = ["input clk", "input rst"]
    assert clocked == {
        "part.v": both, "part_d.v": [], "part_c.v": ["input clk"], "part_a.v": both, "part_b.v": both,
    }  # fmt: skip


MEMORIES = design(
    # `store` has the memory, `fill` writes it, `use` reads it twice, with and without the write.
    f"""%m = rtl.ram {{unit = "store"}} : {MEMORY}
    %fill_go = arith.and %e, %e {{unit = "fill"}} : i1
    %w = rtl.write %m, %a, %x, %fill_go {{unit = "fill"}} : ({MEMORY}, !fx.u<4,0>, {BYTE}, i1) -> {MEMORY}
    %0 = rtl.bits %x {{low = 2, width = 4, unit = "use"}} : ({BYTE}) -> !fx.u<4,0>
    %1 = rtl.read %m, %0 {{unit = "use"}} : {READ}
    %use_new = rtl.read %w, %a {{unit = "use.deep"}} : {READ}
    %use_y = arith.add %1, %use_new {{unit = "use"}} : {BOTH_BYTES} -> !fx.s<9,0>
    """ + end("%use_y", "%m = %w", "!fx.s<9,0>", f"{MEMORY}, {MEMORY}"),
    "y", "%x: !fx.s<8,0>, %a: !fx.u<4,0>, %e: i1", name="memories",
)  # fmt: skip


def test_a_memory_is_read_and_written_where_it_is() -> None:
    files = print_design(MEMORIES)
    assert [name for name, text in files.items() if "m[" in text] == ["memories_store.v"]
    assert ports(files["memories_store.v"]) == [
        "input clk", "input [3:0] a", "input signed [7:0] x", "input fill_go",
        "input [3:0] m_read_address", "output signed [7:0] m_word", "output signed [7:0] use_new",
    ]  # fmt: skip
    assert "(fill_go && a == a) ? x : m[a]" in files["memories_store.v"]
    assert ".m_read_address(x[5:2])" in files["memories.v"]
    assert (
        "memories_use use_ (.store_m_word(store_m_word), .new_(store_use_new), .y(y));"
        in files["memories.v"]
    )


COLLISIONS = design(
    # `b` is an instance, a port from outside and a name inside; so is `clk` a name.
    register("a_b", "a") + negated("a_b_b", "x", "a.b") + negated("b", "a_b", "a.b")
    + negated("clk", "a_b", "a") + negated("unused", "b", "a", 9) + negated("a_a", "a_b_b", "a", 9)
    + end("%clk, %unused, %a_a", "%a_b = %x", "!fx.s<9,0>, !fx.s<10,0>, !fx.s<10,0>", f"{BYTE}, {BYTE}"),
    "a y z", name="collisions",
)  # fmt: skip


def test_names_that_meet_are_told_apart() -> None:
    files = print_design(COLLISIONS)
    assert ports(files["collisions.v"])[3:] == [
        "output signed [8:0] a", "output signed [9:0] y", "output signed [9:0] z",
    ]  # fmt: skip
    assert "collisions_a a_1 (" in files["collisions.v"]
    assert ports(files["collisions_a.v"]) == [
        "input clk", "input signed [7:0] x", "output signed [8:0] clk_1", "output signed [9:0] unused_1",
        "output signed [9:0] a",
    ]  # fmt: skip


SLICES = design(
    # Each unit gets the wires that it reads; where two units of `p` do, `p` gets the whole.
    "".join(
        f"""%{low} = rtl.bits %x {{low = {low}, width = 2, unit = "{unit}"}} : ({BYTE}) -> !fx.u<2,0>
        %{unit.replace(".", "_")}_two = rtl.cast %{low} {{unit = "{unit}"}} : (!fx.u<2,0>) -> !fx.s<2,0>
        {negated(f"{unit.replace('.', '_')}_y", f"{unit.replace('.', '_')}_two", unit, 2)}"""
        for unit, low in (("p.u", 0), ("p.v", 2), ("q.w", 5))
    ) + end("%p_u_y, %p_v_y, %q_w_y", "", ", ".join(["!fx.s<3,0>"] * 3)),
    "a b c", name="slices",
)  # fmt: skip


def test_wires_are_picked_outside() -> None:
    files = print_design(SLICES)
    assert ports(files["slices_p.v"])[0] == "input signed [7:0] x"
    assert inside(files["slices_p.v"]).splitlines()[:2] == [
        "slices_u u (.two(x[1:0]), .y(u_y));", "slices_v v (.two(x[3:2]), .y(v_y));",
    ]  # fmt: skip
    assert "slices_q q (.w_two(x[6:5]), .w_y(c));" in files["slices.v"]
    assert "unused = &{1'b0, x[7:4]}" in files["slices_p.v"]


def test_each_thing_of_a_slice_is_a_port_of_one_that_reads_two_slices() -> None:
    body = "".join(
        f"""%{low} = rtl.bits %x {{low = {low}, width = 4, unit = "u"}} : ({BYTE}) -> !fx.u<4,0>
        %y{low} = arith.neg %{low} {{unit = "u"}} : (!fx.u<4,0>) -> !fx.s<5,0>\n"""
        for low in (0, 3)
    )
    files = print_design(design(body + end("%y0, %y3", "", "!fx.s<5,0>, !fx.s<5,0>"), "y z"))
    assert ports(files["part_u.v"])[0] == "input signed [7:0] x"
    assert inside(files["part_u.v"]).splitlines()[-1] == "wire unused = &{1'b0, x[7]};"


CONSTANTS = design(
    f"""%two = rtl.literal {{integer = 2, unit = "a"}} : {BYTE}
    %a_y = arith.add %x, %two {{unit = "a"}} : {BOTH_BYTES} -> !fx.s<9,0>
    %b_y = arith.sub %x, %two {{unit = "b.c"}} : {BOTH_BYTES} -> !fx.s<9,0>
    """ + end("%a_y, %b_y, %two", "", f"!fx.s<9,0>, !fx.s<9,0>, {BYTE}"),
    "y z two", name="constants",
)  # fmt: skip


def test_constants_are_no_ports() -> None:
    files = print_design(CONSTANTS)
    assert ports(files["constants_a.v"]) == ["input signed [7:0] x", "output signed [8:0] y"]
    assert inside(files["constants_a.v"]) == "assign y = x + 8'sd2;"
    assert inside(files["constants_c.v"]) == "assign b_y = x - 8'sd2;"
    assert "assign two = 8'sd2;" in files["constants.v"]


def test_what_has_no_unit_is_where_it_is_used_first() -> None:
    body = (
        negated("y", "0", "a", 9)
        + "rtl.next output (%y, %z) update () : (!fx.s<10,0>, !fx.s<9,0>) -> ()"
    )
    body = (
        f"%0 = arith.neg %x : ({BYTE}) -> !fx.s<9,0>\n%z = arith.neg %x : ({BYTE}) -> !fx.s<9,0>\n"
        + body
    )
    files = print_design(design(body, "y z"))
    assert inside(files["part.v"]).splitlines()[0] == "assign z = -{x[7], x};"
    assert ports(files["part_a.v"]) == ["input signed [7:0] x", "output signed [9:0] y"]


def lanes(width: str, units: list[str]) -> Module:
    """Units that do the same, on numbers whose widths may differ."""
    body = "".join(
        f"""%{unit.replace(".", "_")}_x = rtl.cast %x{bits} {{unit = "{unit}"}} : !fx.s<{bits},0>
        {negated(f"{unit.replace('.', '_')}_y", f"{unit.replace('.', '_')}_x", unit, int(bits))}"""
        for unit, bits in zip(units, width, strict=True)
    )
    values = ", ".join(f"%{unit.replace('.', '_')}_y" for unit in units)
    types = ", ".join(f"!fx.s<{int(bits) + 1},0>" for bits in width)
    outputs = " ".join(f"y{index}" for index in range(len(units)))
    parameters = ", ".join(f"%x{bits}: !fx.s<{bits},0>" for bits in sorted(set(width)))
    return design(body + end(values, "", types), outputs, parameters)


SIXTEEN = [f"array.lane_{index}" for index in range(16)]


@pytest.mark.parametrize(
    ("width", "units", "modules"),
    [
        ("4" * 16, SIXTEEN, {"lane": 16}),
        ("4" * 15 + "3", SIXTEEN, {"lane_4_bit_x": 15, "lane_3_bit_x": 1}),
        ("44", ["array.lane", "array.row"], {"lane": 1, "row": 1}),
        ("43", ["array.lane", "tail.lane"], {"array_lane": 1, "tail_lane": 1}),
        ("43", ["lane", "tail.lane"], {"lane": 1, "tail_lane": 1}),
        ("44", ["array.lane", "tail.lane_7"], {"lane": 2}),
    ],
)
def test_units_that_are_alike_share_a_module(
    width: str, units: list[str], modules: dict[str, int]
) -> None:
    files = print_design(lanes(width, units))
    text = "".join(files.values())
    found = {name: text.count(f"  part_{name} ") for name in modules}
    assert found == modules
    assert set(files) == {"part.v", "part_array.v", "part_tail.v"} & set(files) | {
        f"part_{name}.v" for name in modules
    }


def test_units_that_differ_inside_are_told_apart_by_a_number() -> None:
    body = "".join(
        f"""%u_{n}_y = arith.{op} %x, %x {{unit = "u_{n}"}} : {BOTH_BYTES} -> !fx.s<9,0>\n"""
        for n, op in enumerate(["sub", "add", "add"])
    )
    body += end("%u_0_y, %u_1_y, %u_2_y", "", ", ".join(["!fx.s<9,0>"] * 3))
    files = print_design(design(body, "a b c"))
    assert list(files) == ["part.v", "part_u.v", "part_u_0.v"]
    assert inside(files["part_u_0.v"]) == "assign y = x - x;"


def tables(images: str) -> Module:
    """Alike units, each with a table deep inside: that of the letter."""
    memory = "tensor<2x!fx.u<8,0>>"
    read = f"({memory}, !fx.u<1,0>) -> !fx.u<8,0>"
    body = "".join(
        f"""%lane_{n}_unit_t = tensor.constant @{image} {{unit = "lane_{n}.unit"}} : {memory}
        %lane_{n}_unit_y = rtl.read %lane_{n}_unit_t, %x {{unit = "lane_{n}"}} : {read}
        """
        for n, image in enumerate(images)
    )
    values = ", ".join(f"%lane_{n}_unit_y" for n in range(len(images)))
    return design(
        body + end(values, "", ", ".join(["!fx.u<8,0>"] * len(images))),
        " ".join(f"y{n}" for n in range(len(images))), "%x: !fx.u<1,0>", name=f"tables_{images}",
        resources=", ".join(f'{image}: "0x{ord(image):02x}{7:02x}"' for image in sorted(set(images))),
    )  # fmt: skip


def test_images_that_differ_are_parameters() -> None:
    files = print_design(tables("pqp"))
    top = inside(files["tables_pqp.v"]).splitlines()
    assert top[:3] == [
        f'tables_pqp_lane #(.UNIT_T_IMAGE("tables_pqp_{image}.mem")) lane_{n} (.x(x), .unit_y(y{n}));'
        for n, image in enumerate("pqp")
    ]
    lane = files["tables_pqp_lane.v"]
    assert 'tables_pqp_lane #(\n  parameter UNIT_T_IMAGE = "tables_pqp_p.mem"\n) (' in lane
    assert inside(lane) == "tables_pqp_unit #(.T_IMAGE(UNIT_T_IMAGE)) unit (.x(x), .y(unit_y));"
    assert "$readmemh(T_IMAGE, t);" in files["tables_pqp_unit.v"]
    assert list(files)[-2:] == ["tables_pqp_p.mem", "tables_pqp_q.mem"]


def test_an_image_that_all_share_is_no_parameter() -> None:
    files = print_design(tables("pp"))
    assert not any("parameter" in text or "#(" in text for text in files.values())
    assert '$readmemh("tables_pp_p.mem", t);' in files["tables_pp_unit.v"]


def commented(units: str) -> dict[str, str]:
    body = negated("lane_0_y", "x", "lane_0") + negated("lane_1_n_y", "x", "lane_1.n")
    types = "!fx.s<9,0>, !fx.s<9,0>"
    module = design(
        body + end("%lane_0_y, %lane_1_n_y", "", types), "y z", more=f", units = {units}"
    )
    return {name: text.partition("\nmodule")[0] for name, text in print_design(module).items()}


def test_what_a_module_is_stands_in_front_of_it() -> None:
    long = "One " * 30
    found = commented(f'{{part = "All.", lane.n = "Inner.", lane = "Any.", lane_0 = "{long}"}}')
    assert found["part.v"].splitlines()[1] == "// All."
    assert found["part_lane_1.v"] == "// part_lane_1, a unit of part: Any."
    assert found["part_n.v"] == "// part_n, a unit of part: Inner."
    assert found["part_lane.v"].startswith("// part_lane, a unit of part: One One")
    assert max(map(len, found["part_lane.v"].splitlines())) <= 100
    assert commented("{}")["part_n.v"] == "// part_n, a unit of part."


@pytest.mark.parametrize("units", ['"lane"', '{lane = "Any.", n = 3}'])
def test_what_is_no_comment(units: str) -> None:
    with pytest.raises(UserError, match="'units' must be a dictionary from units to sentences"):
        commented(units)


@BOTH
def test_all_of_them_do_what_the_interpreter_does(tmp_path: Path) -> None:
    modules = [PASSING, MEMORIES, COLLISIONS, SLICES, CONSTANTS, tables("pqp"), tables("pp")]
    check(modules, 200, tmp_path, seed=0)


def chosen(unit: str, owner: str) -> str:
    """A selection in one unit that a register in another one takes."""
    return f"""%q = rtl.reg {{unit = "{owner}"}} : {BYTE}
        %0 = arith.select %e, %x, %q {{unit = "{unit}"}} : (i1, {BYTE}, {BYTE}) -> {BYTE}
        """ + end("%q", "%q = %0", BYTE, f"{BYTE}, {BYTE}")


NOT_LIFTED = (
    register("p_q", "p")
    + f"""%0 = rtl.bits %p_q {{low = 0, width = 4, unit = "p.u"}} : ({BYTE}) -> !fx.u<4,0>
    %p_u_y = arith.neg %0 {{unit = "p.u"}} : (!fx.u<4,0>) -> !fx.s<5,0>
    """
    + end("%p_u_y", "%p_q = %x", "!fx.s<5,0>", f"{BYTE}, {BYTE}")
)
CAST = f'%a_z = rtl.cast %x {{unit = "a"}} : {BYTE}\n'
WIDE = "!fx.s<9,0>"


@pytest.mark.parametrize(
    ("body", "outputs", "module", "line"),
    [
        (NOT_LIFTED, "y", "p", "part_u u (.q_bits(q[3:0]), .y(u_y));"),
        (CAST + end("%a_z", "", BYTE), "y", "a", "assign z = x;"),
        (CAST + negated("a_n", "x", "a") + negated("a_m", "a_z", "a")
         + end("%a_n, %a_m", "", f"{WIDE}, {WIDE}"), "y w", "a", "wire signed [7:0] z = x;"),
        (chosen("a", "b"), "y", "a", "assign q_next = e ? x : b_q;"),
        (chosen("a", "a.b"), "y", "a", "wire signed [7:0] q_next = e ? x : b_q;"),
        (negated("a_a", "x", "a") + negated("y", "a_a", "a", 9) + end("%y", "", "!fx.s<10,0>"),
         "y", "a", "wire signed [8:0] a_1 = -{x[7], x};"),
        (negated("a_3", "x", "a") + end("%a_3", "", WIDE), "y", "a", "assign a_3 = -{x[7], x};"),
        (f'%0 = arith.neg %x {{unit = "a"}} : ({BYTE}) -> {WIDE}\n' + negated("a_b_y", "0", "a.b", 9)
         + end("%a_b_y", "", "!fx.s<10,0>"), "y", "a", "wire signed [8:0] b_y_value = -{x[7], x};"),
    ],
)  # fmt: skip
def test_what_crosses_into_or_out_of_a_unit(
    body: str, outputs: str, module: str, line: str
) -> None:
    files = print_design(design(body, outputs, "%x: !fx.s<8,0>, %e: i1"))
    assert line in inside(files[f"part_{module}.v"]).splitlines()


def test_units_with_different_units_inside_are_different() -> None:
    body = "".join(
        f"""%lane_{n}_n_y = arith.{op} %x, %x {{unit = "lane_{n}.n"}} : {BOTH_BYTES} -> {WIDE}\n"""
        for n, op in enumerate(["sub", "add"])
    )
    files = print_design(
        design(body + end("%lane_0_n_y, %lane_1_n_y", "", f"{WIDE}, {WIDE}"), "y z")
    )
    assert "part_n n (.x(x), .y(n_y));" in files["part_lane.v"]
    assert "part_n_1 n (.x(x), .y(n_y));" in files["part_lane_1.v"]
    assert inside(files["part_n_1.v"]) == "assign y = x + x;"
