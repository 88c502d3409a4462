"""A level-5 function read as a clocked design: ports, states, and the logic between them."""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx
import numpy as np

from lstmir.dialects.signals import width_of
from lstmir.ir.diagnostics import Invalid, UserError
from lstmir.ir.module import Function
from lstmir.ir.operands import segment
from lstmir.ir.operation import Operation, Value
from lstmir.ir.types import I1, TensorType, Type
from lstmir.numeric.fixed import FixedType
from lstmir.numeric.modes import Rounding
from lstmir.numeric.rounding import shift_right

STATES = ("rtl.reg", "rtl.ram")
LOGIC = frozenset(
    [
        *STATES, "rtl.read", "rtl.write", "rtl.bits", "rtl.concat", "rtl.cast", "rtl.literal",
        "tensor.constant", "arith.add", "arith.sub", "arith.mul", "arith.neg", "arith.compare",
        "arith.select", "arith.and", "arith.or", "arith.not", "fx.requantize",
    ]
)  # fmt: skip
"""What may stand in a design; arithmetic on scalars only."""


@dataclass(frozen=True)
class Design:
    """What a clocked function is made of.

    Only what an output depends on, now or later, is listed; `operations` are in topological order,
    states and constants among them. `updates` gives each state its value in the next cycle.
    """

    name: str
    inputs: dict[str, Value]
    outputs: dict[str, Value]
    operations: list[Operation]
    updates: dict[Value, Value]

    def of_kind(self, name: str) -> list[Value]:
        """The results of all operations of that name, in order."""
        return [op.result for op in self.operations if op.name == name]

    @property
    def registers(self) -> list[Value]:
        """All registers."""
        return self.of_kind("rtl.reg")

    @property
    def rams(self) -> list[Value]:
        """All memories that are written."""
        return self.of_kind("rtl.ram")

    @property
    def roms(self) -> list[Value]:
        """All constant memories."""
        return self.of_kind("tensor.constant")


def signal_type(type_: Type) -> FixedType:
    """The type of a signal's wires as integers; a truth value is 0 or 1."""
    if type_ == I1:
        return FixedType(False, 1, 0)
    assert isinstance(type_, FixedType)
    return type_


def memory_type(memory: Value) -> tuple[int, FixedType]:
    """Words of a memory, and the type of one."""
    assert isinstance(memory.type, TensorType)
    return memory.type.static_shape[0], signal_type(memory.type.element)


def rounded_range(op: Operation) -> tuple[int, int]:
    """The integers that a requantization can give before its overflow is dealt with."""
    source, target = signal_type(op.operands[0].type), signal_type(op.result_types[0])
    ends = np.array([source.min_int, source.max_int], object)
    rounding = Rounding(op.attributes["rounding"])
    lo, hi = shift_right(ends, source.frac - target.frac, rounding).tolist()
    return lo, hi


def read_design(function: Function) -> Design:
    """The design that a verified level-5 function describes.

    Raises `UserError` for an operation, a port or a terminator that no design has.
    """
    end = function.region.end
    if end.name != "rtl.next":
        raise UserError(f"a design ends with 'rtl.next', not '{end.name}'", location=end.location)
    updates = segment(end, "update")
    states = dict(zip(updates[::2], updates[1::2], strict=True))
    outputs = _outputs(function)
    live = _live(function, outputs, states)
    operations = [op for op in function.region.operations() if op in live and op is not end]
    for op in operations:
        _check(op)
    return Design(
        function.name,
        _inputs(function),
        outputs,
        operations,
        {state: value for state, value in states.items() if state.op in live},
    )


def _inputs(function: Function) -> dict[str, Value]:
    ports = {value.name or "": value for value in function.parameters}
    if "" in ports or len(ports) != len(function.parameters):
        raise UserError("each input of a design needs a name", location=function.location)
    for name, value in ports.items():
        _check_signal(f"the input {name}", value.type, function)
    return ports


def _outputs(function: Function) -> dict[str, Value]:
    names = function.attributes.get("outputs", ())
    values = segment(function.region.end, "output")
    if len(set(names)) != len(values):
        raise UserError(
            f"the attribute 'outputs' must name {len(values)} different port(s), "
            f"it is {list(names)}",
            location=function.location,
        )
    for name, value in zip(names, values, strict=True):
        _check_signal(f"the output {name}", value.type, function)
    return dict(zip(names, values, strict=True))


def _live(
    function: Function, outputs: dict[str, Value], states: dict[Value, Value]
) -> set[Operation]:
    """The operations that an output depends on, in this cycle or through states."""
    graph = nx.DiGraph(function.region.graph)
    graph.remove_node(function.region.end)
    graph.add_edges_from((value.op, state.op) for state, value in states.items())
    live = {value.op for value in outputs.values()}
    return live.union(*(nx.ancestors(graph, op) for op in list(live)))


def _check(op: Operation) -> None:
    if op.name not in LOGIC:
        raise UserError(f"'{op.name}' is no logic of a clocked design", location=op.location)
    memory = op.name in ("rtl.ram", "tensor.constant", "rtl.write")
    type_ = op.result_types[0]
    if memory and isinstance(type_, TensorType) and len(type_.shape) == 1:
        type_ = type_.element
    try:
        width_of(type_)
    except Invalid as error:
        raise UserError(str(error), location=op.location) from error


def _check_signal(what: str, type_: Type, function: Function) -> None:
    try:
        width_of(type_)
    except Invalid as error:
        raise UserError(f"{what}: {error}", location=function.location) from error
