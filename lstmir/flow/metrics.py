"""What compression cost, and what the schedule promises."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from lstmir.flow.fidelity import decisions
from lstmir.ir.module import Module
from lstmir.ir.operation import Operation
from lstmir.ir.types import TensorType, Type, element_of, is_fixed
from lstmir.numeric.fixed import FixedType
from lstmir.passes.machine.prediction import predict_cycles
from lstmir.passes.machine.program import Program
from lstmir.passes.machine.timing import Timing
from lstmir.passes.uses import users_of


def accuracy(
    float_outputs: np.ndarray | None, fixed_outputs: np.ndarray, labels: np.ndarray | None
) -> dict[str, Any]:
    """`top1` where there are labels of classes, else the mean error against float."""
    samples = len(fixed_outputs)
    if labels is not None:
        before = None if float_outputs is None else _top1(float_outputs, labels)
        after = _top1(fixed_outputs, labels)
        return {"metric": "top1", "float": before, "fixed": after, "samples": samples}
    error = None if float_outputs is None else float(np.abs(fixed_outputs - float_outputs).mean())
    return {"metric": "mae_vs_float", "float": None, "fixed": error, "samples": samples}


def _top1(outputs: np.ndarray, labels: np.ndarray) -> float:
    return float((decisions(outputs) == labels).mean())


def weight_bits_float(module: Module) -> int:
    """32 bits for each trained parameter of a level-2 module; states are none."""
    return 32 * sum(array.size for array in _weights(module))


def weights_bits_encoded(module: Module) -> int:
    """Bits of the trained parameters of a level-3 module as their encodings store them.

    Values, indices, biases and scales, the head included; nothing for an array's padding.
    """
    return sum(_encoded_bits(op.result.type) for op in _weight_constants(module))


def _encoded_bits(type_: Type) -> int:
    assert isinstance(type_, TensorType)
    width, shape = type_.element.width, type_.static_shape
    if type_.encoding is None:
        return prod(shape) * width
    return type_.encoding.stored_bits((shape[0], shape[1]), width)


def sparsity(module: Module) -> float:
    """Zeroed elements over all elements of the matrices of a level-2 or level-3 module."""
    matrices = [array for array in _weights(module) if array.ndim == 2]
    total = sum(array.size for array in matrices)
    zeros = sum(int(np.count_nonzero(array == 0)) for array in matrices)
    return zeros / total if total else 0.0


def zero_matrices(module: Module) -> list[str]:
    """Names of the matrices of a level-2 module that hold nothing but zeros."""
    return [
        op.attributes["resource"]
        for op in module.main.region.operations()
        if op.name == "tensor.constant" and _is_zero_matrix(module, op.attributes["resource"])
        and not _is_state_or_table(module, op.result)
    ]  # fmt: skip


def _is_zero_matrix(module: Module, resource: str) -> bool:
    array = module.resources[resource]
    return array.ndim == 2 and not array.any()


def _weights(module: Module) -> list[np.ndarray]:
    """The constants that products and sums use, tables and initial states left out."""
    return [module.resources[op.attributes["resource"]] for op in _weight_constants(module)]


def _weight_constants(module: Module) -> list[Operation]:
    return [
        op
        for op in module.main.region.operations()
        if op.name == "tensor.constant" and not _is_state_or_table(module, op.result)
    ]


def _is_state_or_table(module: Module, value: Any) -> bool:
    names = {(user.name, index) for user, index in users_of(value)}
    return bool(names) and all(name in ("rnn.scan", "fx.lookup") for name, _ in names)


def stored_bits(module: Module) -> tuple[int, int]:
    """Bits of a level-4 module's memories: those that depend on weights, and those of tables."""
    weights = tables = 0
    looked_up = {op.operands[0].name for op in module.walk() if op.name == "fx.lookup"}
    for op in module.main.region.operations():
        if op.name != "tensor.constant" or not is_fixed(op.result.type):
            continue
        assert isinstance(op.result.type, TensorType)
        element = element_of(op.result.type)
        assert isinstance(element, FixedType)
        bits = int(np.prod(op.result.type.static_shape)) * element.width
        if op.result.name in looked_up:
            tables += bits
        elif _is_memory_of_weights(module, op):
            weights += bits
    return weights, tables


def _is_memory_of_weights(module: Module, op: Any) -> bool:
    """Not the zeros that states and results start from."""
    array = module.resources[op.attributes["resource"]]
    users = module.main.region.uses(op.result)
    captured = any(
        user.regions and index >= sum(user.attributes["segments"][:-1]) for user, index in users
    )
    return captured or bool(array.any())


def schedule(
    program: Program, timing: Timing, kept: list[int], lengths: list[int], shared: int = 0
) -> dict[str, Any]:
    """The `schedule` part of the summary. `kept` are the products of a step and of the head.

    So many blocks are `shared` by two multipliers.
    """
    macs = program.macs
    ideal = -(-kept[0] // macs)
    total = predict_cycles(timing, program.words_in, lengths)
    work = (kept[0] * sum(lengths) + kept[1] * len(lengths)) / macs
    return {
        "macs": macs,
        "shared_blocks": shared,
        "tail_macs": tail_macs(program),
        "array": {"rows": program.rows, "columns": max(program.columns)},
        "cycles_per_step_ideal": ideal,
        "cycles_per_step_predicted": timing.all_steps,
        "phases": [
            {"cycles_per_step": step, "idle_before": gap}
            for step, gap in zip(timing.steps, timing.gaps, strict=True)
        ],
        "mac_utilization": kept[0] / (macs * timing.all_steps),
        "cycles_total_predicted": total,
        "mac_utilization_total": work / total,
    }


def tail_macs(program: Program) -> int:
    """Multipliers of the tails: one for each multiplication, in each of those that work side by side."""
    return sum(
        nest.tails * sum(op.name == "arith.mul" for op in nest.tail.regions[0].operations())
        for nest in program.nests
    )


def kept_products(module: Module) -> list[int]:
    """Products of a step and of the head in a level-3 module: what its patterns keep."""
    step = head = 0
    for op in module.walk():
        if op.name != "linalg.matvec":
            continue
        type_ = op.operands[0].type
        assert isinstance(type_, TensorType)
        rows, columns = type_.static_shape
        kept = type_.encoding.products((rows, columns)) if type_.encoding else rows * columns
        if op.parent.owner is None:
            head += kept
        else:
            step += kept
    return [step, head]


def stored_products(program: Program) -> list[int]:
    """Products of a step and of the head by what is stored, where the patterns are not known."""
    return [
        sum(int(np.count_nonzero(walk.weights)) for nest in nests for walk in nest.walks)
        for nests in (program.step, program.finish)
    ]
