"""Records that are arrays: read, checked and kept as constants are."""

from __future__ import annotations

import pytest

from lstmir.ir.diagnostics import UserError
from lstmir.ir.equality import modules_equal
from lstmir.ir.module import Module, used_resources
from lstmir.ir.verify import verify
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module

GRAM = '{resource = "s_gram", type = tensor<1x1xf64>}'
COUNTS = '{resource = "a_counts", type = tensor<2xi64>}'
TEXT = f"""module @m {{
  func @main(%a: tensor<2xf32>) -> tensor<2xf32> attributes {{histograms = [{COUNTS}]}} {{
    %s = arith.add %a, %a {{gram = {GRAM}}} : tensor<2xf32>
    return %s : tensor<2xf32>
  }}
}}
{{-# resources: {{
  a_counts: "0x01000000000000000200000000000000",
  s_gram: "0x000000000000f03f"
}} #-}}
"""


def errors(text: str) -> list[str]:
    with pytest.raises(UserError) as caught:
        parse_module(text)
    return [each.message for each in caught.value.diagnostics]


def test_they_are_read_and_printed() -> None:
    module = parse_module(TEXT)
    assert module.resources["a_counts"].tolist() == [1, 2]
    assert module.resources["s_gram"].tolist() == [[1.0]]
    assert print_module(module) == TEXT
    assert used_resources(module) == ["a_counts", "s_gram"]
    generic = print_module(module, generic=True)
    assert print_module(parse_module(generic)) == TEXT
    module.drop_unused_resources()
    assert len(module.resources) == 2


def test_they_are_elided_like_others() -> None:
    text = print_module(parse_module(TEXT), resources="elide")
    assert text == TEXT[: TEXT.index("{-#")]
    said = (
        "there is no resource @s_gram: the text has none (were they left out when it was printed?)"
    )
    assert said in errors(text)


def test_they_count_in_a_comparison() -> None:
    module, other = parse_module(TEXT), parse_module(TEXT)
    assert modules_equal(module, other)
    other.resources["s_gram"] = other.resources["s_gram"] * 2
    assert not modules_equal(module, other)


def test_what_nobody_names_any_more_goes() -> None:
    module = parse_module(TEXT)
    for op in module.walk():
        op.attributes.pop("gram", None)
    module.drop_unused_resources()
    assert set(module.resources) == {"a_counts"}


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (GRAM, "3", ("the attribute 'gram' of 'arith.add' must be the record of an array: "
         '{resource = "...", type = tensor<...>}')),
        ("s_gram\", type", "t\", type", "there is no resource @t"),
        ("1x1xf64", "2x1xf64", ("the resource 's_gram' is no tensor<2x1xf64>: "
         "it has 8 bytes, expected 16")),
        (f"[{COUNTS}]", "[]", ("the attribute 'histograms' of @main must be a list of 1 records of "
         'arrays, each {resource = "...", type = tensor<...>}')),
        (f"[{COUNTS}]", "7", ("the attribute 'histograms' of @main must be a list of 1 records of "
         'arrays, each {resource = "...", type = tensor<...>}')),
        ("a_counts\", type", "b_counts\", type",
         "there is no resource @b_counts; did you mean '@a_counts'?"),
        ("f03f", "f07f", "resource @s_gram holds NaN or infinity"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_one_is_told(before: str, after: str, said: str) -> None:
    text = TEXT.replace(before, after)
    if "list of 1" in said or "must be the record" in said:  # then nobody names the array
        name = "a_counts" if "list" in said else "s_gram"
        text = "".join(line for line in text.splitlines(True) if not line.startswith(f"  {name}"))
        text = text.replace('",\n}', '"\n}')
    assert said in errors(text)


def lost(module: Module) -> None:
    del module.resources["s_gram"]


def lost_counts(module: Module) -> None:
    del module.resources["a_counts"]


@pytest.mark.parametrize("damage", [lost, lost_counts])
def test_the_verifier_misses_what_is_gone(damage: object) -> None:
    module = parse_module(TEXT)
    assert callable(damage)
    damage(module)
    with pytest.raises(UserError, match="there is no resource @"):
        verify(module)
