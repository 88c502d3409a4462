"""`schedule`: nothing starts too early, and the tail takes a unit a cycle."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from lstmir.ir.module import Module
from lstmir.ir.operation import Operation
from lstmir.ir.region import Region
from lstmir.passes.machine.reading import is_sum
from lstmir.passes.machine.rounding import rounds_at_once
from lstmir.syntax.printer import print_module
from tests.passes.levels import FEW, Recipe, apply, recipes
from tests.strategies.networks import Network, networks

LEVEL_4 = "tile{{macs={}}},block-layout,schedule"


def scheduled(network: Network, recipe: Recipe, macs: int) -> Module:
    return apply(recipe.fixed_point(network), LEVEL_4.format(macs))


def tail(module: Module) -> list[Operation]:
    """The operations of the loop over hidden units: the one that runs one unit a cycle."""
    (region,) = {op.parent for op in module.walk() if op.name == "fx.lookup"}
    assert region.owner is not None
    assert region.owner.attributes["pipeline"] == 1
    return [op for op in region.operations() if op is not region.end]


def is_held_by_users(op: Operation) -> bool:
    """Whether a table takes it as its index, or a vector as the word that is stored."""
    assert op.parent is not None
    users = {user.name for user, _ in op.parent.uses(op.result)}
    return op.name == "fx.requantize" and users in ({"fx.lookup"}, {"tile.store"})


def is_rounded_with(op: Operation, source: Operation) -> bool:
    """Whether a table's index is rounded from what the word is rounded from that it stands for."""
    both = op.name == source.name == "fx.requantize"
    return both and is_held_by_users(op) and rounds_at_once(source, op)


@settings(FEW, max_examples=40)
@given(networks(), recipes(), st.integers(4, 64))
def test_no_operation_starts_before_its_operands(
    network: Network, recipe: Recipe, macs: int
) -> None:
    operations = tail(scheduled(network, recipe, macs))
    ends = {op: op.attributes["start"] + op.attributes["latency"] for op in operations}
    assert min(op.attributes["start"] for op in operations if is_sum(op)) == 0
    for op in operations:
        is_held = op.attributes["latency"] >= 1 or is_sum(op)
        assert is_held or op.name in ("arith.add", "arith.sub") or is_held_by_users(op)
        before = [
            source.attributes["start"] if is_rounded_with(op, source) else ends[source]
            for source in (value.op for value in op.operands)
            if source in ends
        ]
        earliest = -op.attributes["latency"] if op.name == "tile.load" else -1
        assert op.attributes["start"] >= max(before, default=earliest)
    stores = [ends[op] for op in operations if op.name == "tile.store"]
    assert max(stores) == max(ends.values())


def turns(region: Region) -> int:
    """How often the array multiplies while a region runs once."""
    inner = (
        op.attributes["trip"] * turns(op.regions[0]) for op in region.operations() if op.regions
    )
    return int(sum(inner)) + sum(op.name == "tile.mac" for op in region.operations())


@settings(FEW, max_examples=40)
@given(networks(), recipes(), st.integers(4, 64))
def test_intervals_leave_room_for_what_must_happen(
    network: Network, recipe: Recipe, macs: int
) -> None:
    module = scheduled(network, recipe, macs)
    timing, operations = module.attributes["timing"], tail(module)
    (scan,) = (op for op in module.main.region.operations() if op.name == "rnn.scan")
    heads = [op for op in module.main.region.operations() if op.name == "tile.for"]
    assert timing["step"] >= turns(scan.regions[0])
    assert timing["step"] == scan.attributes["interval"]
    assert timing["finish"] >= sum(op.attributes["trip"] * turns(op.regions[0]) for op in heads)
    assert timing["release"] <= timing["step"]
    assert timing["results"] == tuple(sorted(timing["results"]))
    assert min(timing["results"]) > max(op.attributes["start"] for op in operations if is_sum(op))


def test_the_schedule_of_a_schedule_is_itself() -> None:
    module = scheduled(Network(), Recipe(), 16)
    before = print_module(module)
    assert print_module(apply(module, "schedule")) == before
