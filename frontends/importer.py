"""Imports an ONNX model as a module of level 1: the network as the model states it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lstmir import dialects
from lstmir.frontends import operators
from lstmir.frontends.model.messages import Model, integer_of
from lstmir.frontends.model.names import identifier
from lstmir.frontends.model.node import ONNX_DOMAINS
from lstmir.frontends.model.tensors import TensorReader
from lstmir.frontends.operators.scope import Scope, by_name, output_names
from lstmir.frontends.ports import claim_batch, input_of, port
from lstmir.frontends.values.axes import Axis, describe
from lstmir.frontends.values.folding import Folder
from lstmir.frontends.values.values import Computed, Imported, Known
from lstmir.ir.builder import Builder
from lstmir.ir.diagnostics import UserError
from lstmir.ir.interface import BATCH, set_ports
from lstmir.ir.module import Function, Module
from lstmir.ir.region import Region
from lstmir.ir.types import I1, element_of

MIN_OPSET = 7
"""From this version on, broadcasting is numpy's and LSTM is what it is today."""


def import_model(model: Model, name: str, folder: Path | None = None) -> Module:
    """The module behind a model, as `read_model` gives it; `folder` is where its file stands.

    Its function `@main` has a parameter for each input and a result for each output, whole
    arrays in the model's own layout (`form` is "batch"); `interface` says which axes are batch
    and time. What depends on constants and shapes only is computed here. Raises `UserError`,
    naming the node, for what lstmir cannot express.
    """
    dialects.load()
    operators.load()
    return _Importer(model, name, folder).module()


class _Importer:
    def __init__(self, model: Model, name: str, folder: Path | None) -> None:
        opset = _opset(model)
        graph = model.graph
        self.result = Module(identifier(name))
        self.region = Region()
        self.scope = Scope(
            graph, Folder(Builder(self.result, self.region)), TensorReader(folder), opset
        )
        inputs = by_name(graph.input, "input")
        weights = self.scope.initializers
        self.inputs = {key: inputs[key] for key in inputs if key not in weights}
        self.outputs = output_names(graph)
        self.named: dict[str, Axis] = {}
        if not self.inputs:
            raise UserError("the model has no inputs")
        if not self.outputs:
            raise UserError("the model has no outputs")
        for name in self.outputs:
            if self.outputs.count(name) > 1:
                raise UserError(f"the output '{name}' is defined twice")

    def module(self) -> Module:
        self.parameters()
        self.scope.import_nodes(self.outputs)
        results = [self.result_of(name) for name in self.outputs]
        folder = self.scope.folder
        folder.builder.end("return", [result.value for result in results])
        self.result.functions["main"] = Function("main", self.region)
        for finish in folder.finishers:
            finish()
        self.interface(results)
        return self.result

    def parameters(self) -> None:
        for name, info in self.inputs.items():
            source = input_of(info)
            value = self.region.add_argument(source.type, identifier(name))
            self.scope.values[name] = Computed(value, source.axes(self.named))

    def result_of(self, name: str) -> Computed:
        result = self.scope.value(name, "the model")
        if isinstance(result, Known):
            raise UserError(f"the output '{name}' is a constant: it depends on no input")
        element = element_of(result.value.type)
        if element == I1:
            raise UserError(f"the output '{name}' holds {element}, not numbers")
        if any(axis.parts for axis in result.axes):
            raise UserError(
                f"the output '{name}' has the shape {describe(result.axes)}, whose axes a Reshape took"
                " as one; leave that Reshape out, or part them again behind it"
            )
        return result

    def interface(self, results: Sequence[Imported]) -> None:
        folder = self.scope.folder
        roles = folder.roles
        inputs = [(name, self.scope.values[name]) for name in self.inputs]
        outputs = list(zip(self.outputs, results, strict=True))
        for _, value in inputs:
            claim_batch(value.axes, self.named.values(), roles)
        ports = [
            port(name, kind, folder.value(value).type, value.axes, roles)
            for kind, group in (("input", inputs), ("output", outputs))
            for name, value in group
        ]
        set_ports(self.result, ports)
        self.result.attributes["form"] = BATCH


def _opset(model: Model) -> int:
    """The version of ONNX's operators that the model uses."""
    versions = [
        integer_of(entry.version) for entry in model.opset_import if entry.domain in ONNX_DOMAINS
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
    return max(versions)
