"""lstmir: a compiler from trained LSTM networks to FPGA accelerators."""

from __future__ import annotations


def __getattr__(name: str) -> str:
    """The installed version, read only when asked for: importing lstmir must stay free."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import version

    return version("lstmir")
