"""The codes that the options of `assign-bitwidths` ask for."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lstmir.ir.encodings import Bank, Block, Column, Element, Empty, Encoding, Scale, Storage
from lstmir.ir.encodings.patterns import Pattern
from lstmir.numeric.codes import Code, Integer, Midrise, Ternary
from lstmir.passes.formats.coded import completed, is_coded, plain_code

SCALES = ("row", "gate", "none")
_EXPONENT = 4
_MOST = 32
_DENSE = Encoding((Storage(),))


@dataclass(frozen=True)
class Asked:
    """What is asked for: bits of plain weights; codes, of all gates or gate by gate; their scale."""

    weights: int
    codes: tuple[Code, ...]
    scale: Scale | None

    def encoding(self, before: Encoding | None, rows: int, recurrent: bool) -> Encoding | None:
        """What a matrix of so many rows is to be stored as.

        Codes that it has stay, and are for recurrent matrices otherwise. Raises ValueError where
        its rows, or its pattern, are not those of as many gates as there are codes.
        """
        if is_coded(before):
            assert before is not None
            return self.completed(before)
        codes = self.codes if recurrent else ()
        if not codes and self.weights > 2:
            return before
        codes = codes or (plain_code(self.weights),)
        gates = split_gates(before or _DENSE, len(codes), rows).gates
        codes = codes * len(gates) if len(codes) == 1 else codes
        return Encoding(
            tuple(
                replace(gate, code=code, scale=self.scale)
                for gate, code in zip(gates, codes, strict=True)
            )
        )

    def completed(self, encoding: Encoding) -> Encoding:
        """An encoding of which some gates have codes, with codes for the others."""
        return completed(encoding, self.weights)


def read_codes(text: str) -> tuple[Code, ...]:
    """The codes of `midrise:1 ternary integer:4`. Raises ValueError for what is none."""
    return tuple(_code(word) for word in text.split())


def read_scale(text: str) -> Scale | None:
    """An exponent of 4 bits for each row or gate, or none. Raises ValueError for something else."""
    if text not in SCALES:
        raise ValueError(f"scale must be one of {', '.join(SCALES)}, not '{text}'")
    return None if text == "none" else Scale(text, _EXPONENT)


def _code(word: str) -> Code:
    name, _, bits = word.partition(":")
    if word == "ternary":
        return Ternary()
    number = int(bits) if bits.isascii() and bits.isdigit() and len(bits) < 4 else 0
    if name == "midrise" and 1 <= number < _MOST:
        return Midrise(number)
    if name == "integer" and 2 <= number <= _MOST:
        return Integer(number)
    raise ValueError(
        f"'{word}' is not a code; expected midrise:1 to midrise:{_MOST - 1}, ternary, or "
        f"integer:2 to integer:{_MOST}"
    )


def split_gates(encoding: Encoding, gates: int, rows: int) -> Encoding:
    """An encoding of all rows alike as one of so many gates; that of as many stays.

    Raises ValueError where rows or pattern do not split.
    """
    if gates in (1, len(encoding.gates)):
        return encoding
    if rows % gates or len(encoding.gates) > 1:
        raise ValueError(f"{rows} rows stored as {encoding} are not those of {gates} gates")
    (whole,) = encoding.gates
    return Encoding((replace(whole, pattern=_split(whole.pattern, gates, rows)),) * gates)


def _split(pattern: Pattern | None, gates: int, rows: int) -> Pattern | None:
    """The pattern of each gate. Sets of rows must not reach over the end of a gate."""
    match pattern:
        case None | Bank() | Column() | Empty():
            return pattern
        case Block(rows=height) if rows // gates % height == 0:
            return pattern
        case Element(keep, lanes) if lanes % gates == 0 and rows % lanes == 0:
            return Element(keep, lanes // gates)
    raise ValueError(f"{pattern} is a pattern of all gates together; prune gate by gate first")
