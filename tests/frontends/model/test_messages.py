"""The structure of models: the first mistake is named with its place."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from msgspec import Struct
from msgspec.structs import fields
from onnx import onnx_pb

from lstmir.frontends.model import messages
from lstmir.frontends.model.read import model_of, read_model
from lstmir.ir.diagnostics import UserError

VOWELS = Path(__file__).parents[3] / "examples" / "vowels" / "vowels_h32.json"
MISSING = object()

CASES: list[tuple[tuple[str | int, ...], Any, str]] = [
    (("graph",), MISSING, "the model: 'graph' is missing"),
    (("graph",), [], "graph: expected an object, got []"),
    (("graph", "node"), {}, "graph.node: expected a list, got {}"),
    (("graph", "node", 3), "Add", 'graph.node[3]: expected an object, got "Add"'),
    (("graph", "node", 3, "opType"), 5, "graph.node[3].opType: expected a text, got 5"),
    (("graph", "node", 3, "opType"), MISSING, "graph.node[3]: 'opType' is missing"),
    (("graph", "node", 3, "name"), None, "graph.node[3].name: expected a text, got null"),
    (("graph", "node", 0, "input", 0), 1, "graph.node[0].input[0]: expected a text, got 1"),
    (("graph", "node", 0, "output"), "y", 'graph.node[0].output: expected a list, got "y"'),
    (
        ("graph", "node", 2, "attribute", 0, "i"),
        "one",
        'graph.node[2].attribute[0].i: expected an integer of 64 bits, got "one"',
    ),
    (
        ("graph", "node", 2, "attribute", 0, "i"),
        2**63,
        "graph.node[2].attribute[0].i: expected an integer of 64 bits, got 9223372036854775808",
    ),
    (
        ("graph", "node", 2, "attribute", 0, "i"),
        str(-(2**63) - 1),
        'graph.node[2].attribute[0].i: expected an integer of 64 bits, got "-9223372036854775809"',
    ),
    (
        ("graph", "node", 2, "attribute", 0, "i"),
        1.0,
        "graph.node[2].attribute[0].i: expected an integer or a text, got 1.0",
    ),
    (
        ("graph", "node", 2, "attribute", 0, "name"),
        MISSING,
        "graph.node[2].attribute[0]: 'name' is missing",
    ),
    (
        ("graph", "node", 2, "attribute"),
        {"axis": True},
        "graph.node[2].attribute.axis: expected a number, a text, an object or a list, got true",
    ),
    (
        ("graph", "node", 2, "attribute"),
        {"axis": 0, "my axis": [0, None]},
        'graph.node[2].attribute["my axis"][1]: expected a number or a text, got null',
    ),
    (
        ("graph", "node", 2, "attribute"),
        {"axis": 2**64},
        "graph.node[2].attribute.axis: expected an integer of 64 bits, got 18446744073709551616",
    ),
    (
        ("graph", "node", 2, "attribute"),
        {"body": {"g": {"node": [{"opType": "Add", "attribute": {"a": {"ints": 1}}}]}}},
        "graph.node[2].attribute.body.g.node[0].attribute.a.ints: expected a list, got 1",
    ),
    (
        ("graph", "node", 11, "attribute", 0, "f"),
        "1.0",
        'graph.node[11].attribute[0].f: expected a number, got "1.0"',
    ),
    (
        ("graph", "node", 11, "attribute", 0, "type"),
        1.5,
        "graph.node[11].attribute[0].type: expected an integer or a text, got 1.5",
    ),
    (
        ("graph", "node", 11, "attribute", 0, "type"),
        2**31,
        "graph.node[11].attribute[0].type: expected an integer of 32 bits, got 2147483648",
    ),
    (
        ("graph", "node", 1, "attribute", 0, "t", "dims"),
        3,
        "graph.node[1].attribute[0].t.dims: expected a list, got 3",
    ),
    (
        ("graph", "initializer", 1, "dims", 0),
        True,
        "graph.initializer[1].dims[0]: expected an integer or a text, got true",
    ),
    (
        ("graph", "initializer", 1, "rawData"),
        list(range(100)),
        "graph.initializer[1].rawData: expected base64, got [0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,…",
    ),
    (
        ("graph", "initializer", 1, "rawData"),
        "AAA",
        'graph.initializer[1].rawData: expected base64, got "AAA"',
    ),
    (
        ("graph", "initializer", 1, "values"),
        "1",
        'graph.initializer[1].values: expected true or false, a number or a list, got "1"',
    ),
    (
        ("graph", "initializer", 0, "floatData"),
        ["big"],
        'graph.initializer[0].floatData[0]: expected a number, got "big"',
    ),
    (("graph", "input", 0, "name"), MISSING, "graph.input[0]: 'name' is missing"),
    (
        ("graph", "input", 0, "type", "tensorType", "shape", "dim", 1),
        "batch",
        'graph.input[0].type.tensorType.shape.dim[1]: expected an object, got "batch"',
    ),
    (
        ("graph", "input", 0, "type", "tensorType", "shape", "dim", 1),
        {"dimValue": 1, "dimParam": "batch"},
        "graph.input[0].type.tensorType.shape.dim[1]: 'dimValue' and 'dimParam' exclude each other",
    ),
    (
        ("graph", "input", 0, "shape"),
        [29, "batch", 12],
        "graph.input[0]: 'type' excludes 'shape' and 'elemType', which are its shorter form",
    ),
    (
        ("graph", "input", 0),
        {"name": "x", "shape": [29, "2", 12]},
        'graph.input[0].shape[1]: expected the name of an axis, or a number, got "2"',
    ),
    (
        ("graph", "input", 0),
        {"name": "x", "elemType": 1},
        "graph.input[0]: 'elemType' without 'shape'",
    ),
    (("graph", "output", 0), 1, "graph.output[0]: expected a text or an object, got 1"),
    (
        ("opsetImport", 0, "version"),
        "",
        'opsetImport[0].version: expected an integer of 64 bits, got ""',
    ),
    (
        ("graph", "node", 3, "inputs"),
        [],
        "graph.node[3]: there is no field 'inputs' here; did you mean 'input'?",
    ),
    (
        ("graph", "node", 3, "op_type"),
        "Add",
        "graph.node[3]: there is no field 'op_type' here; did you mean 'opType'?",
    ),
    (
        ("graph", "initializer", 0, "shape"),
        [1],
        "graph.initializer[0]: there is no field 'shape' here",
    ),
    (("comment",), "", "the model: there is no field 'comment' here"),
]


@pytest.fixture(scope="module")
def vowels() -> dict[str, Any]:
    mapping: dict[str, Any] = json.loads(VOWELS.read_text(encoding="utf-8"))
    return mapping


@pytest.mark.parametrize("form", ["file", "mapping"])
@pytest.mark.parametrize(("place", "value", "message"), CASES, ids=[case[2][:60] for case in CASES])
def test_the_place_is_named(
    place: tuple[str | int, ...],
    value: Any,
    message: str,
    form: str,
    vowels: dict[str, Any],
    tmp_path: Path,
) -> None:
    model: Any = copy.deepcopy(vowels)
    holder = model
    for key in place[:-1]:
        holder = holder[key]
    if value is MISSING:
        del holder[place[-1]]
    else:
        holder[place[-1]] = value
    path = tmp_path / "m.json"
    path.write_text(json.dumps(model))
    with pytest.raises(UserError) as error:
        _ = read_model(path) if form == "file" else model_of(model, str(path))
    assert str(error.value) == f"error: {path}: {message}"


def test_a_model_is_an_object() -> None:
    with pytest.raises(
        UserError, match=r"^error: m\.json: the model: expected an object, got \[\]$"
    ):
        model_of([], "m.json")


def test_fields_that_nobody_reads_may_be_anything(vowels: dict[str, Any]) -> None:
    model_of(vowels | {"docString": 5, "irVersion": []}, "m.json")


@pytest.mark.parametrize("number", [0, 10**18, 2**63 - 1, -(2**63)])
def test_integers_may_be_numbers_or_text(number: int) -> None:
    for version in (number, str(number)):
        model = model_of({"graph": {}, "opsetImport": [{"version": version}]}, "m")
        assert messages.integer_of(model.opset_import[0].version) == number


SHORTER = {"TensorProto": {"values", "npz"}, "ValueInfoProto": {"shape", "elemType"}}
"""The fields that people may write, and ONNX does not have."""

SHORTER_VALUES: dict[tuple[str, str], Any] = {
    ("NodeProto", "attribute"): {"name": "x"},
    ("GraphProto", "output"): ["text"],
}
"""What people may write where ONNX has something longer."""

# Fields of ONNX's that may be anything: they say nothing of what is computed, or are refused where
# a model needs them.
DOCUMENTATION = {
    "configuration", "denotation", "deviceConfigurations", "docString", "irVersion",
    "metadataProps", "modelVersion", "producerName", "producerVersion", "quantizationAnnotation",
    "trainingInfo",
}  # fmt: skip
REFUSED = {
    "graphs", "mapType", "opaqueType", "optionalType", "segment", "sequenceType", "sparseTensor",
    "sparseTensorType", "sparseTensors", "stringData", "tensors", "tp", "typeProtos", "uint64Data",
}  # fmt: skip
UNREAD = {
    *DOCUMENTATION, *REFUSED, "ModelProto.domain", "FunctionProto.valueInfo",
    "GraphProto.sparseInitializer",
}  # fmt: skip

STRUCTS: dict[Descriptor, type[Struct]] = {
    onnx_pb.ModelProto.DESCRIPTOR: messages.Model,
    onnx_pb.GraphProto.DESCRIPTOR: messages.Graph,
    onnx_pb.NodeProto.DESCRIPTOR: messages.Node,
    onnx_pb.AttributeProto.DESCRIPTOR: messages.Attribute,
    onnx_pb.TensorProto.DESCRIPTOR: messages.Tensor,
    onnx_pb.ValueInfoProto.DESCRIPTOR: messages.ValueInfo,
    onnx_pb.TypeProto.DESCRIPTOR: messages.Type,
    onnx_pb.TypeProto.Tensor.DESCRIPTOR: messages.TensorType,
    onnx_pb.TensorShapeProto.DESCRIPTOR: messages.Shape,
    onnx_pb.TensorShapeProto.Dimension.DESCRIPTOR: messages.Dimension,
    onnx_pb.OperatorSetIdProto.DESCRIPTOR: messages.OperatorSet,
    onnx_pb.FunctionProto.DESCRIPTOR: messages.Function,
    onnx_pb.StringStringEntryProto.DESCRIPTOR: messages.Entry,
}
FIELDS = [
    pytest.param(descriptor, field, id=f"{descriptor.name}.{field.json_name}")
    for descriptor in STRUCTS
    for field in descriptor.fields
]

# By the kind of a field: what MessageToDict may give for it, and what it never gives.
ANYTHING_ELSE: list[Any] = [True, None, {"no such field": 1}, [[]]]
KINDS: dict[int, tuple[list[Any], list[Any]]] = {
    FieldDescriptor.TYPE_FLOAT: ([0.5, -1, "NaN", "Infinity", "-Infinity"], ["1", "nan"]),
    FieldDescriptor.TYPE_DOUBLE: ([0.5, -1, "NaN", "Infinity", "-Infinity"], ["1", "nan"]),
    FieldDescriptor.TYPE_INT32: ([1, -1], [0.5, 2**63]),
    FieldDescriptor.TYPE_INT64: (["1", "-1", 1, str(2**63 - 1)], [0.5, 2**63, str(2**63), "1.0"]),
    FieldDescriptor.TYPE_STRING: (["text", ""], [1, 0.5]),
    FieldDescriptor.TYPE_BYTES: (["AA==", ""], ["A", 1, "*A=="]),
    FieldDescriptor.TYPE_ENUM: (["FLOAT", 21], [0.5]),
}


@pytest.mark.parametrize("descriptor", STRUCTS, ids=lambda descriptor: descriptor.name)
def test_the_fields_are_those_of_onnx(descriptor: Descriptor) -> None:
    ours = {field.encode_name for field in fields(STRUCTS[descriptor])}
    theirs = {field.json_name for field in descriptor.fields}
    assert theirs - ours == set()
    assert ours - theirs == SHORTER.get(descriptor.name, set())


@pytest.mark.parametrize(("descriptor", "field"), FIELDS)
def test_a_field_holds_what_it_holds_in_onnx(
    descriptor: Descriptor, field: FieldDescriptor
) -> None:
    name = field.json_name
    if name in UNREAD or f"{descriptor.name}.{name}" in UNREAD:
        for anything in ([], ["text"], [{"key": 1}]):
            assert _is_read(descriptor, name, anything)
        return
    if field.message_type is None:
        right, wrong = KINDS[field.type]
        wrong = [*wrong, {}]
    else:
        right, wrong = [_smallest(field.message_type)], ["text", 1]
    wrong = [*wrong, *ANYTHING_ELSE]
    if field.is_repeated:
        assert _is_read(descriptor, name, []) and _is_read(descriptor, name, right * 2)
        right, wrong = [[each] for each in right], [*right, *([each] for each in wrong)]
    assert [each for each in right if not _is_read(descriptor, name, each)] == []
    shorter = SHORTER_VALUES.get((descriptor.name, name))
    assert [each for each in wrong if _is_read(descriptor, name, each) and each != shorter] == []


def _smallest(descriptor: Descriptor) -> dict[str, Any]:
    """A message with what it must have."""
    return {field.encode_name: {} for field in fields(STRUCTS[descriptor]) if field.required} | {
        key: "x" for key in ("name", "opType") if key in descriptor.fields_by_camelcase_name
    }


def _is_read(descriptor: Descriptor, name: str, value: Any) -> bool:
    try:
        msgspec.convert(_smallest(descriptor) | {name: value}, STRUCTS[descriptor])
    except msgspec.ValidationError:
        return False
    return True
