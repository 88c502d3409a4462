"""How much may be computed at import. A small file may declare large shapes, and compute with them."""

from __future__ import annotations

import numpy as np

from lstmir.ir.diagnostics import UserError

FREE_ELEMENTS = 2**24
"""So many elements may be computed whatever the model holds: 64 MiB of float32."""

ELEMENTS_PER_WEIGHT = 64
"""And so many more for each element of its tensors; exporters put weights together from pieces."""


class Budget:
    """Elements that may still be read or made: memory and time follow from the size of the files."""

    def __init__(self) -> None:
        self.left = FREE_ELEMENTS

    def grant(self, array: np.ndarray) -> None:
        """Allow for what is computed of a tensor that the model holds."""
        self.left += ELEMENTS_PER_WEIGHT * array.size

    def spend(self, elements: int) -> None:
        """Raise `UserError` if so many elements are too many."""
        if elements > self.left:
            raise UserError(
                f"{elements} elements of constants are too many to be computed: the model's own"
                f" tensors account for {self.left} more"
            )
        self.left -= elements
