"""The storages among which is chosen, as text."""

from __future__ import annotations

from lstmir.ir.encodings import Storage
from lstmir.syntax.encoding_syntax import parse_encoding

USUAL = (
    "none; midrise 1; ternary; midrise 2; midrise 3; midrise 4; integer 5; integer 6; integer 8; "
    "midrise 1 by row; ternary by row; midrise 2 by row; midrise 3 by row; midrise 4 by row"
)
"""From nothing to eight bits: fewer choices where few bits are, as there each of them matters."""

_EXPONENT = 4


def storages_of(text: str) -> tuple[Storage, ...]:
    """The storages that a text names, parted by semicolons.

    Each is a code, `by row` if each row has an exponent of its own, perhaps behind a pattern:
    `bank<4, 1> midrise 2 by row`. Raises ValueError for what is none.
    """
    found = tuple(_storage(part.strip()) for part in text.split(";") if part.strip())
    if not found:
        raise ValueError("no storage to choose from")
    return tuple(dict.fromkeys(found))


def _storage(text: str) -> Storage:
    if text == "none":
        return parse_encoding("#sparse.none").gates[0]
    words, axis = text, "gate"
    if words.endswith(" by row"):
        words, axis = words.removesuffix(" by row"), "row"
    pattern, bracket, code = words.rpartition(">")
    before = f"#sparse.{pattern.strip()}>" if bracket else ""
    name, _, bits = code.strip().partition(" ")
    coded = f"#code<{name}, {bits}>" if bits else f"#code<{name}>"
    try:
        encoding = parse_encoding(f"{before} {coded} #scale<{axis}, {_EXPONENT}>")
    except ValueError as error:
        raise ValueError(
            f"'{text}' is no storage, such as 'none', 'midrise 1' or 'bank<4, 1> integer 5 by row': {error}"
        ) from error
    return encoding.gates[0]
