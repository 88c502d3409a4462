"""Operators that lstmir does not import, and what their users can do."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from lstmir.frontends.model.node import Node
from lstmir.frontends.operators.table import OPERATORS
from lstmir.ir.diagnostics import UserError

_CONTROL = (
    "its graph depends on values at run time; export the model for inference with fixed options,"
    " or cut it out"
)
_QUANTIZED = "lstmir starts from the float model and chooses the number formats itself; export that"

_ADVICE = {
    "If": _CONTROL,
    "Loop": f"{_CONTROL}; a recurrence over time is imported as LSTM, GRU, RNN or Scan",
    "DynamicQuantizeLSTM": _QUANTIZED,
    "DynamicQuantizeLinear": _QUANTIZED,
    "QuantizeLinear": _QUANTIZED,
    "DequantizeLinear": _QUANTIZED,
    "MatMulInteger": _QUANTIZED,
    "QLinearMatMul": _QUANTIZED,
    "Pad": "pad the data before they go into the model, or cut it out",
}


def refuse_unknown(nodes: Sequence[Node]) -> UserError:
    """The error that names the operator of the first node, and the others that are unknown too."""
    first, *others = dict.fromkeys(node.operator for node in nodes)
    also = f" (the same goes for {', '.join(others)})" if others else ""
    advice = _ADVICE.get(nodes[0].op_type)
    if advice:
        return UserError(f"operator is not supported by lstmir: {advice}{also}")
    return UserError(
        f"operator is not supported by lstmir{also}{_suggestion(first)};"
        " cut the model before or behind it (--inputs, --outputs)"
    )


def _suggestion(operator: str) -> str:
    """For a mistyped name only: both of two that differ more, such as Sin and Sign, are real."""
    names = {name.lower(): name for name in OPERATORS}
    near = get_close_matches(operator.lower(), names, n=1, cutoff=0.9)
    return f"; did you mean '{names[near[0]]}'?" if near else ""
