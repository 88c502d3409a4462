"""How many threads numpy's matrix products take."""

from __future__ import annotations

import os

_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def one_thread() -> None:
    """One thread, unless the user's environment says otherwise; to be called before numpy is loaded.

    A search multiplies small matrices many thousand times. Threads would wait for each other longer
    than they work: several times as long where the processor is busy with something else, too.
    """
    for name in _VARIABLES:
        os.environ.setdefault(name, "1")
