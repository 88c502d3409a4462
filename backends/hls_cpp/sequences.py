"""What a program keeps of whole sequences: those that come in, those that recurrences emit."""

from __future__ import annotations

from lstmir.ir.module import Function
from lstmir.ir.operands import segment
from lstmir.ir.operation import Operation, Value
from lstmir.ir.steps import Words, whole, words_after
from lstmir.ir.types import shape_of

MOST_STEPS = 1024
"""Steps that a buffer has room for where the model does not say how many there are."""


class Sequences:
    """The sequences of a function, each as words of those that come in or are emitted.

    One recurrence that runs forward over the inputs as they come takes its steps from the stream, and what
    it emits leaves at once; otherwise sequences are kept in buffers.
    """

    def __init__(self, function: Function) -> None:
        self.scans = [op for op in function.region.operations() if op.name == "rnn.scan"]
        self.parts: dict[Value, list[Words]] = {}
        for value in function.parameters:
            if len(shape_of(value.type)) == 2:
                self.parts[value] = whole(value)
        for op in function.region.operations():
            if op.name == "rnn.scan":
                for value in op.results[: len(op.results) - len(segment(op, "state"))]:
                    self.parts[value] = whole(value)
            elif (words := words_after(op, self.parts)) is not None:
                self.parts[op.result] = words
        self.inputs = function.parameters
        self.shapes: set[Operation] = set()
        self.results = tuple(map(self._flat, function.results))

    def _flat(self, result: Value) -> Value:
        """A result without the shape that it is given last: its words leave in the same order."""
        while result not in self.parts and result.op.name == "tensor.reshape":
            if result.op.parent.use_count(result.op) > 1:
                break
            self.shapes.add(result.op)
            result = result.op.operands[0]
        return result

    @property
    def is_streamed(self) -> bool:
        """Whether steps need not be kept."""
        if len(self.scans) != 1:
            return False
        (scan,) = self.scans
        is_forward = scan.attributes.get("direction", "forward") == "forward"
        taken = [self.parts[value] for value in segment(scan, "")]
        return is_forward and taken == [whole(value) for value in self.inputs]

    @property
    def gives_steps(self) -> bool:
        """Whether the results are sequences."""
        return bool(self.results) and all(value in self.parts for value in self.results)

    @property
    def answer(self) -> list[Words]:
        """What leaves in each step: the words of every result."""
        return [words for value in self.results for words in self.parts[value]]

    def room(self) -> int:
        """Steps that a buffer must hold."""
        times = {shape_of(value.type)[0] for value in self.parts}
        return max((time or MOST_STEPS for time in times), default=MOST_STEPS)
