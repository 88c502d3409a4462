"""Verilog expressions whose operands all have the width that the language computes with.

Verilog sizes an expression by its context and extends by a sign that depends on every operand. Here
nothing is left to that: an expression of `width` bits is made of operands of `width` bits, so it
means the same in any context of that width. Where numbers are extended, the text says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

# How strongly an operator binds; a literal, a name or a call binds as PRIMARY.
TERNARY, OR, AND, COMPARE, SHIFT, ADD, MUL, UNARY, PRIMARY = range(9)


class Read(NamedTuple):
    """Wires of a signal that an expression looks at. Of a memory, none are counted."""

    signal: str
    low: int
    width: int


Reads = frozenset[Read]
NOTHING: Reads = frozenset()


@dataclass(frozen=True, slots=True)
class Expr:
    """A text of `width` bits; `signed` is what Verilog takes it for.

    One that is `loose` leaves extension to Verilog after all: it may only stand alone, on the right
    of an assignment to exactly `width` bits. `parts` are those of a concatenation.
    """

    text: str
    width: int
    signed: bool = False
    level: int = PRIMARY
    reads: Reads = NOTHING
    loose: bool = False
    parts: tuple[Expr, ...] = ()

    def inside(self, level: int) -> str:
        """The text as an operand of an operator that binds at least as strongly as `level`."""
        return self.text if self.level >= level else f"({self.text})"


@dataclass(frozen=True, slots=True)
class Wires:
    """Neighbouring wires of a signal, or of a word of a memory, of `total` wires.

    `signed` says how the whole is declared. `index` is what a memory's address reads.
    """

    base: str
    low: int
    width: int
    total: int
    signed: bool = False
    index: Reads | None = None

    def slice(self, low: int, width: int) -> Wires:
        """Some of these wires."""
        return replace(self, low=self.low + low, width=width)

    def bit(self, index: int) -> Expr:
        """One of these wires."""
        return self.slice(index, 1).expr

    @property
    def is_whole(self) -> bool:
        """Whether these are all wires of the signal."""
        return self.width == self.total

    @property
    def expr(self) -> Expr:
        """The wires as they are."""
        reads = frozenset({Read(self.base, self.low, self.width)})
        if self.index is not None:
            reads = self.index
        select = ""
        if not self.is_whole:
            top = self.low + self.width - 1
            select = f"[{top}]" if self.width == 1 else f"[{top}:{self.low}]"
        signed = self.signed and self.is_whole and self.total > 1
        return Expr(self.base + select, self.width, signed, PRIMARY, reads)

    def extended(self, width: int, signed: bool) -> Expr:
        """The low `width` wires; beyond the last, copies of its sign, or zeros."""
        if width <= self.width:
            return self.slice(0, width).expr
        if not signed:
            return zero_extended(self.expr, width)
        copies = width - self.width
        sign = self.bit(self.width - 1)
        if self.width == 1:
            return replicated(sign, width)
        return concat([sign if copies == 1 else replicated(sign, copies), self.expr])


def reads_of(parts: Iterable[Expr]) -> Reads:
    """Everything that some expressions look at."""
    return NOTHING.union(*(part.reads for part in parts))


def literal(integer: int, width: int, signed: bool = False) -> Expr:
    """A constant: the low `width` bits of an integer.

    A negative one that fits shows its sign. The most negative one does not: its digits alone are no
    number of that width.
    """
    natural = integer & (1 << width) - 1
    if width == 1:
        return Expr(f"1'{'s' if signed else ''}b{natural}", 1, signed)
    if -1 << width - 1 < integer < 0:
        return Expr(f"-{width}'s{_digits(-integer)}", width, True, UNARY)
    return Expr(f"{width}'{'s' if signed else ''}{_digits(natural)}", width, signed)


def bit_pattern(integer: int, width: int) -> Expr:
    """A signed constant without an operator, such as `8'shfe` for -2."""
    return Expr(f"{width}'sh{integer & (1 << width) - 1:x}", width, True)


def _digits(natural: int) -> str:
    return f"d{natural}" if natural < 1 << 16 else f"h{natural:x}"


def concat(parts: Iterable[Expr]) -> Expr:
    """Parts side by side, the highest first."""
    flat = tuple(inner for part in parts for inner in part.parts or (part,))
    if len(flat) == 1:
        return flat[0]
    text = f"{{{', '.join(part.text for part in flat)}}}"
    return Expr(text, sum(part.width for part in flat), reads=reads_of(flat), parts=flat)


def replicated(part: Expr, count: int) -> Expr:
    """A part several times side by side."""
    return Expr(f"{{{count}{{{part.text}}}}}", part.width * count, reads=part.reads)


def zero_extended(expr: Expr, width: int) -> Expr:
    """An expression with zeros in front."""
    if expr.width == width:
        return expr
    return concat([literal(0, width - expr.width), expr])


def as_signed(expr: Expr, signed: bool) -> Expr:
    """The same bits, taken by Verilog for a signed or an unsigned number."""
    if expr.signed == signed:
        return expr
    text = f"{'$signed' if signed else '$unsigned'}({expr.text})"
    return Expr(text, expr.width, signed, PRIMARY, expr.reads)


def unary(operator: str, operand: Expr) -> Expr:
    """`-x`, `~x` or, of one bit, `!x`."""
    text = operator + operand.inside(PRIMARY)
    return Expr(text, operand.width, operand.signed, UNARY, operand.reads)


def opposite(condition: Expr) -> Expr:
    """`!a`, said as plainly as it can be."""
    if condition.level == COMPARE and condition.text.count(" == ") == 1:
        return replace(condition, text=condition.text.replace(" == ", " != "))
    if condition.level == UNARY and condition.text.startswith("!"):
        return replace(condition, text=condition.text[1:], level=PRIMARY)
    return unary("!", condition)


def joined(operator: str, level: int, operands: Iterable[Expr]) -> Expr:
    """Operands of one width with an operator between each; the first may be of the same kind."""
    first, *rest = operands
    words = [first.inside(level), *(part.inside(level + 1) for part in rest)]
    signed = all(part.signed for part in (first, *rest))
    text = f" {operator} ".join(words)
    return Expr(text, first.width, signed, level, reads_of([first, *rest]))


def compared(operator: str, left: Expr, right: Expr) -> Expr:
    """A comparison of operands of one width."""
    text = f"{left.inside(UNARY)} {operator} {right.inside(UNARY)}"
    return Expr(text, 1, False, COMPARE, reads_of([left, right]))


def chosen(condition: Expr, if_true: Expr, if_false: Expr) -> Expr:
    """`c ? x : y` with branches of one width; x where both are the same."""
    if if_true.text == if_false.text:
        return if_true
    text = f"{condition.inside(UNARY)} ? {if_true.inside(OR)} : {if_false.text}"
    reads = reads_of([condition, if_true, if_false])
    return Expr(text, if_true.width, if_true.signed and if_false.signed, TERNARY, reads)


def any_of(terms: Iterable[Expr]) -> Expr:
    """`a || b`; with parentheses around `&&`, for the reader."""
    terms = list(terms)
    if len(terms) == 1:
        return terms[0]
    words = [term.text if term.level == OR else term.inside(COMPARE) for term in terms]
    return Expr(" || ".join(words), 1, False, OR, reads_of(terms))


def all_of(terms: Iterable[Expr]) -> Expr:
    """`a && b`."""
    terms = list(terms)
    if len(terms) == 1:
        return terms[0]
    return Expr(" && ".join(term.inside(AND) for term in terms), 1, False, AND, reads_of(terms))
