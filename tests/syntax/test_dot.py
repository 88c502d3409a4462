"""A picture shows every operation once, and an edge for every use."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

from lstmir import dialects
from lstmir.ir.definition import OpDefinition
from lstmir.ir.module import Module
from lstmir.syntax.dot import COLOURS, print_dot
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module
from tests.syntax.examples import example_module, with_examples

LEVEL_4 = Path(__file__).parents[1] / "data" / "vowels_level4.lstmir"

_NODE = re.compile(r" *(n\d+) \[label=<(.*)> ((?:\w+=\S+ ?)+)\]")
_EDGE = re.compile(
    r' *(n\d+) -> (n\d+)(?: \[(?:label="([^"]*)")? ?(style=dashed constraint=false)?\])?'
)
_CLUSTER = re.compile(r' *label=<(.*)> color="#\w+" style=rounded')
_OTHER = re.compile(
    r'digraph "\w+" {|  (?:graph|node|edge) \[.*\]|'
    r" *subgraph cluster_\d+ {| *{ rank=same(?: n\d+)+ }| *}"
)


@dataclass
class Picture:
    """What stands in a DOT text, in order."""

    clusters: list[str]
    nodes: dict[str, str]
    styles: dict[str, str]
    edges: list[tuple[str, str, str]]
    dashed: list[tuple[str, str]]

    @property
    def labels(self) -> list[str]:
        return [*self.clusters, *self.nodes.values()]


def read(text: str) -> Picture:
    """Reads a picture; every line must be one that a picture may have."""
    picture = Picture([], {}, {}, [], [])
    for line in text.splitlines():
        if node := _NODE.fullmatch(line):
            picture.nodes[node[1]] = plain(node[2])
            picture.styles[node[1]] = node[3]
        elif edge := _EDGE.fullmatch(line):
            ends = (first(picture.nodes[edge[1]]), first(picture.nodes[edge[2]]))
            if edge[4]:
                picture.dashed.append(ends)
            else:
                picture.edges.append((*ends, edge[3] or ""))
        elif cluster := _CLUSTER.fullmatch(line):
            picture.clusters.append(plain(cluster[1]))
        else:
            assert _OTHER.fullmatch(line), line
    assert text.count("{") == text.count("}")
    return picture


def plain(label: str) -> str:
    """The lines of a label, which must be well-formed."""
    root = ElementTree.fromstring(f"<label>{label.replace('<BR/>', chr(10))}</label>")
    return "".join(root.itertext()).replace("\u00a0 ", "\n")


def first(label: str) -> str:
    return label.split("\n")[0].split(" ")[0]


def assert_complete(module: Module) -> Picture:
    """Every operation is there once, and so is every use."""
    picture = read(print_dot(module))
    operations = list(module.walk())
    shown = Counter(first(label) for label in picture.labels if not label.startswith(("%", "func")))
    assert shown == Counter(op.name for op in operations)
    assert len(picture.edges) == sum(len(op.operands) for op in operations)
    arguments = [*(v for f in module.functions.values() for v in f.parameters)]
    arguments += [v for op in operations for region in op.regions for v in region.arguments]
    assert sum(label.startswith("%") for label in picture.labels) == len(arguments)
    return picture


@pytest.mark.parametrize("definition", with_examples(), ids=lambda definition: definition.name)
def test_every_operation_can_be_seen(definition: OpDefinition) -> None:
    module = parse_module(example_module(definition))
    picture = assert_complete(module)
    for op in module.walk():
        if not op.regions and not any(each.regions for each in module.walk()):
            uses = Counter((_shown(value.op, value.name), op.name) for value in op.operands)
            assert uses <= Counter((a, b) for a, b, _ in picture.edges)


def _shown(op: object, name: str | None) -> str:
    kind = str(getattr(op, "name", ""))
    return f"%{name}" if kind == "region.entry" else kind


def test_a_whole_program_can_be_seen() -> None:
    text = LEVEL_4.read_text(encoding="utf-8")
    module = parse_module(text)
    assert_complete(module)
    assert print_dot(module) == print_dot(parse_module(print_module(module)))


NESTED = """\
module @nested {
  func @main(%x: tensor<?x4x!fx.s<8,4>>, %h0: tensor<4x!fx.s<8,4>>, %k: !fx.s<8,4>) {
    %ys, %h = rnn.scan (%xt = %x) state (%hp = %h0) capture (%c = %k) {
      %s = arith.add %xt, %hp, %c : (tensor<4x!fx.s<8,4>>, tensor<4x!fx.s<8,4>>, !fx.s<8,4>) -> tensor<4x!fx.s<10,4>>
      %q = fx.requantize %s {rounding = "half_even", overflow = "saturate"} : (tensor<4x!fx.s<10,4>>) -> tensor<4x!fx.s<8,4>>
      %l = tile.for index (%i) carry (%a = %q) {
        tile.yield %a : tensor<4x!fx.s<8,4>>
      } {trip = 4} : tensor<4x!fx.s<8,4>>
      rnn.yield state (%l) emit (%q) : tensor<4x!fx.s<8,4>>
    } : (tensor<?x4x!fx.s<8,4>>, tensor<4x!fx.s<8,4>>, !fx.s<8,4>) -> (tensor<?x4x!fx.s<8,4>>, tensor<4x!fx.s<8,4>>)
    return %h : tensor<4x!fx.s<8,4>>
  }
}
"""  # noqa: E501


def test_a_use_leads_into_a_body_and_out_of_its_end() -> None:
    picture = assert_complete(parse_module(NESTED))
    assert picture.edges == [
        ("%x", "%xt", ""),
        ("%h0", "%hp", "state"),
        ("%k", "%c", "capture"),
        ("%xt", "arith.add", ""),
        ("%hp", "arith.add", ""),
        ("%c", "arith.add", ""),
        ("arith.add", "fx.requantize", ""),
        ("fx.requantize", "%a", "carry"),
        ("%a", "tile.yield", ""),
        ("tile.yield", "rnn.yield", "state"),
        ("fx.requantize", "rnn.yield", "emit"),
        ("rnn.yield", "return", "%h"),
    ]
    assert sorted(picture.dashed) == [("rnn.yield", "%hp"), ("tile.yield", "%a")]


def test_labels_say_names_types_and_attributes() -> None:
    picture = read(print_dot(parse_module(NESTED)))
    assert picture.clusters == [
        "func @main",
        "rnn.scan\n%ys ?x4xs<8,4>\n%h 4xs<8,4>",
        "tile.for\n%l 4xs<8,4>\ntrip = 4",
    ]
    assert (
        'fx.requantize\n%q 4xs<8,4>\nrounding = "half_even", overflow = "saturate"'
        in picture.labels
    )
    assert "%x ?x4xs<8,4>" in picture.labels


COMPARE = """\
module @m {
  func @main(%a: f32, %b: f32) {
    %t = arith.compare %a, %b {predicate = "lt"} : (f32, f32) -> i1
    return %t : i1
  }
}
"""


@pytest.mark.parametrize("text", ["lt", "<&>'|{}[]&amp;", '\\N "\\"\n', "é…", "x" * 100])
def test_any_text_can_stand_in_a_label(text: str) -> None:
    module = parse_module(COMPARE)
    compare = next(module.walk())
    compare.attributes["predicate"] = text
    (label,) = (each for each in read(print_dot(module)).labels if each.startswith("arith.compare"))
    shown = f"predicate = {json.dumps(text)}"
    assert label.split("\n")[2] == (shown if len(shown) <= 48 else f"{shown[:47]}…")


def test_constants_are_lighter_and_ends_are_heavier() -> None:
    picture = read(print_dot(parse_module(LEVEL_4.read_text(encoding="utf-8"))))
    for node, label in picture.nodes.items():
        name, style = first(label), picture.styles[node]
        assert ("dashed" in style) == (name == "tensor.constant")
        assert ("penwidth=2" in style) == (name in ("return", "rnn.yield", "tile.yield"))
        assert ("ellipse" in style) == name.startswith("%")


def test_each_dialect_has_a_colour_of_its_own() -> None:
    assert set(COLOURS) == set(dialects.NAMES)
    assert len(set(COLOURS.values())) == len(COLOURS)
