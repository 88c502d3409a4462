"""What a program keeps of whole sequences: those that come in, those that recurrences emit."""

from __future__ import annotations

from lstmir.ir.module import Function
from lstmir.ir.operands import segment
from lstmir.ir.operation import Value
from lstmir.ir.steps import Words, whole, words_after
from lstmir.ir.types import shape_of

MOST_STEPS = 1024
"""Steps that a buffer has room for where the model does not say how many there are."""


class Sequences:
    """The sequences of a function, each as words of those that come in or are emitted.

    One recurrence that runs forward takes its steps from the stream, and what it emits leaves at
    once; otherwise sequences are kept in buffers.
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
        self.result = function.results[0] if len(function.results) == 1 else None

    @property
    def is_streamed(self) -> bool:
        """Whether steps need not be kept."""
        if len(self.scans) != 1:
            return False
        (scan,) = self.scans
        inputs = segment(scan, "")
        is_forward = scan.attributes.get("direction", "forward") == "forward"
        return is_forward and len(inputs) == 1 and len(self.parts[inputs[0]]) == 1

    @property
    def gives_steps(self) -> bool:
        """Whether the result is a sequence."""
        return self.result in self.parts

    def room(self) -> int:
        """Steps that a buffer must hold."""
        times = {shape_of(value.type)[0] for value in self.parts}
        return max((time or MOST_STEPS for time in times), default=MOST_STEPS)
