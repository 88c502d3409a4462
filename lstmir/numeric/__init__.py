"""Fixed-point numbers: formats, exact arithmetic, rounding, real functions and integer intervals.

Nothing here knows the IR. Numbers are whole numpy arrays of integers beside one `FixedType`.
"""

from __future__ import annotations

from lstmir.numeric.fixed import FixedType
from lstmir.numeric.modes import Overflow, Rounding

__all__ = ["FixedType", "Overflow", "Rounding"]
