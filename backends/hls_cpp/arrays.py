"""How operations on tiles and memories are printed: as calls of the functions in tile.h."""

from __future__ import annotations

from collections.abc import Sequence

from lstmir.backends.hls_cpp.program import Program, rule
from lstmir.ir.operation import Operation, Value
from lstmir.ir.types import shape_of


@rule("tensor.constant")
def constant(program: Program, op: Operation) -> None:
    """Its bits stand in the header of constants."""


@rule("tensor.reshape")
def reshape(program: Program, op: Operation) -> None:
    """Element by element."""
    program.call("tile::reshape", program.result(op), program.name(op.operands[0]))


@rule("tensor.slice")
def slice_(program: Program, op: Operation) -> None:
    """Neighbouring words."""
    start = str(op.attributes["start"])
    program.call("tile::load", program.result(op), program.name(op.operands[0]), start)


@rule("tensor.concat")
def concat(program: Program, op: Operation) -> None:
    """Vectors one behind the other."""
    result, first = program.result(op), 0
    for value in op.operands:
        size = shape_of(value.type)[0] or 0
        program.call("tile::put", result, str(first), program.name(value), "0", str(size))
        first += size


@rule("tile.pad")
def pad(program: Program, op: Operation) -> None:
    """Zeros behind a vector."""
    program.call("tile::pad", program.result(op), program.name(op.operands[0]))


@rule("tile.load")
def load(program: Program, op: Operation) -> None:
    """A number, a tile or neighbours; stored bits are decoded on the way."""
    memory, *indices = op.operands
    name, address = program.name(memory), _address(program, op, indices)
    word = f"{name}[{address}]"
    if not shape_of(op.result.type):
        program.define(op, _number(program, memory, word))
    elif "words" in op.attributes:
        program.call("tile::load", program.result(op), name, address)
    else:
        copy = "tile::decode" if program.is_stored(memory) else "tile::assign"
        program.call(copy, program.result(op), word)


@rule("tile.store")
def store(program: Program, op: Operation) -> None:
    """Into the memory itself: if its old content were still needed, this would be a copy."""
    _, word, *indices = op.operands
    target = f"{program.result(op)}[{_address(program, op, indices)}]"
    if shape_of(word.type):
        program.call("tile::assign", target, program.name(word))
    else:
        program.writer.line(f"{target} = {program.name(word)};")


@rule("tile.gather")
def gather(program: Program, op: Operation) -> None:
    """The operands that the addresses of a tile's lists ask for."""
    arguments = map(program.name, op.operands)
    banks, block = op.attributes["banks"], op.attributes.get("block", 1)
    numbers = f"{banks}" if block == 1 else f"{banks}, {block}"
    program.call(f"tile::gather<{numbers}>", program.result(op), *arguments)


@rule("tile.midrise")
def midrise(program: Program, op: Operation) -> None:
    """The odd integers behind codes."""
    program.call("tile::midrise", program.result(op), program.name(op.operands[0]))


@rule("tile.mac")
def mac(program: Program, op: Operation) -> None:
    """Into the sums themselves."""
    _, weights, operands = op.operands
    is_shared = len(shape_of(operands.type)) == 1
    function = "tile::mac_shared" if is_shared else "tile::mac"
    if "lanes" in op.attributes:
        function += "<{}, {}>".format(*op.attributes["lanes"])
    program.call(function, program.result(op), program.name(weights), program.name(operands))


@rule("fx.lookup")
def lookup(program: Program, op: Operation) -> None:
    """The bits of the index are the address."""
    table, index = op.operands
    word = f"{program.name(table)}[tile::address({program.name(index)})]"
    if program.is_stored(table):
        type_ = program.type(op.result.type)
        word = f"tile::lookup<{type_}>({program.name(table)}, {program.name(index)})"
    program.define(op, word)


def _number(program: Program, memory: Value, word: str) -> str:
    """An element of a memory as a number."""
    if not program.is_stored(memory):
        return word
    return f"tile::decoded<{program.type(memory.type)}>({word})"


def _address(program: Program, op: Operation, indices: Sequence[Value]) -> str:
    """The sum of base and strides as a person writes it: `6 * group + slot + 3`."""
    strides = zip(op.attributes["strides"], map(program.name, indices), strict=True)
    terms = [(stride, _multiple(abs(stride), index)) for stride, index in strides if stride]
    base = op.attributes["base"]
    if base or not terms:
        terms.append((base, str(abs(base))))
    (sign, first), *rest = sorted(terms, key=lambda term: term[0] < 0)
    tail = [f" {'-' if sign < 0 else '+'} {term}" for sign, term in rest]
    return "".join(["-" if sign < 0 else "", first, *tail])


def _multiple(factor: int, name: str) -> str:
    return name if factor == 1 else f"{factor} * {name}"
