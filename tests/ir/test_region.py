"""A region's editing methods against a list of operations with lists of operands."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import F32


class Model:
    """The same region as a list: `text` has the operations as they stand, `uses` their operands."""

    def __init__(self) -> None:
        self.region = Region([F32, F32])
        self.text: list[Operation] = []
        self.uses: dict[Operation, list[Value]] = {}
        self.arguments = 2

    def values(self) -> list[Value]:
        results = [value for op in self.text for value in op.results]
        return [*(Value(self.region.entry, i) for i in range(self.arguments)), *results]

    def depends(self, op: Operation, other: Operation) -> bool:
        return op is other or any(
            self.depends(value.op, other)
            for value in self.uses.get(op, ())
            if value.op in self.uses
        )

    def used(self, op: Operation) -> bool:
        return any(value.op is op for operands in self.uses.values() for value in operands)

    def order(self) -> list[Operation]:
        """The first in the text whose operands are there, again and again."""
        done: list[Operation] = []
        while len(done) < len(self.text):
            ready = (
                op for op in self.text
                if op not in done
                and all(v.op in done or v.op is self.region.entry for v in self.uses[op])
            )  # fmt: skip
            done.append(next(ready))
        return done

    def check(self) -> None:
        assert self.region.operations() == self.order()
        assert self.region.arguments == tuple(
            Value(self.region.entry, i) for i in range(self.arguments)
        )
        for op in self.text:
            assert list(self.region.operands(op)) == self.uses[op]
        order = {op: index for index, op in enumerate(self.text)}
        for value in self.values():
            users = [
                (op, index)
                for op, operands in self.uses.items()
                for index, operand in enumerate(operands)
                if operand == value
            ]
            found = self.region.uses(value)
            assert found == sorted(users, key=lambda use: (order[use[0]], use[1]))
        for op in self.text:
            assert self.region.is_used(op) == self.used(op)
            assert self.region.use_count(op) == sum(
                value.op is op for operands in self.uses.values() for value in operands
            )
        self.check_graph()

    def check_graph(self) -> None:
        """The region's dictionaries are those that networkx makes by its own methods."""
        expected = nx.MultiDiGraph()
        expected.add_nodes_from([self.region.entry, *self.text])
        for op, operands in self.uses.items():
            for index, (producer, result) in enumerate(operands):
                expected.add_edge(producer, op, key=index, result=result)
        graph = self.region.graph
        assert nx.utils.graphs_equal(graph, expected)
        assert graph.pred == expected.pred
        assert graph.number_of_edges() == expected.number_of_edges()
        assert list(nx.topological_sort(graph))


Step = Callable[[Model, Random], None]


def _operation(random: Random) -> Operation:
    return Operation("test.op", [F32] * random.randint(1, 2))


def _some(random: Random, values: list[Value]) -> list[Value]:
    return random.choices(values, k=random.randint(0, 3)) if values else []


def insert_last(model: Model, random: Random) -> None:
    operands = _some(random, model.values())
    op = model.region.insert(_operation(random), operands)
    model.text.append(op)
    model.uses[op] = operands


def insert_before(model: Model, random: Random) -> None:
    if not model.text:
        return
    place = random.randrange(len(model.text))
    operands = _some(random, model.values())
    op = model.region.insert(_operation(random), operands, before=model.text[place])
    model.text.insert(place, op)
    model.uses[op] = operands


def set_operands(model: Model, random: Random) -> None:
    if not model.text:
        return
    op = random.choice(model.text)
    legal = [value for value in model.values() if not model.depends(value.op, op)]
    model.uses[op] = _some(random, legal)
    model.region.set_operands(op, model.uses[op])


def replace_uses(model: Model, random: Random) -> None:
    old = random.choice(model.values())
    users = [op for op in model.text if old in model.uses[op]]
    but = random.choice(users) if users and random.random() < 0.5 else None
    legal = [
        new for new in model.values()
        if not any(model.depends(new.op, user) for user in users if user is not but)
    ]  # fmt: skip
    new = random.choice(legal)
    model.region.replace_uses(old, new, but=but)
    for user in users:
        if user is not but:
            model.uses[user] = [new if value == old else value for value in model.uses[user]]


def replace(model: Model, random: Random) -> None:
    if not model.text:
        return
    op = random.choice(model.text)
    users = [user for user in model.text if any(v.op is op for v in model.uses[user])]
    legal = [v for v in model.values() if not any(model.depends(v.op, u) for u in [op, *users])]
    news = dict(zip(op.results, random.choices(legal, k=len(op.results)), strict=True))
    model.region.replace(op, list(news.values()))
    model.text.remove(op)
    del model.uses[op]
    for user in users:
        model.uses[user] = [news.get(value, value) for value in model.uses[user]]


def erase(model: Model, random: Random) -> None:
    if not model.text:
        return
    op = random.choice(model.text)
    if model.used(op):
        with pytest.raises(ValueError, match="still has users"):
            model.region.erase(op)
        return
    model.region.erase(op)
    assert op.region is None
    model.text.remove(op)
    del model.uses[op]


def add_argument(model: Model, random: Random) -> None:
    assert model.region.add_argument(F32) == Value(model.region.entry, model.arguments)
    model.arguments += 1


def drop_arguments(model: Model, random: Random) -> None:
    entry = model.region.entry
    dropped = set(random.choices(range(model.arguments), k=random.randint(0, 2)))
    used = {v.index for operands in model.uses.values() for v in operands if v.op is entry}
    if dropped & used:
        with pytest.raises(ValueError, match="still has users"):
            model.region.drop_arguments(dropped)
        return
    model.region.drop_arguments(dropped)
    kept = [index for index in range(model.arguments) if index not in dropped]
    moved = {Value(entry, old): Value(entry, new) for new, old in enumerate(kept)}
    model.arguments = len(kept)
    for op, operands in model.uses.items():
        model.uses[op] = [moved.get(value, value) for value in operands]
    if not kept:
        add_argument(model, random)


def arrange(model: Model, random: Random) -> None:
    random.shuffle(model.text)
    model.region.arrange(model.text)


STEPS: list[Step] = [
    insert_last, insert_last, insert_last, insert_before, insert_before, set_operands,
    replace_uses, replace, erase, add_argument, drop_arguments, arrange,
]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    random=st.randoms(use_true_random=False), steps=st.lists(st.sampled_from(STEPS), max_size=25)
)
def test_edits_do_what_they_do_to_a_list(random: Random, steps: list[Step]) -> None:
    model = Model()
    for step in steps:
        step(model, random)
        model.check()


def test_the_terminator_stands_last() -> None:
    region = Region([F32])
    end = region.terminate(Operation("test.end"), region.arguments)
    early = region.insert(Operation("test.a", [F32]))
    late = region.insert(Operation("test.b", [F32]), before=end)
    assert region.operations() == [early, late, end]
    region.erase(end)
    assert region.terminator is None


def test_a_value_from_outside_is_refused() -> None:
    outside = Region([F32]).arguments
    with pytest.raises(ValueError, match="outside its region"):
        Region().insert(Operation("test.a"), outside)
