"""The text of designs: names, types, constants, directives."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pytest

from lstmir.backends.hls_cpp import design_name, print_design
from lstmir.backends.hls_cpp.names import Scope, identifier

if TYPE_CHECKING:
    from tests.backends.hls_cpp.conftest import Small

MEMORY = "tensor<2x!fx.s<8,0>>"


def printed(small: Small, **words: str) -> str:
    return print_design(small(**words))["small.cpp"]


@pytest.mark.parametrize(
    ("hint", "name"),
    [
        ("sums", "sums"),
        ("new", "new_"),
        ("EOF", "EOF_"),
        ("W", "W"),
        ("w.h", "w_h"),
        ("__x__y", "x_y"),
        ("größe", "gr_e"),
        ("3", "n3"),
        ("", "n"),
        ("s8_4", "s8_4_"),
        ("u16_m3", "u16_m3_"),
        ("stdin", "stdin_"),
    ],
)
def test_identifiers(hint: str, name: str) -> None:
    assert identifier(hint) == name


def test_names_are_given_once_where_they_are_seen_together() -> None:
    outer = Scope(taken=["tile"])
    inner = Scope(outer)
    assert [outer.take("x"), inner.take("x"), inner.take("tile")] == ["x", "x_1", "tile_1"]
    assert outer.take("x_1") == "x_1"
    assert Scope(outer).take("x") == "x_2"


@pytest.mark.parametrize(
    ("name", "top"), [("vowels", "vowels"), ("main", "main_design"), ("tile", "tile_design")]
)
def test_the_name_of_a_design(small: Small, name: str, top: str) -> None:
    files = print_design(small(name=name))
    assert design_name(small(name=name)) == top
    assert f"void {top}(hls::stream<{top}_input>& input" in files[f"{top}.cpp"]
    assert f"set_top {top}\n" in files["vitis_hls.tcl"]


@pytest.mark.parametrize(
    ("base", "strides", "address"),
    [(0, "[1]", "k"), (1, "[0]", "1"), (0, "[0]", "0"), (1, "[-1]", "1 - k"), (0, "[1]", "k")],
)
def test_addresses(small: Small, base: int, strides: str, address: str) -> None:
    body = (
        "%n = tile.for index (%k) carry (%c = %p) {\n"
        f"%w = tile.load %c, %k {{base = {base}, strides = {strides}}} : ({MEMORY}, i32) -> !fx.s<8,0>\n"
        f"tile.yield %c : {MEMORY}\n"
        f"}} {{trip = 2}} : {MEMORY}"
    )
    assert f"const s8_0 w = p[{address}];" in printed(small, body=body, state="n")


def test_a_long_address(small: Small) -> None:
    heads = [f"%r{i} = tile.for index (%{i}) carry (%c = %{c}) capture (%big = %{big}{o}) {{"
             for i, c, big, o in (("a", "p", "wide", ""), ("b", "c", "big", ", %a = %a"))]  # fmt: skip
    wide = "tensor<40x!fx.s<8,0>>"
    body = "\n".join([
        f"%wide = tile.pad %xt {{size = 40}} : ({MEMORY}) -> {wide}",
        *heads,
        f"%w = tile.load %big, %a, %b {{base = 3, strides = [8, 1]}} : ({wide}, i32, i32) -> !fx.s<8,0>",
        f"tile.yield %c : {MEMORY}", f"}} {{trip = 3}} : ({MEMORY}, {wide}, i32) -> {MEMORY}",
        f"tile.yield %rb : {MEMORY}", f"}} {{trip = 3, pipeline = 4}} : ({MEMORY}, {wide}) -> {MEMORY}",
    ])  # fmt: skip
    text = printed(small, body=body, state="ra")
    assert "const s8_0 w = wide[8 * a + b + 3];" in text
    # Only the inner loop: a pipeline around it would unroll it.
    assert re.findall(r"PIPELINE II=\d", text) == ["PIPELINE II=1"]


def test_the_interval_of_a_pipeline(small: Small) -> None:
    body = (
        "%n = tile.for index (%k) carry (%c = %p) {\n"
        f"tile.yield %c : {MEMORY}\n}} {{trip = 2, pipeline = 3}} : {MEMORY}"
    )
    assert "#pragma HLS PIPELINE II=3\n" in printed(small, body=body, state="n")


def weights(small: Small, arrays: Mapping[str, tuple[np.ndarray, str]]) -> str:
    """The header of constants of a module that loads a word of each array."""
    before = "".join(
        f"%{n} = tensor.constant @{n} : {type_}\n"
        f"%{n}_w = tile.load %{n} {{base = 0, strides = []}} : ({type_}) -> {word(type_)}\n"
        for n, (_, type_) in arrays.items()
    )
    more = "".join(f', {n}: "0x{array.tobytes().hex()}"' for n, (array, _) in arrays.items())
    return print_design(small(before=before, more=more))["weights.h"]


def word(type_: str) -> str:
    *sizes, element = re.sub(r"^tensor<|>$", "", type_).split("x", type_.count("x"))
    return f"tensor<{'x'.join([*sizes[1:], element])}>" if len(sizes) > 1 else element


def test_constants_at_the_ends_of_their_types(small: Small) -> None:
    low = np.array([-(2**63), 2**63 - 1])
    high = np.array([2**64 - 1, 0], np.uint64)
    text = weights(small, {"low": (low, "tensor<2x!fx.s<64,0>>"), "high": (high, "tensor<2x!fx.u<64,3>>"),
                    "truth": (np.array([True, False]), "tensor<2xi1>")})  # fmt: skip
    assert (
        "const tile::stored_int<64> low_rom[2] = {\n    INT64_MIN, 9223372036854775807\n};" in text
    )
    assert "const tile::stored_uint<64> high_rom[2] = {\n    18446744073709551615u, 0\n};" in text
    assert "const bool truth_rom[2] = {\n    true, false\n};" in text


def test_a_word_of_a_memory_a_line(small: Small) -> None:
    array = np.arange(12, dtype=np.int8).reshape(2, 3, 2)
    text = weights(small, {"w": (array, "tensor<2x3x2x!fx.s<5,0>>")})
    assert (
        "// tensor<2x3x2x!fx.s<5,0>>\n"
        "const tile::stored_int<5> w_rom[2][3][2] = {\n"
        "    {{0, 1}, {2, 3}, {4, 5}},\n"
        "    {{6, 7}, {8, 9}, {10, 11}},\n"
        "};" in text
    )


def test_no_line_is_long(small: Small) -> None:
    array = np.full((2, 500), -100, np.int8)
    text = weights(small, {"w": (array, "tensor<2x500x!fx.s<8,0>>")})
    assert max(map(len, text.splitlines())) <= 100
    assert text.count("-100") == 1000


def test_memories_that_are_read_in_parallel_are_cut(small: Small) -> None:
    body = (
        f"%one = tile.load %p {{base = 0, strides = [], words = 2}} : ({MEMORY}) -> {MEMORY}\n"
        f"%six = tile.pad %xt {{size = 6}} : ({MEMORY}) -> tensor<6x!fx.s<8,0>>\n"
        "%few = tile.load %six {base = 1, strides = [], words = 3} : "
        "(tensor<6x!fx.s<8,0>>) -> tensor<3x!fx.s<8,0>>"
    )
    text = printed(small, body=body)
    for directive in (
        "variable=p complete dim=1",
        "variable=six cyclic factor=3 dim=1",
        "variable=few complete dim=0",
    ):
        assert f"#pragma HLS ARRAY_PARTITION {directive}\n" in text
    assert "ARRAY_PARTITION variable=xt" not in text
