"""The body of a scan under construction."""

from __future__ import annotations

import numpy as np

from lstmir.dialects.compositions import number_name
from lstmir.ir.builder import Builder
from lstmir.ir.operation import Value
from lstmir.ir.region import Region
from lstmir.ir.types import ElementType, TensorType, Type


class Body:
    """A scan's body: one step of the input, states of `hidden` units, and what is captured.

    `inside` builds in the body, `outside` in the function around the scan. `suffix` ends the names
    of constants.
    """

    def __init__(
        self, outside: Builder, element: ElementType, features: int | None, hidden: int, suffix: str
    ) -> None:
        self.outside, self.element, self.hidden, self.suffix = outside, element, hidden, suffix
        self.vector = TensorType((hidden,), element)
        self.region = Region([TensorType((features,), element)], ["xt"])
        self.inside = Builder(outside.module, self.region, location=outside.location)
        self.captured: list[Value] = []
        self._made: dict[str, Value] = {}

    @property
    def input(self) -> Value:
        """The input of a step."""
        return self.region.arguments[0]

    def state(self, name: str) -> Value:
        """A state as the step before left it. States come before all constants."""
        return self.region.add_argument(self.vector, name)

    def constant(self, name: str, array: np.ndarray) -> Value:
        """A constant outside, captured; the same name is the same constant."""
        if name not in self._made:
            type_ = TensorType(array.shape, self.element)
            self.captured.append(self.outside.constant(array, type_, name + self.suffix))
            self._made[name] = self.region.add_argument(type_, name)
        return self._made[name]

    def every_unit(self, name: str, number: float) -> Value:
        """A number, as a vector with an element for each unit."""
        return self.constant(name, np.full(self.hidden, number))

    def number(self, number: float) -> Value:
        """A parameter of a function, for every unit."""
        return self.every_unit(number_name(number), number)

    def matvec(self, matrix: Value, vector: Value, hint: str) -> Value:
        """A product with a matrix."""
        return self.inside.value("linalg.matvec", matrix, vector, hint=hint)

    def add(self, *terms: Value, hint: str) -> Value:
        """A sum."""
        return self.inside.value("arith.add", *terms, hint=hint)

    def sub(self, left: Value, right: Value, hint: str) -> Value:
        """A difference."""
        return self.inside.value("arith.sub", left, right, hint=hint)

    def mul(self, left: Value, right: Value, hint: str) -> Value:
        """A product, element by element."""
        return self.inside.value("arith.mul", left, right, hint=hint)

    def math(self, function: str, source: Value, hint: str) -> Value:
        """A function of `math`."""
        return self.inside.value(f"math.{function}", source, type=source.type, hint=hint)

    def choose(
        self, predicate: str, left: Value, right: Value, branches: tuple[Value, Value], hint: str
    ) -> Value:
        """The first branch where a relation holds between two values, else the second."""
        truth = self.inside.value("arith.compare", left, right, predicate=predicate)
        return self.inside.value("arith.select", truth, *branches, hint=hint)

    def rows(self, source: Value, gate: int, hint: str, gates: int = 1) -> Value:
        """The elements of one gate, or of some neighbours, in a stack of gates."""
        start, size = gate * self.hidden, gates * self.hidden
        return self.inside.value("tensor.slice", source, hint=hint, axis=0, start=start, size=size)

    def end(self, states: list[Value]) -> Region:
        """The finished body: it emits its first state."""
        types: list[Type] = [value.type for value in states]
        assert all(type_ == self.vector for type_ in types)
        self.inside.end("rnn.yield", [*states, states[0]], segments=(len(states), 1))
        return self.region
