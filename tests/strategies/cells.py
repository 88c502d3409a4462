"""Random recurrent cells of level 3 in random formats, their matrices stored in random ways."""

from __future__ import annotations

from random import Random

import numpy as np

from lstmir import dialects
from lstmir.dialects.fx import OVERFLOWS, ROUNDINGS
from lstmir.ir.builder import Builder
from lstmir.ir.captures import add_capture
from lstmir.ir.encodings import Encoding, Scale, Storage
from lstmir.ir.interface import Port, set_ports
from lstmir.ir.module import Function, Module
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import TensorType, element_of
from lstmir.numeric.codes import Integer, Midrise
from lstmir.numeric.fixed import FixedType
from tests.strategies.encodings import encoded

dialects.load()


class Maker:
    """Makes a recurrence of level 3: one to four gates, one or two states, with or without a head."""

    def __init__(self, seed: int) -> None:
        self.random = random = Random(seed)
        self.numbers = np.random.default_rng(seed)
        self.gates = random.choice([1, 2, 3, 4, 4])
        self.features, self.hidden = random.randint(1, 9), random.randint(1, 12)
        self.units = random.choice([1, 2, 4, 6])  # at most, in a group of rows
        self.module = Module(f"cell_{seed}")
        self.element = self.format(3, 9)

    def make(self) -> Module:
        """The function: zero or random states, a scan, a head."""
        x = TensorType((None, self.features), self.element)
        self.region = Region([x], ["x"])
        self.outer = Builder(self.module, self.region)
        h, c = self.state("h"), self.state("c")
        scan = self.scan(h, c)
        result = scan.results[self.random.choice([0, 0, 1])]
        if self.random.random() < 0.7:
            result = self.head(scan.results[0])
        self.outer.end("return", [result])
        self.module.functions["main"] = Function("main", self.region)
        words = result.type.static_shape[0]  # type: ignore[union-attr]
        set_ports(self.module, [
            Port("x", "input", "f32", (-1, -1, self.features), 0, 1),
            Port("y", "output", "f32", (-1, words), 0),
        ])  # fmt: skip
        self.module.attributes["form"] = "sample"
        return self.module

    # -- constants --------------------------------------------------------------------------

    def format(self, low: int, high: int) -> FixedType:
        """A format around the point, sometimes beside it."""
        width = self.random.randint(low, high)
        return FixedType(self.random.random() < 0.75, width, self.random.randint(-2, width + 2))

    def integers(self, type_: FixedType, shape: tuple[int, ...]) -> np.ndarray:
        return self.numbers.integers(type_.min_int, type_.max_int, shape, endpoint=True)

    def constant(self, name: str, *shape: int, element: FixedType) -> Value:
        return self.outer.constant(self.integers(element, shape), TensorType(shape, element), name)

    def state(self, name: str) -> Value:
        return self.constant(f"{name}_0", self.hidden, element=self.format(3, 12))

    def matrix(self, name: str, rows: int, columns: int) -> Value:
        element = self.format(2, 9)
        array = self.integers(element, (rows, columns))
        if self.random.random() < 0.2:
            return self.outer.constant(array, TensorType((rows, columns), element), name)
        array, encoding = encoded(array, element, self.random)
        return self.outer.constant(array, TensorType((rows, columns), element, encoding), name)

    # -- the cell ---------------------------------------------------------------------------

    def scan(self, h: Value, c: Value) -> Operation:
        step = TensorType((self.features,), self.element)
        body = Region([step, h.type, c.type], ["x", "h", "c"])
        scan = Operation(
            "rnn.scan", [h.type, c.type], {"segments": (1, 0, 2, 0)}, [body], ["h", "c"]
        )
        self.region.insert(scan, [self.region.arguments[0], h, c])
        self.owner, self.build = scan, Builder(self.module, body)
        x, h_before, c_before = body.arguments
        rows = self.gates * self.hidden
        terms = [
            self.build.value(
                "linalg.matvec", self.inside(self.matrix(f"w_{v.name}", rows, size)), v
            )
            for v, size in ((x, self.features), (h_before, self.hidden))
        ]
        bias = self.constant("bias", rows, element=self.format(4, 16))
        total = self.build.value("arith.add", *terms, self.inside(bias), hint="z")
        nexts = self.tail(total, h_before, c_before)
        self.build.end("rnn.yield", nexts, segments=(2, 0))
        return scan

    def inside(self, value: Value) -> Value:
        return add_capture(self.owner, value)

    def tail(self, total: Value, h: Value, c: Value) -> list[Value]:
        """c' = c·g0 + (ga - gb)·p, h' = g0·f(c'), of as many gates as there are."""
        gates = [self.gate(total, k) for k in range(self.gates)]
        first, last = gates[0], gates[-1]
        kept = self.build.value("arith.mul", c, first, hint="kept")
        inner = self.build.value("arith.sub", gates[len(gates) // 2], last, hint="inner")
        new = self.weighted(inner)
        c_next = self.requantize(self.build.value("arith.add", kept, new, hint="c_sum"), c)
        clipped = self.clipped(c_next, h)
        product = self.build.value("arith.mul", first, clipped, hint="h_product")
        return [self.requantize(product, h), c_next]

    def weighted(self, value: Value) -> Value:
        """Each unit's number times a constant."""
        peep = self.constant("peep", self.hidden, element=self.format(3, 6))
        return self.build.value("arith.mul", value, self.inside(peep), hint="weighted")

    def gate(self, total: Value, k: int) -> Value:
        start = k * self.hidden
        part = self.build.value("tensor.slice", total, axis=0, start=start, size=self.hidden)
        index = self.requantize(part, None)
        if self.random.random() < 0.3:
            return index
        width = element_of(index.type).width
        table = self.constant(f"table_{k}", 1 << width, element=self.format(2, 10))
        return self.build.value("fx.lookup", self.inside(table), index, hint=f"gate_{k}")

    def clipped(self, value: Value, other: Value) -> Value:
        """The larger of two, or the other sign."""
        if self.random.random() < 0.5:
            return self.build.value("arith.neg", value, hint="minus")
        larger = self.build.value("arith.compare", value, other, hint="larger", predicate="gt")
        return self.build.value("arith.select", larger, value, other, hint="most")

    def requantize(self, value: Value, like: Value | None) -> Value:
        element = self.format(2, 6) if like is None else element_of(like.type)
        type_ = TensorType((self.hidden,), element)
        modes = {
            "rounding": self.random.choice(ROUNDINGS), "overflow": self.random.choice(OVERFLOWS)
        }  # fmt: skip
        return self.build.value("fx.requantize", value, type=type_, hint="q", **modes)

    def head(self, h: Value) -> Value:
        outputs = self.random.randint(1, 5)
        product = self.outer.value("linalg.matvec", self.matrix("head", outputs, self.hidden), h)
        if self.random.random() < 0.3:
            return product
        bias = self.constant("head_bias", outputs, element=self.format(4, 12))
        return self.outer.value("arith.add", product, bias, hint="y")


class Signs(Maker):
    """A cell of four gates in codes of their own: three of signs, one of 4 bits; all divide evenly."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.gates, self.features, self.hidden, self.units = 4, 4, 8, 4

    def matrix(self, name: str, rows: int, columns: int) -> Value:
        """A gate's exponent is its number."""
        if rows != self.gates * self.hidden:
            return super().matrix(name, rows, columns)
        shape = (self.hidden, columns)
        parts = [self.numbers.choice([-1, 1], shape) << gate for gate in range(3)]
        parts.append(self.numbers.integers(-8, 8, shape) << 3)
        sign = Storage(None, Midrise(1), Scale("gate", 3))
        encoding = Encoding((sign, sign, sign, Storage(None, Integer(4), Scale("gate", 3))))
        array = np.concatenate(parts).astype(np.int8)
        return self.outer.constant(
            array, TensorType((rows, columns), FixedType(True, 7, 5), encoding), name
        )
