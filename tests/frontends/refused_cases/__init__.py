"""Nodes that have no form in lstmir: a table for each family of operators."""

from __future__ import annotations

from tests.frontends.refused_cases import linear, others, reductions, selection
from tests.frontends.refused_cases.case import Refused

REFUSED: dict[str, Refused] = {
    **linear.REFUSED,
    **others.REFUSED,
    **reductions.REFUSED,
    **selection.REFUSED,
}
"""All cases, by name."""
