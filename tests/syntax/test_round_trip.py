"""Printing and parsing are inverse, in both forms."""

from __future__ import annotations

from collections.abc import Iterator

import networkx as nx
import pytest
from hypothesis import given, settings

from lstmir.ir.equality import modules_equal
from lstmir.ir.module import Module
from lstmir.ir.region import Region
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module
from tests.strategies.modules import modules


@pytest.mark.parametrize("generic", [False, True], ids=["pretty", "generic"])
@settings(max_examples=100, deadline=None)
@given(module=modules())
def test_what_was_printed_parses_as_the_same_module(generic: bool, module: Module) -> None:
    text = print_module(module, generic=generic)
    parsed = parse_module(text)
    assert modules_equal(module, parsed)
    assert print_module(parsed, generic=generic) == text
    assert print_module(parsed, generic=not generic) == print_module(module, generic=not generic)


@settings(max_examples=50, deadline=None)
@given(module=modules())
def test_the_graphs_are_isomorphic(module: Module) -> None:
    parsed = parse_module(print_module(module))
    for name, function in module.functions.items():
        for region, twin in zip(
            _regions(function.region), _regions(parsed.functions[name].region), strict=True
        ):
            if len(region.graph) <= 30:
                _assert_isomorphic(region, twin)


def _regions(region: Region) -> Iterator[Region]:
    """A region and those inside it, in the order of the text."""
    yield region
    for op in region.walk():
        yield from op.regions


def _assert_isomorphic(a: Region, b: Region) -> None:
    def labelled(region: Region) -> nx.MultiDiGraph:
        graph = nx.MultiDiGraph()
        for op in region.graph:
            graph.add_node(op, label=(op.name, tuple(op.result_types)))
        for producer, consumer, key, result in region.graph.edges(keys=True, data="result"):
            graph.add_edge(producer, consumer, key=key, use=(key, result))
        return graph

    assert nx.is_isomorphic(
        labelled(a),
        labelled(b),
        node_match=lambda x, y: x == y,
        edge_match=lambda x, y: (
            sorted(edge["use"] for edge in x.values()) == sorted(edge["use"] for edge in y.values())
        ),
    )


def test_resources_can_be_left_out() -> None:
    text = """module @m {
  func @main() -> tensor<1xf32> {
    %w = tensor.constant @w : tensor<1xf32>
    return %w : tensor<1xf32>
  }
}
"""
    whole = text + '{-# resources: {\n  w: "0x0000803f"\n} #-}\n'
    module = parse_module(whole)
    assert print_module(module) == whole
    assert print_module(module, resources="elide") == text


def test_both_line_ends_are_read() -> None:
    text = "module @m {\n  func @main(%x: f32) -> f32 {\n    return %x : f32 // end\n  }\n}\n"
    printed = print_module(parse_module(text.replace("\n", "\r\n")))
    assert printed == text.replace(" // end", "")
