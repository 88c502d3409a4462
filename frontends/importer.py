"""Imports an ONNX model as a module of level 1: the network as the model states it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from lstmir import dialects
from lstmir.frontends import operators
from lstmir.frontends.axes import Axis
from lstmir.frontends.folding import Folder, known
from lstmir.frontends.graph import ordered_nodes
from lstmir.frontends.names import identifier
from lstmir.frontends.node import ONNX_DOMAINS, Node
from lstmir.frontends.operators.table import OPERATORS
from lstmir.frontends.ports import claim_batch, input_axes, input_type, port
from lstmir.frontends.tensors import read_tensor
from lstmir.frontends.values import Computed, Imported, Known
from lstmir.ir.builder import Builder
from lstmir.ir.diagnostics import UserError
from lstmir.ir.interface import BATCH, set_ports
from lstmir.ir.module import Function, Module
from lstmir.ir.region import Region
from lstmir.ir.types import element_of, is_float

MIN_OPSET = 7
"""From this version on, broadcasting is numpy's and LSTM is what it is today."""


def import_model(model: dict[str, Any], name: str) -> Module:
    """The module behind a model in protobuf's JSON mapping, as `read_model` gives it.

    Its function `@main` has a parameter for each input and a result for each output, whole
    arrays in the model's own layout (`form` is "batch"); `interface` says which axes are batch
    and time. What depends on constants and shapes only is computed here. Raises `UserError`,
    naming the node, for what lstmir cannot express.
    """
    dialects.load()
    operators.load()
    return _Importer(model, name).module()


class _Importer:
    def __init__(self, model: dict[str, Any], name: str) -> None:
        _check_opset(model)
        graph = model["graph"]
        self.result = Module(identifier(name))
        self.region = Region()
        self.folder = Folder(Builder(self.result, self.region))
        self.values: dict[str, Imported] = {}
        self.initializers = _by_name(graph.get("initializer", ()), "weight")
        self.nodes = [Node.read(node) for node in graph.get("node", ())]
        inputs = _by_name(graph.get("input", ()), "input")
        self.inputs = {key: inputs[key] for key in inputs if key not in self.initializers}
        self.outputs = list(_by_name(graph.get("output", ()), "output"))
        _check_ends(graph, self.inputs, self.outputs)

    def module(self) -> Module:
        self.parameters()
        given = {*self.inputs, *self.initializers}
        nodes = ordered_nodes(self.nodes, given, self.outputs)
        _check_operators(nodes)
        for node in nodes:
            self.node(node)
        results = [self.value(name, "the model") for name in self.outputs]
        for name, result in zip(self.outputs, results, strict=True):
            if isinstance(result, Known):
                raise UserError(f"the output '{name}' is a constant: it depends on no input")
            if not is_float(result.value.type):
                raise UserError(
                    f"the output '{name}' holds {element_of(result.value.type)}, not floats"
                )
        self.folder.builder.end("return", [self.folder.value(result) for result in results])
        self.result.functions["main"] = Function("main", self.region)
        self.interface(results)
        return self.result

    def parameters(self) -> None:
        named: dict[str, Axis] = {}
        for name, info in self.inputs.items():
            value = self.region.add_argument(input_type(info), identifier(name))
            self.values[name] = Computed(value, input_axes(info, named))

    def node(self, node: Node) -> None:
        values = [self.value(name, str(node)) if name else None for name in node.inputs]
        try:
            operator = OPERATORS[node.op_type]
            results = operator.handler(operator.bind(node, values, self.folder))
        except UserError as error:
            raise UserError(f"{node}: {error.diagnostics[0].message}") from error
        for name, result in zip(node.outputs, results, strict=False):
            if name:
                self.values[name] = _named(result, name)

    def value(self, name: str, reader: str) -> Imported:
        if name in self.initializers:
            self.values[name] = known(read_tensor(self.initializers.pop(name), name), name)
        if name not in self.values:  # a further output of a node, such as the mask of a Dropout
            raise UserError(f"{reader} reads '{name}', an output that lstmir does not compute")
        return self.values[name]

    def interface(self, results: list[Imported]) -> None:
        roles = self.folder.roles
        inputs = [(name, self.values[name]) for name in self.inputs]
        outputs = list(zip(self.outputs, results, strict=True))
        for _, value in inputs:
            claim_batch(value.axes, roles)
        ports = [
            port(name, kind, self.folder.value(value).type, value.axes, roles)
            for kind, group in (("input", inputs), ("output", outputs))
            for name, value in group
        ]
        set_ports(self.result, ports)
        self.result.attributes["form"] = BATCH


def _check_operators(nodes: Sequence[Node]) -> None:
    unknown = [node for node in nodes if not _is_known(node)]
    if not unknown:
        return
    _, *others = dict.fromkeys(node.operator for node in unknown)
    also = f" (the same goes for {', '.join(others)})" if others else ""
    raise UserError(
        f"{unknown[0]}: operator is not supported by lstmir{also};"
        f" known operators: {', '.join(sorted(OPERATORS))}"
    )


def _is_known(node: Node) -> bool:
    return node.domain in ONNX_DOMAINS and node.op_type in OPERATORS


def _named(value: Imported, name: str) -> Imported:
    """The value, which bears the model's name from now on if it had none."""
    if isinstance(value, Known):
        value.name = value.name or name
        return value
    names = value.value.op.result_names
    names[value.value.index] = names[value.value.index] or identifier(name)
    return value


def _by_name(entries: Iterable[dict[str, Any]], what: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for entry in entries:
        if entry["name"] in found:
            raise UserError(f"the {what} '{entry['name']}' is defined twice")
        found[entry["name"]] = entry
    return found


def _check_opset(model: dict[str, Any]) -> None:
    versions = [
        int(entry.get("version", 0))
        for entry in model.get("opsetImport", ())
        if entry.get("domain", "") in ONNX_DOMAINS
    ]
    if not versions:
        raise UserError(
            "the model does not say which version of ONNX's operators it uses (opsetImport)"
        )
    if max(versions) < MIN_OPSET:
        raise UserError(
            f"the model uses version {max(versions)} of ONNX's operators;"
            f" lstmir reads versions from {MIN_OPSET} on"
        )


def _check_ends(graph: dict[str, Any], inputs: Collection[str], outputs: Collection[str]) -> None:
    if graph.get("sparseInitializer"):
        raise UserError("sparse weights (sparseInitializer) are not supported; save them dense")
    if not inputs:
        raise UserError("the model has no inputs")
    if not outputs:
        raise UserError("the model has no outputs")
