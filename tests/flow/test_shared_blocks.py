"""How `lstmir compile --products` reaches the passes, and what is said where it cannot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lstmir.flow.recipes import lower
from lstmir.flow.request import Request, check_multipliers
from lstmir.ir.diagnostics import UserError
from lstmir.targets import PARTS
from lstmir.tools.lstmir import main
from tests.flow.refused import refused

COMPILE = ["compile", "tiny.json", "--data", "tiny.npz", "--no-synthesis", "-o", "out"]
DENSE = ["--recipe", "dense8"]

pytestmark = pytest.mark.usefixtures("tiny", "without_tools")


def schedule() -> dict[str, int]:
    found: dict[str, int] = json.loads(Path("out/summary.json").read_text())["schedule"]
    return found


@pytest.mark.parametrize(("products", "shared"), [("one", 0), ("two", 4), ("auto", 4)])
def test_products_are_asked_of_the_machine(products: str, shared: int) -> None:
    words = [*COMPILE, *DENSE, "--macs", "8", "--target", "xc7a35t", "--products", products]
    assert main(words) == 0
    assert (schedule()["macs"], schedule()["shared_blocks"]) == (8, shared)
    modules = {path.name.removesuffix(".v") for path in Path("out/verilog").glob("*.v")}
    assert any("pair" in name for name in modules) == bool(shared)


@pytest.mark.parametrize(
    ("part", "products", "text"),
    [
        ("xc7a35t", "one", "lower-to-rtl"),
        ("xc7a35t", "two", "lower-to-rtl{products=two block=25x18 least=9}"),
        ("ice40-up5k", "auto", "lower-to-rtl{products=auto block=16x16 least=11}"),
        ("gowin-gw1n9", "two", "lower-to-rtl{products=two block=18x18 least=0}"),
    ],
)
def test_the_part_says_what_its_blocks_multiply(part: str, products: str, text: str) -> None:
    assert lower(PARTS[part], axi_lite=False, products=products) == text


def test_two_that_do_not_fit(capsys: pytest.CaptureFixture[str]) -> None:
    words = [*COMPILE, *DENSE, "--macs", "8", "--products", "two"]
    status, said = refused(capsys, *words)
    first, *notes = said.splitlines()
    assert status == 1
    assert first.startswith("error: lower-to-rtl: no two products share a block of 18x18 bits: ")
    assert notes == [
        "  note: take fewer bits for weights or activations",
        "  note: products=auto shares where it can",
    ]
    assert main([*words[:-1], "auto"]) == 0
    assert schedule()["shared_blocks"] == 0


def test_blocks_are_counted_and_not_multipliers() -> None:
    request, part = Request("tiny.json", "tiny.npz", Path("out")), PARTS["ice40-up5k"]
    check_multipliers(request, part, 8, 3, shared=3)
    with pytest.raises(UserError) as caught:
        check_multipliers(request, part, 8, 3, shared=2)
    said = (
        "11 multipliers (8 of the array in 6 blocks, 3 of the tail) do not fit the 8 DSP blocks of"
    )
    assert caught.value.diagnostics[0].message == f"{said} ice40-up5k"


def test_twice_as_many_multipliers_as_blocks_might_do(capsys: pytest.CaptureFixture[str]) -> None:
    words = [*COMPILE, *DENSE, "--target", "ice40-up5k", "--products", "auto"]
    status, said = refused(capsys, *words, "--macs", "18")
    assert (status, said.splitlines()[0]) == (
        1, "error: 18 multipliers do not fit the 8 DSP blocks of ice40-up5k",
    )  # fmt: skip
    status, said = refused(capsys, *words, "--macs", "16")
    assert (status, said.splitlines()[0]) == (
        1,
        "error: 22 multipliers (16 of the array, 6 of the tail) do not fit the 8 DSP blocks of ice40-up5k",
    )
