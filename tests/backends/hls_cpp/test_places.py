"""Which arrays are overwritten and which are copied, seen in what is printed."""

from __future__ import annotations

from lstmir.backends.hls_cpp import print_design
from lstmir.syntax.parser import parse_module

HEAD = """
module @small {
  func @main(%x: tensor<?x2x!fx.s<8,0>>) -> tensor<2x!fx.s<8,0>> {
    %zero = tensor.constant @zero : tensor<2x!fx.s<8,0>>
    %p, %q = rnn.scan (%xt = %x) state (%p = %zero, %q = %zero) {
"""
TAIL = """
    } : (tensor<?x2x!fx.s<8,0>>, tensor<2x!fx.s<8,0>>, tensor<2x!fx.s<8,0>>)
      -> (tensor<2x!fx.s<8,0>>, tensor<2x!fx.s<8,0>>)
    return %p : tensor<2x!fx.s<8,0>>
  }
}
{-# resources: { zero: "0x0000" } #-}
"""
YIELD = " : (tensor<2x!fx.s<8,0>>, tensor<2x!fx.s<8,0>>) -> ()"
STORE = "{base = 0, strides = []} : (tensor<2x!fx.s<8,0>>, !fx.s<8,0>) -> tensor<2x!fx.s<8,0>>"
LOAD = "{base = 1, strides = []} : (tensor<2x!fx.s<8,0>>) -> !fx.s<8,0>"
FOR = "{trip = 3} : "


def step(*operations: str) -> str:
    """What is printed between reading a step and its end, without directives; the last are yielded."""
    body = "\n".join([*operations[:-1], f"rnn.yield state ({operations[-1]}){YIELD}"])
    text = print_design(parse_module(HEAD + body + TAIL))["small.cpp"]
    inside = text.split("            return;\n        }\n")[1].split("\n    }\n    packet::write")[
        0
    ]
    lines = [line for line in inside.splitlines() if not line.startswith("#")]
    return "\n".join(line.removeprefix("    ").removeprefix("    ") for line in lines)


def test_a_store_overwrites_what_nobody_reads_any_more() -> None:
    printed = step(f"%w = tile.load %xt {LOAD}", f"%n = tile.store %p, %w {STORE}", "%n, %q")
    assert printed == "const s8_0 w = xt[1];\np[0] = w;"


def test_a_store_leaves_what_is_read_later() -> None:
    printed = step(
        f"%w = tile.load %xt {LOAD}",
        f"%n = tile.store %p, %w {STORE}",
        f"%old = tile.load %p {LOAD}",
        f"%m = tile.store %n, %old {STORE}",
        "%m, %q",
    )
    assert printed == (
        "const s8_0 w = xt[1];\n"
        "s8_0 n[2];\ntile::copy(n, p);\nn[0] = w;\n"
        "const s8_0 old = p[1];\nn[0] = old;\n"
        "tile::copy(p, n);"
    )


def test_a_store_leaves_what_is_yielded() -> None:
    printed = step(f"%w = tile.load %xt {LOAD}", f"%n = tile.store %p, %w {STORE}", "%p, %n")
    assert printed == (
        "const s8_0 w = xt[1];\ns8_0 n[2];\ntile::copy(n, p);\nn[0] = w;\ntile::copy(q, n);"
    )


def test_two_states_change_places() -> None:
    assert step("%q, %p") == (
        "s8_0 p_1[2];\ntile::copy(p_1, p);\ntile::copy(p, q);\ntile::copy(q, p_1);"
    )


def test_copies_in_a_row_need_no_help() -> None:
    """The second state goes to the first before the step goes to the second."""
    assert step("%q, %xt") == "tile::copy(p, q);\ntile::copy(q, xt);"


def test_one_value_for_both_states() -> None:
    assert step("%q, %q") == "tile::copy(p, q);"


def loop(header: str, types: str, *body: str) -> str:
    return "\n".join([f"{header} {{", *body, f"}} {FOR}{types}"])


MEMORY = "tensor<2x!fx.s<8,0>>"


def test_a_loop_overwrites_what_it_carries() -> None:
    printed = step(
        loop("%n = tile.for index (%k) carry (%c = %p)", MEMORY,
             f"%w = tile.load %c {LOAD}", f"%d = tile.store %c, %w {STORE}",
             f"tile.yield %d : {MEMORY}"),
        "%n, %q",
    )  # fmt: skip
    assert printed == (
        "k_loop:\nfor (int k = 0; k < 3; ++k) {\n    const s8_0 w = p[1];\n    p[0] = w;\n}"
    )


def test_a_loop_works_on_a_copy_of_what_it_also_reads() -> None:
    """The state of the step before stays whole while the next one is made."""
    printed = step(
        loop("%n = tile.for index (%k) carry (%c = %p) capture (%old = %p)",
             f"({MEMORY}, {MEMORY}) -> {MEMORY}",
             f"%w = tile.load %old {LOAD}", f"%d = tile.store %c, %w {STORE}",
             f"tile.yield %d : {MEMORY}"),
        "%n, %q",
    )  # fmt: skip
    assert printed.startswith("s8_0 c[2];\ntile::copy(c, p);\n")
    assert "    const s8_0 w = p[1];\n    c[0] = w;\n" in printed
    assert printed.endswith("}\ntile::copy(p, c);")


def test_what_a_loop_captures_is_there_in_every_iteration() -> None:
    """Its last reader stands in the loop, but the loop comes back to it."""
    printed = step(
        loop("%n = tile.for index (%k) carry (%c = %q) capture (%again = %xt)",
             f"({MEMORY}, {MEMORY}) -> {MEMORY}",
             f"%w = tile.load %c {LOAD}", f"%d = tile.store %again, %w {STORE}",
             f"tile.yield %d : {MEMORY}"),
        "%p, %n",
    )  # fmt: skip
    assert (
        "    s8_0 d[2];\n    tile::copy(d, xt);\n    d[0] = w;\n    tile::copy(q, d);\n" in printed
    )


def test_a_loop_that_carries_a_value_twice() -> None:
    printed = step(
        loop("%n, %m = tile.for index (%k) carry (%c = %p, %d = %p)",
             f"({MEMORY}, {MEMORY}) -> ({MEMORY}, {MEMORY})",
             f"tile.yield %d, %c : ({MEMORY}, {MEMORY}) -> ()"),
        "%n, %m",
    )  # fmt: skip
    assert printed.startswith("s8_0 c[2];\ntile::copy(c, p);\ns8_0 d[2];\ntile::copy(d, p);\n")


def test_a_number_can_be_carried() -> None:
    number = "!fx.s<8,0>"
    printed = step(
        f"%w = tile.load %xt {LOAD}",
        loop("%n = tile.for index (%k) carry (%c = %w)", number, f"tile.yield %c : {number}"),
        f"%m = tile.store %p, %n {STORE}",
        "%m, %q",
    )
    assert "s8_0 c = w;\n" in printed
    assert printed.endswith("p[0] = c;")
