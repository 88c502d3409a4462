"""Values print under legal and distinct names, whatever they were called."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from lstmir.ir.module import Function, Module
from lstmir.ir.naming import names_in, symbol
from lstmir.ir.operation import Operation
from lstmir.ir.region import Region
from lstmir.ir.types import F32
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module

HINTS = st.one_of(
    st.none(), st.text(max_size=4), st.sampled_from(["x", "x_1", "x_2", "0", "1", "a/b"])
)


def named(hints: list[str | None]) -> Module:
    region = Region([F32] * len(hints), hints)
    region.terminate(Operation("return"), region.arguments)
    return Module("m", functions={"main": Function("main", region)})


@settings(max_examples=200, deadline=None)
@given(hints=st.lists(HINTS, min_size=1, max_size=6))
def test_any_name_can_be_printed_and_read(hints: list[str | None]) -> None:
    text = print_module(named(hints))
    assert print_module(parse_module(text)) == text


def test_names_are_kept_where_they_can_be() -> None:
    hints = ["x", None, "x", "x_1", "3", "a b", ""]
    region = named(hints).main.region
    names = list(names_in(region, region.operations()).values())
    assert names == ["x", "0", "x_1", "x_1_1", "1", "a_b", "2"]
    assert list(names_in(region, (), hints=False).values()) == list("0123456")


def test_many_of_one_name_take_no_longer_than_many_names() -> None:
    names = names_in(named(["x"] * 20_000).main.region, ())
    assert len(set(names.values())) == 20_000


def test_a_resource_is_named_after_a_value() -> None:
    assert [symbol(hint) for hint in ("w", "7up", ".a", "a b", "12", "ö", None)] == [
        "w", "_7up", "_.a", "a_b", "constant", "_ö", "constant"
    ]  # fmt: skip
