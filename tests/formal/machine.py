"""A clocked machine as terms of z3: what proofs are about, whoever describes the machine.

A signal is a bit vector of its wires; what they are worth is the reader's business. A term is over
the machine's inputs, its registers as they are now, and the words of its memories as they are now.
Two descriptions that use one set of names for their states share these variables, so they can be
compared term by term.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import z3

RESET = "rst"


@dataclass(frozen=True)
class Memory:
    """Words at addresses of `address_bits` bits, as an unknown function of the address.

    Words behind the first `words` are zero for ever. `initial` has all words at power-up. `after`
    gives the word at an address in the next cycle.
    """

    content: z3.FuncDeclRef
    words: int
    initial: tuple[int, ...]
    after: Callable[[z3.BitVecRef], z3.BitVecRef]

    @property
    def address_bits(self) -> int:
        """The width of an address."""
        bits: int = self.content.domain(0).size()
        return bits


@dataclass(frozen=True)
class Machine:
    """States by name, and each one's value after the next clock edge.

    `inputs` has the reset line, too; what a reset does is part of `following`.
    """

    inputs: dict[str, z3.BitVecRef]
    registers: dict[str, z3.BitVecRef]
    memories: dict[str, Memory]
    outputs: dict[str, z3.BitVecRef]
    following: dict[str, z3.BitVecRef]


def content(name: str, address_bits: int, width: int) -> z3.FuncDeclRef:
    """The words of the memory of that name."""
    return z3.Function(name, z3.BitVecSort(address_bits), z3.BitVecSort(width))


def address_bits(words: int) -> int:
    """The width of the narrowest address that reaches every word; one bit at least."""
    return max(1, (words - 1).bit_length())


def bit(truth: z3.BoolRef) -> z3.BitVecRef:
    """A truth value as a wire."""
    return z3.If(truth, z3.BitVecVal(1, 1), z3.BitVecVal(0, 1))


def holds(wire: z3.BitVecRef) -> z3.BoolRef:
    """Whether any wire is one."""
    return wire != 0


def extended(term: z3.BitVecRef, width: int, signed: bool) -> z3.BitVecRef:
    """The low `width` bits; beyond the last, copies of the sign, or zeros."""
    missing = width - term.size()
    if missing > 0:
        return z3.SignExt(missing, term) if signed else z3.ZeroExt(missing, term)
    return low(term, width)


def low(term: z3.BitVecRef, width: int) -> z3.BitVecRef:
    """The low `width` of a term's bits."""
    return part(term, 0, width)


def part(term: z3.BitVecRef, lowest: int, width: int) -> z3.BitVecRef:
    """Neighbouring bits of a term."""
    if width == term.size():
        return term
    return z3.Extract(lowest + width - 1, lowest, term)


def side_by_side(parts: Sequence[z3.BitVecRef]) -> z3.BitVecRef:
    """Parts in one bit vector, the highest first."""
    return parts[0] if len(parts) == 1 else z3.Concat(*parts)


def times(left: z3.BitVecRef, right: z3.BitVecRef) -> z3.BitVecRef:
    """A product, of which a solver is told no more than that equal factors give equal products.

    Multipliers are what solvers are slow at, and descriptions of one machine multiply the same
    numbers: what is proven of any function of two factors holds for their product. `multiplied`
    says which function it is.
    """
    return _product(left.size())(left, right)


def multiplied(term: z3.ExprRef) -> z3.ExprRef:
    """The term with the products of `times` as what they are."""
    pairs = []
    for width in {node.size() for node in _products(term)}:
        left, right = (z3.Var(index, z3.BitVecSort(width)) for index in (0, 1))
        pairs.append((_product(width), left * right))
    return z3.substitute_funs(term, *pairs) if pairs else term


def _product(width: int) -> z3.FuncDeclRef:
    sort = z3.BitVecSort(width)
    return z3.Function(f"times_{width}", sort, sort, sort)


def _products(term: z3.ExprRef) -> Iterator[z3.ExprRef]:
    """Every product in a term."""
    for node in nodes([term]):
        if node.num_args() == 2 and node.decl().name().startswith("times_"):
            yield node


def nodes(terms: Iterable[z3.ExprRef]) -> Iterator[z3.ExprRef]:
    """Every application in some terms, once."""
    seen, waiting = set(), list(terms)
    while waiting:
        node = waiting.pop()
        if node.get_id() not in seen and z3.is_app(node):
            seen.add(node.get_id())
            waiting += node.children()
            yield node
