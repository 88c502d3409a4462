"""The layers of `rnn`: recurrent networks as ONNX states them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lstmir.dialects.activations import Activation, activations_of
from lstmir.dialects.shapes import same_elements
from lstmir.ir.attributes import Attribute
from lstmir.ir.context import OpContext
from lstmir.ir.definition import Group, Infer, OpDefinition, define
from lstmir.ir.diagnostics import Invalid
from lstmir.ir.types import I32, I64, TensorType, Type

DIRECTIONS = ("forward", "reverse", "bidirectional")

_INPUTS = ("", "weights", "recurrence")
_STATES = ("initial_h", "initial_c")


@dataclass(frozen=True)
class Layer:
    """A kind of layer: rows of the matrices for a unit, functions, and what it may be given."""

    gates: int
    activations: tuple[str, ...]
    parts: tuple[str, ...]

    @property
    def states(self) -> tuple[str, ...]:
        """Where its initial states are given; the first one is also what a step gives."""
        return tuple(part for part in self.parts if part in _STATES)


LAYERS = {
    "rnn.lstm": Layer(
        4,
        ("Sigmoid", "Tanh", "Tanh"),
        (*_INPUTS, "bias", "lengths", "initial_h", "initial_c", "peepholes"),
    ),
    "rnn.gru": Layer(3, ("Sigmoid", "Tanh"), (*_INPUTS, "bias", "lengths", "initial_h")),
    "rnn.simple_rnn": Layer(1, ("Tanh",), (*_INPUTS, "bias", "lengths", "initial_h")),
}


def directions_of(attributes: Mapping[str, Any]) -> tuple[str, ...]:
    """`forward`, `reverse`, or both."""
    direction = attributes["direction"]
    return DIRECTIONS[:2] if direction == "bidirectional" else (direction,)


def layer_activations(name: str, attributes: Mapping[str, Any]) -> list[tuple[Activation, ...]]:
    """The functions of each direction of a layer. Raises `Invalid` for attributes that do not fit."""
    return activations_of(attributes, LAYERS[name].activations, len(directions_of(attributes)))


def _infer(name: str) -> Infer:
    def infer(context: OpContext) -> list[Type]:
        parts = _parts(name, context)
        _check_numbers(context.attributes)
        layer_activations(name, context.attributes)
        return _results(LAYERS[name], parts, context.attributes)

    return infer


def _parts(name: str, context: OpContext) -> dict[str, TensorType]:
    """The type of each part that is given."""
    sizes = context.attributes["segments"]
    if any(size > 1 for size in sizes) or not all(sizes[: len(_INPUTS)]):
        raise Invalid(
            f"'{name}' takes one input, weights and recurrence, and at most one of each other"
        )
    given = [part for part, size in zip(LAYERS[name].parts, sizes, strict=True) if size]
    found: dict[str, TensorType] = {}
    for part, type_ in zip(given, context.types, strict=True):
        if not isinstance(type_, TensorType):
            raise Invalid(f"expected tensors, not {type_}")
        found[part] = type_
    return found


def _check_numbers(attributes: Mapping[str, Any]) -> None:
    if attributes["hidden_size"] < 1:
        raise Invalid(f"hidden_size must be positive, not {attributes['hidden_size']}")
    if attributes.get("clip", 1.0) <= 0:
        raise Invalid(f"the clip must be positive, not {attributes['clip']}")


def _results(
    layer: Layer, parts: Mapping[str, TensorType], attributes: Mapping[str, Any]
) -> list[Type]:
    source, hidden = parts[""], attributes["hidden_size"]
    directions = len(directions_of(attributes))
    if len(source.shape) != 3:
        raise Invalid(f"the input must be [time, batch, features], not {source}")
    time, batch, features = source.shape
    rows = layer.gates * hidden
    _expect(parts["weights"], (directions, rows, features), "the weights")
    _expect(parts["recurrence"], (directions, rows, hidden), "the recurrence")
    _expect(parts.get("bias"), (directions, 2 * rows), "the bias")
    _expect(parts.get("peepholes"), (directions, 3 * hidden), "the peepholes")
    for part in layer.states:
        _expect_state(parts.get(part), (directions, batch, hidden))
    _check_lengths(parts.get("lengths"), source)
    element = same_elements(tuple(t for part, t in parts.items() if part != "lengths"))
    state: Type = TensorType((directions, batch, hidden), element)
    return [TensorType((time, directions, batch, hidden), element)] + [state] * len(layer.states)


def _expect(type_: TensorType | None, shape: tuple[int | None, ...], what: str) -> None:
    if type_ is not None and type_.shape != shape:
        expected = "x".join("?" if size is None else str(size) for size in shape)
        raise Invalid(f"{what} must be {expected}, not {type_}")


def _expect_state(type_: TensorType | None, shape: tuple[int | None, ...]) -> None:
    """A state for each sample, or one for all."""
    if type_ is not None and type_.shape != (shape[0], 1, shape[2]):
        _expect(type_, shape, "an initial state")


def _check_lengths(type_: TensorType | None, source: TensorType) -> None:
    if type_ is None:
        return
    if type_.element not in (I32, I64):
        raise Invalid(f"lengths are i32 or i64, not {type_}")
    if type_.shape not in ((source.shape[1],), (1,)):
        raise Invalid(f"lengths are one for each sample of {source}, not {type_}")


_ATTRIBUTES = (
    Attribute("hidden_size", "int", "units a direction"),
    Attribute("direction", "str", "how the input is read", choices=DIRECTIONS),
    Attribute("activations", "strings", "the functions, by direction; absent for ONNX's", False),
    Attribute("alpha", "floats", "of each function its alpha; absent for ONNX's", False),
    Attribute("beta", "floats", "of each function its beta; absent for ONNX's", False),
    Attribute("clip", "float", "bounds what the functions of the gates are given", False),
)
_COUPLED = Attribute("input_forget", "bool", "whether the forget gate is 1 - i", False)
_RESET_LATE = Attribute(
    "linear_before_reset", "bool", "whether r multiplies the product with R, not h", False
)


def _layer(name: str, summary: str, results: Sequence[str], *more: Attribute) -> None:
    define(
        OpDefinition(
            name,
            summary,
            operands=("values*",),
            results=("sequence", *results),
            groups=tuple(Group(part) for part in LAYERS[name].parts),
            attributes=(*_ATTRIBUTES, *more),
            infer=_infer(name),
            example=_example(name, results),
        )
    )


def _example(name: str, results: Sequence[str]) -> str:
    rows = 8 * LAYERS[name].gates
    names = ", ".join(["%y", *(f"%{result[-1]}" for result in results)])
    states = ", tensor<1x?x8xf32>" * len(results)
    return (
        f"{names} = {name} (%x) weights (%w) recurrence (%r) bias (%b) "
        '{hidden_size = 8, direction = "forward"} : '
        f"(tensor<?x?x4xf32>, tensor<1x{rows}x4xf32>, tensor<1x{rows}x8xf32>, "
        f"tensor<1x{2 * rows}xf32>) -> (tensor<?x1x?x8xf32>{states})"
    )


_layer(
    "rnn.lstm",
    "ONNX's LSTM: time first, gates i, o, f, c; a state of batch 1 serves the whole batch.",
    ("final_h", "final_c"),
    _COUPLED,
)
_layer(
    "rnn.gru",
    "ONNX's GRU: time first, gates z, r, h; a state of batch 1 serves the whole batch.",
    ("final_h",),
    _RESET_LATE,
)
_layer(
    "rnn.simple_rnn",
    "ONNX's RNN: time first, one gate, which is h; a state of batch 1 serves the whole batch.",
    ("final_h",),
)
