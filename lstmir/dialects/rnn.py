"""`rnn`: recurrent networks as models state them, and the loop over time that they become.

`rnn.lstm`, `rnn.gru` and `rnn.simple_rnn` are ONNX's LSTM, GRU and RNN, with everything that these may
be given: the equations are ONNX's, and so are the names, order and defaults of the functions. W, R, B and
P are stacked as ONNX stacks them. Where ONNX's text leaves something open:

- `clip` bounds what the functions of the gates are given. The cell state is not clipped, neither where
  it is kept nor where it goes into the last function.
- `input_forget` makes the forget gate 1 - i; its rows of the matrices are not used.
- `lengths` has the steps of each sample. Behind them states stay what they are and the sequence is zero;
  in reverse, a sample begins with its own last step. A sample of length 0 keeps its initial state.
- `alpha` and `beta` have a number for each function, 0 for one that takes none. `Affine` and
  `ScaledTanh` have no defaults.

`expand-cells` makes an `rnn.scan` of each direction, whose body is the cell as a graph.
"""

from __future__ import annotations

from collections.abc import Sequence

from lstmir.dialects.layers import DIRECTIONS as DIRECTIONS  # defines the layers as well
from lstmir.ir.attributes import Attribute
from lstmir.ir.context import OpContext
from lstmir.ir.definition import Group, OpDefinition, define
from lstmir.ir.diagnostics import Invalid
from lstmir.ir.operation import Operation
from lstmir.ir.types import I32, I64, TensorType, Type, of_shape


def scan_arguments(context: OpContext) -> list[Type]:
    """What enters the body of a scan: one step of each input, then states, then captures."""
    inputs, length, _, _ = context.attributes["segments"]
    if inputs == 0:
        raise Invalid("'rnn.scan' needs an input: its first axis is time")
    _check_length(context.types[inputs : inputs + length])
    steps = [_step(type_) for type_ in context.types[:inputs]]
    if len({time for time, _ in steps}) > 1:
        raise Invalid(f"inputs differ in time: {', '.join(map(str, context.types[:inputs]))}")
    return [type_ for _, type_ in steps] + list(context.types[inputs + length :])


def _check_length(types: Sequence[Type]) -> None:
    if len(types) > 1:
        raise Invalid(f"'rnn.scan' has one length, not {len(types)}")
    if types and types[0] not in (I32, I64):
        raise Invalid(f"the length is one number, i32 or i64, not {types[0]}")


def _step(type_: Type) -> tuple[int | None, Type]:
    if not isinstance(type_, TensorType) or not type_.shape:
        raise Invalid(f"an input of 'rnn.scan' needs a time axis, {type_} has none")
    return type_.shape[0], of_shape(type_.shape[1:], type_.element)


def scan_results(op: Operation) -> list[Type]:
    """The types of a scan's results: emitted sequences, then final states."""
    end = op.regions[0].end
    states = end.attributes["segments"][0]
    types = [value.type for value in end.operands]
    source = op.operands[0].type
    assert isinstance(source, TensorType)
    return [sequence_type(source.shape[0], type_) for type_ in types[states:]] + types[:states]


def sequence_type(time: int | None, type_: Type) -> TensorType:
    """The type of what a body emits as values of this type."""
    if isinstance(type_, TensorType):
        return TensorType((time, *type_.shape), type_.element)
    return TensorType((time,), type_)


def _verify_scan(context: OpContext, results: Sequence[Type]) -> None:
    assert context.op is not None
    end = context.op.regions[0].end
    if end.name != "rnn.yield":
        raise Invalid("the body of 'rnn.scan' ends with 'rnn.yield'")
    states, captures = context.attributes["segments"][2:]
    yielded = [value.type for value in end.operands][: end.attributes["segments"][0]]
    behind = len(context.types) - captures
    held = list(context.types[behind - states : behind])
    if yielded != held:
        raise Invalid(f"states are ({_join(held)}) but the body yields ({_join(yielded)})")
    expected = scan_results(context.op)
    if list(results) != expected:
        raise Invalid(f"'rnn.scan' gives ({_join(expected)}), not ({_join(results)})")


def _join(types: Sequence[Type]) -> str:
    return ", ".join(map(str, types))


define(
    OpDefinition(
        "rnn.scan",
        "Runs its body once a time step, up to a length; gives the emitted sequences, then the "
        "final states. Behind the length, what is emitted is zero; reverse begins at its end.",
        operands=("values*",),
        results=("values*",),
        groups=(
            Group("", "binds"),
            Group("length"),
            Group("state", "binds"),
            Group("capture", "binds"),
        ),
        attributes=(
            Attribute(
                "direction",
                "str",
                "how the input is read; absent for forward",
                required=False,
                choices=DIRECTIONS[:2],
            ),
        ),
        region_arguments=scan_arguments,
        verify=_verify_scan,
        example=(
            "%ys, %h = rnn.scan (%xt = %x) state (%hp = %h0) {\n"
            "  %ht = arith.add %xt, %hp : tensor<4xf32>\n"
            "  rnn.yield state (%ht) emit (%ht) : tensor<4xf32>\n"
            "} : (tensor<?x4xf32>, tensor<4xf32>) -> (tensor<?x4xf32>, tensor<4xf32>)"
        ),
    )
)
define(
    OpDefinition(
        "rnn.yield",
        "The end of a scan's body: the next states, and what this step emits.",
        operands=("values*",),
        groups=(Group("state"), Group("emit")),
        terminator=True,
        example="rnn.yield state (%ht) emit (%ht) : tensor<4xf32>",
    )
)
