"""The driver of a compiled design: arrays in, arrays out.

    sys.path.insert(0, "DIR")
    from driver import Accelerator

    with Accelerator("simulation") as accelerator:
        outputs = accelerator.run(x)

Importing it needs numpy; what a backend needs is imported when the backend is chosen.
"""

from .accelerator import BACKENDS, Accelerator
from .errors import DriverError

__all__ = ["BACKENDS", "Accelerator", "DriverError"]
