"""What can go wrong, said so that it can be mended."""

from __future__ import annotations


class DriverError(Exception):
    """Arrays that do not fit the design, a tool that is missing, or a design that does not answer."""
