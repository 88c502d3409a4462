"""A call of a function that the model defines: the function's nodes, with the caller's names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import zip_longest

from msgspec import UNSET, structs

from lstmir.frontends.model.attributes import entries_of
from lstmir.frontends.model.messages import Attribute, AttributeValue, Function, Graph, Node, Plain
from lstmir.ir.diagnostics import UserError


class Call:
    """The nodes of a function as they read and make the values of one call."""

    def __init__(self, call: Node, function: Function, taken: set[str]) -> None:
        self.call, self.function, self.taken = call, function, taken
        self.label = _label(call)
        for what in ("input", "output", "attribute"):
            self._check(what)
        defaults = {each.name: each for each in function.attribute_proto}
        self.values: Mapping[str, Plain] = {**defaults, **attributes_of(call)}
        self.renamed = {"": ""}
        for formal, actual in zip_longest(function.input, call.input, fillvalue=""):
            self.renamed[formal] = actual
        self.passed = [name for name in function.output if name in function.input]
        for formal, actual in zip(function.output, call.output, strict=False):
            if actual and formal not in self.passed:
                self.renamed[formal] = actual

    def _check(self, what: str) -> None:
        """Refuse what is given beyond what the function takes."""
        formals: list[str] = getattr(self.function, what)
        if what == "attribute":
            known = {*formals, *(each.name for each in self.function.attribute_proto)}
            more = [name for name in attributes_of(self.call) if name not in known]
        else:
            more = getattr(self.call, what)[len(formals) :]
        if more:
            raise UserError(
                f"node '{self.label}' calls the function '{self.function.name}' with the"
                f" {what} '{more[0]}', which it does not take"
            )

    def nodes(self) -> Iterator[Node]:
        """The nodes that stand where the call stood."""
        for node in self.function.node:
            yield self.node(node)
        for formal, actual in zip(self.function.output, self.call.output, strict=False):
            if actual and formal in self.passed:
                yield Node("Identity", input=[self.renamed[formal]], output=[actual])

    def node(self, node: Node) -> Node:
        meant = {name: self.entry(entry) for name, entry in attributes_of(node).items()}
        given = {name: entry for name, entry in meant.items() if entry is not None}
        return with_attributes(
            structs.replace(
                node,
                name=f"{self.label}/{node.name}" if node.name else "",
                input=[self.rename(name) for name in node.input],
                output=[self.rename(name) for name in node.output],
            ),
            given,
        )

    def entry(self, entry: Plain) -> Plain | None:
        """An attribute in the function's body; None where it stands for one that is not given."""
        if not isinstance(entry, AttributeValue):
            return entry
        if entry.ref_attr_name:
            return self.values.get(entry.ref_attr_name)
        return entry if entry.g is UNSET else structs.replace(entry, g=self.graph(entry.g))

    def graph(self, graph: Graph) -> Graph:
        """A graph within the function: its own names are new too, so that none meets the caller's."""
        for tensor in graph.initializer:
            if tensor.npz is not UNSET:
                raise UserError(
                    f"the weight '{tensor.name}' of a graph in the function '{self.function.name}'"
                    " stands in an archive; write its values"
                )
        return structs.replace(
            graph,
            node=[self.node(node) for node in graph.node],
            initializer=[
                structs.replace(each, name=self.rename(each.name)) for each in graph.initializer
            ],
            input=[structs.replace(each, name=self.rename(each.name)) for each in graph.input],
            output=[self.rename(name) for name in _output_names(graph)],
            value_info=[],
        )

    def rename(self, name: str) -> str:
        if name not in self.renamed:
            fresh = f"{self.label}/{name}"
            while fresh in self.taken:
                fresh += "_"
            self.taken.add(fresh)
            self.renamed[name] = fresh
        return self.renamed[name]


def attributes_of(node: Node) -> Mapping[str, Plain]:
    """The attributes by their names. Raises `UserError`, naming the node, for one that is given twice."""
    try:
        return entries_of(node.attribute)
    except UserError as error:
        message = error.diagnostics[0].message
        raise UserError(f"node '{_label(node)}' ({node.op_type}): {message}") from error


def with_attributes(node: Node, entries: Mapping[str, Plain]) -> Node:
    """The node with these attributes, in the mapping's own form, unless one of them has the shorter one."""
    listed = [
        Attribute(
            name=name, **{each: getattr(entry, each) for each in AttributeValue.__struct_fields__}
        )
        for name, entry in entries.items()
        if isinstance(entry, AttributeValue)
    ]
    return structs.replace(node, attribute=listed if len(listed) == len(entries) else dict(entries))


def _label(node: Node) -> str:
    return node.name or next(filter(None, node.output), node.op_type)


def _output_names(graph: Graph) -> list[str]:
    return [output if isinstance(output, str) else output.name for output in graph.output]
