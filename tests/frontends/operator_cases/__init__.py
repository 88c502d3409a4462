"""What nodes make of their inputs: a table for each file of operators, but the recurrent ones."""

from __future__ import annotations

from tests.frontends.operator_cases import (
    comparisons,
    constants,
    elementwise,
    layout,
    linear,
    normalization,
    piecewise,
    reductions,
    repetition,
    selection,
)
from tests.frontends.operator_cases.case import Case

_TABLES = (
    comparisons,
    constants,
    elementwise,
    layout,
    linear,
    normalization,
    piecewise,
    reductions,
    repetition,
    selection,
)

CASES: dict[str, Case] = {
    f"{table.__name__.rpartition('.')[2]}-{name}": case
    for table in _TABLES
    for name, case in table.CASES.items()
}
"""All cases, by the name of their table and their own."""
