"""Lets states travel with the steps: one step each of many sequences that do not depend on each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from lstmir.dialects.rnn import scan_results
from lstmir.ir.captures import retype
from lstmir.ir.interface import Port, is_sampled, ports, set_ports
from lstmir.ir.module import Function, Module
from lstmir.ir.operands import segment
from lstmir.ir.operation import Operation, Value
from lstmir.ir.types import Type, element_of, of_shape, shape_of
from lstmir.passes.dce import remove_dead
from lstmir.passes.machine.logic import plain, unique
from lstmir.pipeline.passes import Context, Promise, cannot, register

STATES = "states"
"""The module's attribute that says, from here on, how many states come from outside and go back there."""


@register
@dataclass(frozen=True)
class StreamStates:
    """A recurrence becomes the function of ONE step of any number of sequences.

    The new first axis counts sequences, as the coordinates of an optimizer that all take the same step.
    States become inputs, and what they become outputs: whoever calls keeps them in between. What the
    recurrence gives in each step leaves as well, unless a state is the same. The attribute `states` says
    how many inputs, the last ones, and how many outputs, the first ones, are states.

    ```mlir before
    func @main(%xs: tensor<?x4x!fx.s<8,7>>, %h: tensor<4x!fx.s<8,7>>) -> tensor<4x!fx.s<8,7>> {
      %hn = rnn.scan (%x = %xs) state (%hp = %h) {
        %sum = arith.add %x, %hp : (tensor<4x!fx.s<8,7>>, tensor<4x!fx.s<8,7>>) -> tensor<4x!fx.s<9,7>>
        %ht = fx.requantize %sum {rounding = "floor", overflow = "saturate"} : (tensor<4x!fx.s<9,7>>) -> tensor<4x!fx.s<8,7>>
        rnn.yield state (%ht) : tensor<4x!fx.s<8,7>>
      } {direction = "forward"} : (tensor<?x4x!fx.s<8,7>>, tensor<4x!fx.s<8,7>>) -> tensor<4x!fx.s<8,7>>
      return %hn : tensor<4x!fx.s<8,7>>
    }
    ```
    ```mlir after
    module @main attributes {states = 1} {
      func @main(%xs: tensor<?x4x!fx.s<8,7>>, %hp: tensor<?x4x!fx.s<8,7>>) -> tensor<?x4x!fx.s<8,7>> {
        %hn = rnn.scan (%x = %xs, %hp = %hp) {
          %sum = arith.add %x, %hp : (tensor<4x!fx.s<8,7>>, tensor<4x!fx.s<8,7>>) -> tensor<4x!fx.s<9,7>>
          %ht = fx.requantize %sum {rounding = "floor", overflow = "saturate"} : (tensor<4x!fx.s<9,7>>) -> tensor<4x!fx.s<8,7>>
          rnn.yield emit (%ht) : tensor<4x!fx.s<8,7>>
        } : tensor<?x4x!fx.s<8,7>>
        return %hn : tensor<?x4x!fx.s<8,7>>
      }
    }
    ```
    """  # noqa: E501

    name: ClassVar[str] = "stream-states"
    summary: ClassVar[str] = "one step of many sequences, states as inputs and outputs"
    promise: ClassVar[Promise] = Promise.EXACT

    def run(self, module: Module, context: Context) -> None:
        """Raises `UserError` for a function that is more than one recurrence with states."""
        function = module.main
        scan = self.recurrence(module, function)
        named = _ports(module, scan)
        region, inner = function.region, scan.regions[0]
        inputs, captured = segment(scan, ""), segment(scan, "capture")
        held = inner.arguments[len(inputs) :][: len(segment(scan, "state"))]
        for value in inputs:
            retype(value, _with_steps(_step_of(value)))
        states = [region.add_argument(_with_steps(value.type), value.name) for value in held]
        segments = (len(inputs) + len(held), 0, 0, len(captured))
        attributes = {**scan.attributes, "segments": segments}
        attributes.pop("direction", None)  # of one step there is none
        new = Operation(scan.name, (), attributes, [inner], None, scan.location)
        region.insert(new, [*inputs, *states, *captured], before=scan)
        indices = leaving(scan)
        inner.set_operands(inner.end, [yielded(scan, index) for index in indices])
        inner.end.attributes["segments"] = (0, len(indices))
        new.result_types = scan_results(new)
        new.result_names = [scan.result_names[index] for index in indices]
        region.set_operands(region.end, new.results)
        remove_dead(region)
        region.drop_arguments([v.index for v in region.arguments if not region.uses(v)])
        if named:
            set_ports(module, named)
        module.attributes[STATES] = len(held)

    def recurrence(self, module: Module, function: Function) -> Operation:
        """The one recurrence, if the function is nothing else."""
        if ports(module, "input") and not is_sampled(module):
            raise cannot(self, "the function is that of a batch: run isolate-sample first")
        scans = [op for op in function.region.operations() if op.name == "rnn.scan"]
        if len(scans) != 1 or not segment(scans[0], "state"):
            raise cannot(self, f"the function must be one recurrence with states, not {len(scans)}")
        (scan,) = scans
        if segment(scan, "length"):
            raise cannot(self, "one step of a recurrence has no length", scan.location)
        for value in segment(scan, ""):
            if value.op is not function.region.entry:
                why = f"'{value.op.name}' works on the sequence that the recurrence reads"
                note = "let the recurrence do it in its step, or whoever calls"
                raise cannot(self, why, value.op.location, note)
        for value in segment(scan, "capture"):
            if value.op is function.region.entry:
                why = f"the input '%{value.name}' is the same in every step"
                raise cannot(self, why, scan.location, "give it steps, or make it a constant")
        for value in map(_given, function.results):
            if value.op is not scan:
                why = f"'{value.op.name}' works on what the recurrence gives"
                raise cannot(self, why, value.op.location, "end the model at the recurrence")
        return scan


