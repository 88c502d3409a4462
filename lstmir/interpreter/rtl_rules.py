"""Level-5 operations as Python expressions on integers.

A signal is the integer behind its value; a truth value is 0, 1, False or True. Each rule gets the
operation and a text for each operand, and gives a text that may stand anywhere. `t` is a variable
free for use within one expression, once all operands in front of it are evaluated.
"""

from __future__ import annotations

from collections.abc import Callable

from lstmir.interpreter.rtl_design import memory_type, signal_type
from lstmir.ir.operation import Operation, Value
from lstmir.ir.types import I1
from lstmir.numeric.fixed import FixedType, narrowest, union_type
from lstmir.numeric.rounding import Overflow, Rounding, shifted_range

Rule = Callable[..., str]
RULES: dict[str, Rule] = {}

_RELATIONS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
