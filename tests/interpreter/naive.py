"""A machine that looks at one operation of a design at a time: slow, and plain to see right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lstmir.interpreter import run as levels
from lstmir.interpreter.plan import Compiler
from lstmir.interpreter.rtl_design import signal_type
from lstmir.ir.module import Module
from lstmir.ir.operation import Operation, Value
from lstmir.ir.types import I1
from lstmir.numeric.carriers import as_carrier

assert levels.DIALECT_RULES  # the rules of arith and fx, which the naive machine takes


class Naive:
    """A clocked design, with the array interpreter's arithmetic."""

    def __init__(self, module: Module) -> None:
        function = module.main
        self.end = function.region.end
        self.operations = [op for op in function.region.operations() if op is not self.end]
        self.parameters = function.parameters
        self.compiler = Compiler(module.resources)
        self.state: dict[Value, Any] = {}
        for op in self.operations:
            if op.name == "rtl.reg":
                self.state[op.result] = op.attributes.get("init", 0)
            if op.name == "rtl.ram":
                self.state[op.result] = (0,) * op.result_types[0].static_shape[0]  # type: ignore[union-attr]
            if op.name == "tensor.constant":
                self.state[op.result] = module.resources[op.attributes["resource"]].tolist()

    def step(self, inputs: list[int], reset: bool) -> list[int]:
        values = {**self.state, **dict(zip(self.parameters, inputs, strict=True))}
        for op in self.operations:
            if op.result not in values:
                values[op.result] = self.evaluate(op, [values[value] for value in op.operands])
        results = [values[value] for value in self.end.operands]
        count, _ = self.end.attributes["segments"]
        states = self.end.operands[count::2]
        for state, following in zip(states, results[count + 1 :: 2], strict=True):
            init = state.op.attributes.get("init")
            self.state[state] = init if reset and init is not None else following
        return [int(result) for result in results[:count]]

    def evaluate(self, op: Operation, operands: list[Any]) -> Any:
        if op.name.startswith("rtl."):
            return _RTL[op.name](op, *operands)
        arrays = [
            np.array([bool(operand)])
            if value.type == I1
            else as_carrier([operand], signal_type(value.type))
            for operand, value in zip(operands, op.operands, strict=True)
        ]
        (result,) = self.compiler.rule(op)(*arrays)
        return result.tolist()[0]


def _wires(integer: int, value: Value) -> str:
    """The wires as digits, the highest first."""
    width = signal_type(value.type).width
    return format(int(integer) % 2**width, f"0{width}b")


def _number(wires: str, value: Value) -> int:
    natural, type_ = int(wires, 2), signal_type(value.type)
    return natural - 2**type_.width if type_.signed and wires[0] == "1" else natural


def _bits(op: Operation, source: int) -> int:
    wires = _wires(source, op.operands[0])[::-1]
    low = op.attributes["low"]
    return _number(wires[low : low + op.attributes["width"]][::-1], op.result)


def _concat(op: Operation, *parts: int) -> int:
    wires = [_wires(part, value) for part, value in zip(parts, op.operands, strict=True)]
    return _number("".join(wires), op.result)


def _write(op: Operation, memory: tuple[int, ...], address: int, word: int, enable: int) -> Any:
    words = dict(enumerate(memory))
    if enable and address in words:
        words[address] = word
    return tuple(words.values())


_RTL: dict[str, Callable[..., Any]] = {
    "rtl.bits": _bits,
    "rtl.concat": _concat,
    "rtl.cast": lambda op, source: _number(_wires(source, op.operands[0]), op.result),
    "rtl.literal": lambda op: op.attributes["integer"],
    "rtl.read": lambda op, memory, address: dict(enumerate(memory)).get(address, 0),
    "rtl.write": _write,
}