def travelling(module: Module) -> dict[str, str]:
    """The inputs of a module that are states, by name, and the outputs that they become."""
    count = module.attributes.get(STATES, 0)
    before, after = ports(module, "input"), ports(module, "output")
    pairs = zip(before[len(before) - count :], after[:count], strict=True)
    return {one.name: other.name for one, other in pairs}


def read_by(scan: Operation) -> list[Value]:
    """The sequences that a recurrence reads, in the order of the function's parameters."""
    return sorted(set(segment(scan, "")), key=lambda value: value.index)


def leaving(scan: Operation) -> list[int]:
    """The results that leave: all states, then what is emitted, unless it is a state."""
    emits = segment(scan.regions[0].end, "emit")
    states = segment(scan.regions[0].end, "state")
    return [
        *range(len(emits), len(emits) + len(states)),
        *(k for k, value in enumerate(emits) if value not in states),
    ]


def yielded(scan: Operation, index: int) -> Value:
    """What the body yields for a result: states stand first there, last among the results."""
    emits, states = (segment(scan.regions[0].end, group) for group in ("emit", "state"))
    return [*emits, *states][index]


def _step_of(value: Value) -> Type:
    return of_shape(shape_of(value.type)[1:], element_of(value.type))


def _with_steps(step: Type) -> Type:
    return of_shape((None, *shape_of(step)), element_of(step))


def _ports(module: Module, scan: Operation) -> list[Port]:
    """The ports of the new function, named as those of the old one as far as they had any."""
    inputs, outputs = ports(module, "input"), ports(module, "output")
    if not inputs:
        return []
    read = segment(scan, "")
    found = [_port(inputs[v.index], inputs[v.index].name, _step_of(v)) for v in read_by(scan)]
    taken = {port.name for port in found}
    held = scan.regions[0].arguments[len(read) :]
    for value, start in zip(held, segment(scan, "state"), strict=False):
        given = _source(start)
        name = plain(value.name, "state") if given is None else inputs[given.index].name
        found.append(_port(inputs[0], unique(name, taken), value.type))
    results = zip(module.main.results, outputs, strict=True)
    kept, taken = {_given(value).index: port.name for value, port in results}, set()
    for index in leaving(scan):
        name = kept.get(index) or plain(scan.result_names[index], "next")
        found.append(_port(outputs[0], unique(name, taken), yielded(scan, index).type))
    return found


def _port(like: Port, name: str, step: Type) -> Port:
    shape = (-1, *(size or -1 for size in shape_of(step)))
    return Port(name, like.kind, like.dtype, shape, None, 0)


def _given(value: Value) -> Value:
    """What the recurrence gives, where a result is that but for its shape within a step."""
    source = value
    while source.op.name == "tensor.reshape":
        source = source.op.operands[0]
    if source.op.name != "rnn.scan":
        return value
    emitted = source.index < len(segment(source.op.regions[0].end, "emit"))
    same = shape_of(source.type)[:1] == shape_of(value.type)[:1]
    return source if same or not emitted else value


def _source(value: Value) -> Value | None:
    """The parameter that an initial state is, but for its shape and format."""
    while value.op.name in ("tensor.reshape", "fx.requantize"):
        value = value.op.operands[0]
    return value if value.op is value.op.parent.entry else None
