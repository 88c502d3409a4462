"""ONNX's messages as JSON writes them: protobuf's mapping, and shorter forms for people.

The fields, their names and their meaning are those of ONNX's own `onnx.proto`; JSON writes them in
camelCase, bytes as base64, integers of 64 bits as numbers or text. `docs/onnx-json.schema.json`
derives from these classes. Where a person may write less than the mapping asks for, it says so here.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

from lstmir.frontends.model.patterns import AXIS_NAME, INTEGER

Whole: TypeAlias = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Integer: TypeAlias = Whole | Annotated[str, Meta(pattern=INTEGER)]
Choice: TypeAlias = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)] | str
"""A member of one of ONNX's enumerations: its number or its name."""
Number: TypeAlias = float | Literal["NaN", "Infinity", "-Infinity"]
Ignored: TypeAlias = Annotated[Any, Meta(description="Says nothing of what the model computes.")]
Refused: TypeAlias = Annotated[Any, Meta(description="Refused where the model needs it.")]
"""A field of ONNX's that lstmir does not read, though it may say what the model computes."""


def integer_of(value: Integer) -> int:
    """The number behind an integer or its text."""
    return int(value)


def json_name(field: str) -> str:
    """What JSON calls a field."""
    first, *rest = field.split("_")
    return "".join([first, *(part.capitalize() for part in rest)])


_SHORT = "Shorter, not part of ONNX's mapping:"


class _Message(Struct, rename="camel", forbid_unknown_fields=True, omit_defaults=True):
    """Fields that ONNX does not have are mistakes: nobody would see that they are not read."""


class _Named(_Message):
    """What a graph defines under a name."""

    name: str


class Entry(_Message):
    """StringStringEntryProto."""

    key: str = ""
    value: str = ""


class Tensor(_Named):
    """TensorProto: a name, a shape, and elements, which stand in one of the places for them."""

    name: str = ""
    dims: Annotated[
        list[Integer], Meta(description="The shape; none for a scalar, or beside values and npz.")
    ] = []
    data_type: Annotated[
        Choice | UnsetType,
        Meta(description="ONNX's number of the element type, or its name: FLOAT."),
    ] = UNSET
    raw_data: bytes | UnsetType = UNSET
    float_data: list[Number] = []
    double_data: list[Number] = []
    int32_data: list[Integer] = []
    int64_data: list[Integer] = []
    external_data: Annotated[
        list[Entry],
        Meta(description="location, offset and length of the bytes in a file beside the model's."),
    ] = []
    data_location: Annotated[Choice, Meta(description="EXTERNAL where external_data holds.")] = 0
    values: Annotated[
        list[Any] | Whole | float | bool | UnsetType,
        Meta(description=f"{_SHORT} lists within lists, which give the shape. FLOAT unless told."),
    ] = UNSET
    npz: Annotated[
        str | UnsetType,
        Meta(
            description=f"{_SHORT} an archive (.npz) beside the model, with an array of this name."
        ),
    ] = UNSET
    segment: Refused = None
    string_data: Refused = None
    uint64_data: Refused = None
    doc_string: Ignored = None
    metadata_props: Ignored = None


class Dimension(_Message):
    """TensorShapeProto.Dimension: a length, the name of one, or neither."""

    dim_value: Integer | UnsetType = UNSET
    dim_param: str = ""
    denotation: Ignored = None

    def __post_init__(self) -> None:
        if self.dim_value is not UNSET and self.dim_param:
            raise ValueError("'dimValue' and 'dimParam' exclude each other")


class Shape(_Message):
    """TensorShapeProto."""

    dim: list[Dimension] = []


class TensorType(_Message):
    """TypeProto.Tensor."""

    elem_type: Choice = 0
    shape: Shape | UnsetType = UNSET


class Type(_Message):
    """TypeProto. What is no tensor is refused where it is used."""

    tensor_type: TensorType | UnsetType = UNSET
    sequence_type: Refused = None
    map_type: Refused = None
    optional_type: Refused = None
    sparse_tensor_type: Refused = None
    opaque_type: Refused = None
    denotation: Ignored = None


