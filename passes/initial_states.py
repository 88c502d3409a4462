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
_ARRANGING = ("tensor.reshape", "tensor.slice", "tensor.transpose", "fx.requantize")
"""What only rearranges, takes a part, or another format: a state may pass through it on its way."""


def initial_states(module: Module) -> list[str]:
    """Names of the inputs that are used as initial states of recurrences, and as nothing else."""
    inputs = ports(module, "input")
    return [inputs[k].name for k in state_parameters(module)] if inputs else []


def state_parameters(module: Module) -> list[int]:
    """The same as places among the main function's parameters."""
    if not module.functions:
        return []
    return [k for k, value in enumerate(module.main.parameters) if _is_state(value)]


def _is_state(value: Value) -> bool:
    users = users_of(value)
    return bool(users) and all(_goes_to_state(op, index) for op, index in users)


def _goes_to_state(op: Operation, index: int) -> bool:
    if op.name in _ARRANGING:
        return _is_state(op.result)
    keywords = _STATES.get(op.name, ())
    known = {group.keyword for group in definition_of(op.name).operand_groups} if keywords else ()
    return any(index in segment_range(op, each) for each in keywords if each in known)
