"""`rnn`: recurrent networks as models state them, and the loop over time that they become."""

from __future__ import annotations

from collections.abc import Sequence

from lstmir.dialects.shapes import same_elements
from lstmir.ir.attributes import Attribute
from lstmir.ir.context import OpContext
from lstmir.ir.definition import Group, OpDefinition, define
from lstmir.ir.diagnostics import Invalid
from lstmir.ir.operation import Operation
from lstmir.ir.types import TensorType, Type, of_shape

DIRECTIONS = ("forward", "reverse", "bidirectional")
GATES = ("i", "o", "f", "c")  # the order of ONNX: input, output, forget, cell


def _sizes(context: OpContext) -> tuple[int, ...]:
    return tuple(context.attributes["segments"])


def _part(context: OpContext, index: int) -> TensorType | None:
    """The type of the operand in the group at `index`, or None where the group is empty."""
    sizes = _sizes(context)
    if sizes[index] == 0:
        return None
    type_ = context.types[sum(sizes[:index])]
    if not isinstance(type_, TensorType):
        raise Invalid(f"expected tensors, not {type_}")
    return type_


def _infer_lstm(context: OpContext) -> list[Type]:
    if any(size > 1 for size in _sizes(context)) or not all(_sizes(context)[:3]):
        raise Invalid(
            "'rnn.lstm' takes one input, weights and recurrence, and at most one of each other"
        )
    source, weights, recurrence = (_part(context, k) for k in range(3))
    assert source is not None and weights is not None and recurrence is not None
    hidden = context.attributes["hidden_size"]
    directions = 2 if context.attributes["direction"] == "bidirectional" else 1
    if len(source.shape) != 3:
        raise Invalid(f"the input must be [time, batch, features], not {source}")
    time, batch, features = source.shape
    _expect(weights, (directions, 4 * hidden, features), "the weights")
    _expect(recurrence, (directions, 4 * hidden, hidden), "the recurrence")
    _expect(_part(context, 3), (directions, 8 * hidden), "the bias")
    for index in (4, 5):
        _expect_state(_part(context, index), directions, batch, hidden)
    element = same_elements(context.types)
    sequence = TensorType((time, directions, batch, hidden), element)
    state = TensorType((directions, batch, hidden), element)
    return [sequence, state, state]


def _expect(type_: TensorType | None, shape: tuple[int | None, ...], what: str) -> None:
    if type_ is not None and type_.shape != shape:
        expected = "x".join("?" if size is None else str(size) for size in shape)
        raise Invalid(f"{what} must be {expected}, not {type_}")


def _expect_state(
    type_: TensorType | None, directions: int, batch: int | None, hidden: int
) -> None:
    if type_ is None or type_.shape == (directions, 1, hidden):
        return
    _expect(type_, (directions, batch, hidden), "an initial state")


define(
    OpDefinition(
        "rnn.lstm",
        "ONNX's LSTM: time first, gates i, o, f, c; a state of batch 1 serves the whole batch.",
        operands=("values*",),
        results=("sequence", "final_h", "final_c"),
        groups=(
            Group(""),
            Group("weights"),
            Group("recurrence"),
            Group("bias"),
            Group("initial_h"),
            Group("initial_c"),
        ),
        attributes=(
            Attribute("hidden_size", "int", "units a direction"),
            Attribute("direction", "str", "how the input is read", choices=DIRECTIONS),
        ),
        infer=_infer_lstm,
        example=(
            "%y, %h, %c = rnn.lstm (%x) weights (%w) recurrence (%r) bias (%b) "
            '{hidden_size = 8, direction = "forward"} : (tensor<?x?x4xf32>, tensor<1x32x4xf32>, '
            "tensor<1x32x8xf32>, tensor<1x64xf32>) -> "
            "(tensor<?x1x?x8xf32>, tensor<1x?x8xf32>, tensor<1x?x8xf32>)"
        ),
    )
)


def scan_arguments(context: OpContext) -> list[Type]:
    """What enters the body of a scan: one step of each input, then states, then captures."""
    inputs, _, _ = _sizes(context)
    if inputs == 0:
        raise Invalid("'rnn.scan' needs an input: its first axis is time")
    steps = [_step(type_) for type_ in context.types[:inputs]]
    lengths = {time for time, _ in steps}
    if len(lengths) > 1:
        raise Invalid(f"inputs differ in time: {', '.join(map(str, context.types[:inputs]))}")
    return [type_ for _, type_ in steps] + list(context.types[inputs:])


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
    return [_sequence(source.shape[0], type_) for type_ in types[states:]] + types[:states]


def _sequence(time: int | None, type_: Type) -> TensorType:
    if isinstance(type_, TensorType):
        return TensorType((time, *type_.shape), type_.element)
    return TensorType((time,), type_)


def _verify_scan(context: OpContext, results: Sequence[Type]) -> None:
    assert context.op is not None
    end = context.op.regions[0].end
    if end.name != "rnn.yield":
        raise Invalid("the body of 'rnn.scan' ends with 'rnn.yield'")
    inputs, states, _ = _sizes(context)
    yielded = [value.type for value in end.operands][: end.attributes["segments"][0]]
    held = list(context.types[inputs : inputs + states])
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
        "Runs its body once a time step; gives the emitted sequences, then the final states.",
        operands=("values*",),
        results=("values*",),
        groups=(Group("", "binds"), Group("state", "binds"), Group("capture", "binds")),
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