class ValueInfo(_Named):
    """ValueInfoProto. A shape may stand here alone, as in `["time", "batch", 12]`."""

    type: Type | UnsetType = UNSET
    shape: Annotated[
        list[Whole | Annotated[str, Meta(pattern=AXIS_NAME)] | None] | UnsetType,
        Meta(description=f"{_SHORT} lengths, their names, or null for any; instead of a type."),
    ] = UNSET
    elem_type: Annotated[
        Choice | UnsetType, Meta(description=f"{_SHORT} beside `shape`; FLOAT unless told.")
    ] = UNSET
    doc_string: Ignored = None
    metadata_props: Ignored = None

    def __post_init__(self) -> None:
        if self.type is not UNSET and (self.shape is not UNSET or self.elem_type is not UNSET):
            raise ValueError("'type' excludes 'shape' and 'elemType', which are its shorter form")
        if self.elem_type is not UNSET and self.shape is UNSET:
            raise ValueError("'elemType' without 'shape'")


class AttributeValue(_Message):
    """What an attribute holds, in the one field for its kind."""

    type: Annotated[Choice, Meta(description="The kind: FLOAT, INT, STRING, TENSOR, …")] = 0
    f: Number | UnsetType = UNSET
    i: Integer | UnsetType = UNSET
    s: bytes | UnsetType = UNSET
    t: Tensor | UnsetType = UNSET
    g: Graph | UnsetType = UNSET
    floats: list[Number] | UnsetType = UNSET
    ints: list[Integer] | UnsetType = UNSET
    strings: list[bytes] | UnsetType = UNSET
    ref_attr_name: Annotated[
        str, Meta(description="In a function: the attribute of its call that is meant.")
    ] = ""
    sparse_tensor: Refused = None
    tp: Refused = None
    tensors: Refused = None
    graphs: Refused = None
    sparse_tensors: Refused = None
    type_protos: Refused = None
    doc_string: Ignored = None


class Attribute(AttributeValue, kw_only=True):
    """AttributeProto."""

    name: str


Plain: TypeAlias = Whole | float | str | list[Whole | float | str] | AttributeValue


class Node(_Message):
    """NodeProto. Attributes may be an object by name, whose texts are plain."""

    op_type: str
    name: str = ""
    domain: str = ""
    input: list[str] = []
    output: list[str] = []
    attribute: Annotated[
        list[Attribute] | dict[str, Plain],
        Meta(
            description="The mapping's list; or, shorter, an object by name: a number, a text, a list"
            ' of them, or {"t": a tensor}, {"g": a graph}.'
        ),
    ] = []
    overload: Annotated[str, Meta(description="Which of several functions of one name.")] = ""
    device_configurations: Ignored = None
    doc_string: Ignored = None
    metadata_props: Ignored = None


class Graph(_Message):
    """GraphProto. An output may be its name alone."""

    node: list[Node] = []
    name: str = ""
    initializer: Annotated[list[Tensor], Meta(description="The weights and other constants.")] = []
    sparse_initializer: Annotated[list[Any], Meta(description="Refused.")] = []
    input: list[ValueInfo] = []
    output: list[ValueInfo | str] = []
    value_info: list[ValueInfo] = []
    quantization_annotation: Ignored = None
    doc_string: Ignored = None
    metadata_props: Ignored = None


class OperatorSet(_Message):
    """OperatorSetIdProto: the version of the operators of a domain; ONNX's own is the empty text."""

    domain: str = ""
    version: Integer = 0


class Function(_Message):
    """FunctionProto: nodes with a name, which are written out where a node calls them."""

    name: str
    domain: str = ""
    overload: str = ""
    input: list[str] = []
    output: list[str] = []
    attribute: list[str] = []
    attribute_proto: Annotated[
        list[Attribute], Meta(description="Attributes with what they are unless a call says more.")
    ] = []
    node: list[Node] = []
    opset_import: list[OperatorSet] = []
    value_info: Ignored = None
    doc_string: Ignored = None
    metadata_props: Ignored = None


class Model(_Message):
    """ModelProto: a graph, and the versions of the operators in it."""

    graph: Graph
    opset_import: list[OperatorSet] = []
    functions: list[Function] = []
    ir_version: Ignored = None
    producer_name: Ignored = None
    producer_version: Ignored = None
    domain: Ignored = None
    model_version: Ignored = None
    doc_string: Ignored = None
    metadata_props: Ignored = None
    training_info: Ignored = None
    configuration: Ignored = None
