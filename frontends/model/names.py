"""Names of models as names of the IR."""

from __future__ import annotations

import re


def identifier(name: str) -> str:
    """A name like `/lstm/LSTM_output_0` as `lstm_LSTM_output_0`: letters, digits and `_` only."""
    plain = re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_")
    return plain if plain[:1].isalpha() else f"v{plain}"
