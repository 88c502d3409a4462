"""Which inputs of a model are nothing but the initial states of its recurrences."""

from __future__ import annotations

from lstmir.dialects.layers import LAYERS
from lstmir.ir.definition import definition_of
from lstmir.ir.interface import ports
from lstmir.ir.module import Module
from lstmir.ir.operands import segment_range
from lstmir.ir.operation import Operation, Value
from lstmir.passes.uses import users_of

_STATES = {"rnn.scan": ("state",), **dict.fromkeys(LAYERS, ("initial_h", "initial_c"))}
"""Where an operation is given initial states."""
_ARRANGING = ("tensor.reshape", "tensor.slice", "tensor.transpose")
"""What only rearranges, or takes a part: a state may pass through it on its way."""


def initial_states(module: Module) -> list[str]:
    """Names of the inputs that are used as initial states of recurrences, and as nothing else."""
    if not module.functions:
        return []
    pairs = zip(ports(module, "input"), module.main.parameters, strict=False)
    return [port.name for port, value in pairs if _is_state(value)]


def _is_state(value: Value) -> bool:
    users = users_of(value)
    return bool(users) and all(_goes_to_state(op, index) for op, index in users)


def _goes_to_state(op: Operation, index: int) -> bool:
    if op.name in _ARRANGING:
        return _is_state(op.result)
    keywords = _STATES.get(op.name, ())
    known = {group.keyword for group in definition_of(op.name).operand_groups} if keywords else ()
    return any(index in segment_range(op, each) for each in keywords if each in known)
