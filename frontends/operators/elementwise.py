"""Elementwise operators."""

from __future__ import annotations

from collections.abc import Sequence

from lstmir.frontends.operators.table import Call, Handler, operator
from lstmir.frontends.values import Imported
from lstmir.ir.diagnostics import UserError

_FUNCTIONS = {
    "Abs": "math.abs",
    "Exp": "math.exp",
    "Log": "math.log",
    "Neg": "arith.neg",
    "Relu": "math.relu",
    "Sigmoid": "math.sigmoid",
    "Softplus": "math.softplus",
    "Softsign": "math.softsign",
    "Sqrt": "math.sqrt",
    "Tanh": "math.tanh",
}


def _function(name: str) -> Handler:
    def handler(call: Call) -> Sequence[Imported]:
        return [call.folder.function(name, call.input("X"))]

    return handler


def _binary(name: str) -> Handler:
    def handler(call: Call) -> Sequence[Imported]:
        return [call.folder.binary(name, call.input("A"), call.input("B"))]

    return handler


for _op_type, _name in _FUNCTIONS.items():
    operator(_op_type, "X")(_function(_name))
for _op_type in ("Add", "Sub", "Mul"):
    operator(_op_type, "A B")(_binary(f"arith.{_op_type.lower()}"))


@operator("Elu", "X", "alpha")
def elu(call: Call) -> Sequence[Imported]:
    """x where x > 0, else exp(x) - 1."""
    if call.node.number("alpha", 1.0) != 1.0:
        raise UserError("attribute 'alpha' must be 1")
    return [call.folder.function("math.elu", call.input("X"))]
