"""Regular expressions for what JSON writes as text."""

from __future__ import annotations


def _up_to(limit: str) -> str:
    """For decimal numbers from 0 to `limit`, without zeros in front where it has as many digits."""
    rest = [len(limit) - place - 1 for place in range(len(limit))]
    below = [
        f"{limit[:place]}[0-{int(digit) - 1}][0-9]{{{rest[place]}}}"
        for place, digit in enumerate(limit)
        if digit != "0"
    ]
    return "|".join([f"[0-9]{{1,{rest[0]}}}", *below, limit])


INTEGER = f"^(?:-?(?:{_up_to(str(2**63 - 1))})|-{2**63})$"
"""An integer of 64 bits."""

AXIS_NAME = "[^0-9]"
"""The name of an axis: not a number that was put in quotes, and not empty."""

BASE64 = "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"
