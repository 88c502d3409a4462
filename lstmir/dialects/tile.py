"""`tile`: static loop nests over memories that are values.

A memory is a tensor: its first axis counts words. Loads and stores address it by
`base + sum(stride * index)`, in words. Storing gives the memory's next content, so the order of
accesses is an edge of the graph.
"""

from __future__ import annotations

from collections.abc import Sequence

from lstmir.dialects.shapes import check_stored, require_fixed, tensor
from lstmir.ir.attributes import Attribute
from lstmir.ir.context import OpContext
from lstmir.ir.definition import Group, OpDefinition, define
from lstmir.ir.diagnostics import Invalid
from lstmir.ir.operands import captured_value
from lstmir.ir.operation import Value
from lstmir.ir.types import I32, TensorType, Type, banks_of, of_shape
from lstmir.numeric.fixed import FixedType
from lstmir.numeric.geometry import TileShape, geometry


def _loop_arguments(context: OpContext) -> list[Type]:
    return [I32, *context.types]


def _verify_for(context: OpContext, results: Sequence[Type]) -> None:
    if context.attributes["trip"] < 1:
        raise Invalid("a loop runs at least once")
    assert context.op is not None
    end = context.op.regions[0].end
    carried = list(context.types[: context.attributes["segments"][0]])
    yielded = [value.type for value in end.operands]
    if end.name != "tile.yield" or carried != yielded or list(results) != carried:
        raise Invalid("what a loop carries, yields and gives must have the same types")


define(
    OpDefinition(
        "tile.for",
        "Runs its body `trip` times, each time with the values that the time before yielded.",
        operands=("values*",),
        results=("values*",),
        groups=(Group("index", "defines"), Group("carry", "binds"), Group("capture", "binds")),
        attributes=(
            Attribute("trip", "int", "how often"),
            Attribute("pipeline", "int", "a new iteration starts each so many cycles", False),
        ),
        region_arguments=_loop_arguments,
        verify=_verify_for,
        example=(
            "%s = tile.for index (%i) carry (%a = %x) capture (%y = %x) {\n"
            '  %b = fx.requantize %a {rounding = "floor", overflow = "wrap"} : !fx.s<8,0>\n'
            "  tile.yield %b : !fx.s<8,0>\n"
            "} {trip = 4} : !fx.s<8,0>"
        ),
    )
)
define(
    OpDefinition(
        "tile.yield",
        "The end of a loop's body: what the next iteration carries.",
        operands=("values*",),
        terminator=True,
        example="tile.yield %b : tensor<4xf32>",
    )
)

_ADDRESS = (
    Attribute("base", "int", "the address where all indices are zero, in words"),
    Attribute("strides", "ints", "how many words each index moves on"),
)


def trip_of(index: Value) -> int:
    """How many values a loop index takes. Raises `Invalid` if it is no loop's index."""
    outer = captured_value(index)
    if outer is not None:
        return trip_of(outer)
    region = index.op.region
    owner = region.owner if region is not None and index.op is region.entry else None
    if owner is None or owner.name != "tile.for" or index.index != 0:
        raise Invalid("an index must be the index of an enclosing 'tile.for'")
    return int(owner.attributes["trip"])


def _check_address(context: OpContext, first: int, depth: int, words: int) -> None:
    base, strides = context.attributes["base"], context.attributes["strides"]
    types = context.types[first:]
    if len(strides) != len(types) or any(type_ != I32 for type_ in types):
        raise Invalid("an access needs one stride for each i32 index")
    if context.op is None:
        return
    trips = [trip_of(value) for value in context.op.operands[first:]]
    reach = [stride * (trip - 1) for stride, trip in zip(strides, trips, strict=True)]
    low = base + sum(min(0, end) for end in reach)
    high = base + sum(max(0, end) for end in reach) + words - 1
    if low < 0 or high >= depth:
        raise Invalid(f"addresses {low} to {high} are not all in a memory of {depth} words")


def _infer_load(context: OpContext) -> list[Type]:
    memory = tensor(context, 0, "the memory")
    check_stored(memory)
    depth, *word = memory.static_shape
    words = context.attributes.get("words")
    _check_address(context, 1, depth, words or 1)
    shape = tuple(word) if words is None else (words, *word)
    return [of_shape(shape, memory.element)]


define(
    OpDefinition(
        "tile.load",
        "The word at an address, or `words` neighbours from there as one more axis.",
        operands=("memory", "indices*"),
        results=("word",),
        attributes=(*_ADDRESS, Attribute("words", "int", "how many neighbours", False)),
        infer=_infer_load,
        example="%v = tile.load %m {base = 4, strides = [], words = 4} : (tensor<8xf32>) -> tensor<4xf32>",
    )
)


def _infer_store(context: OpContext) -> list[Type]:
    memory = tensor(context, 0, "the memory")
    check_stored(memory)
    depth, *word = memory.static_shape
    _check_address(context, 2, depth, 1)
    if context.types[1] != of_shape(tuple(word), memory.element):
        raise Invalid(f"{context.types[1]} is not a word of {memory}")
    return [memory]


define(
    OpDefinition(
        "tile.store",
        "The memory with one word replaced.",
        operands=("memory", "word", "indices*"),
        results=("memory",),
        attributes=_ADDRESS,
        infer=_infer_store,
        example="%n = tile.store %m, %v {base = 1, strides = []} : (tensor<8xf32>, f32) -> tensor<8xf32>",
    )
)


def _infer_pad(context: OpContext) -> list[Type]:
    source = tensor(context, 0, "the source", 1)
    check_stored(source)
    size = context.attributes["size"]
    if size < source.static_shape[0]:
        raise Invalid(f"{source} does not fit in {size} words")
    return [TensorType((size,), source.element)]


define(
    OpDefinition(
        "tile.pad",
        "A vector as a memory of `size` words, zeros behind it.",
        operands=("source",),
        results=("memory",),
        attributes=(Attribute("size", "int", "words of the memory"),),
        infer=_infer_pad,
        example="%m = tile.pad %x {size = 8} : (tensor<6xf32>) -> tensor<8xf32>",
    )
)


def shape_of_tiles(context: OpContext) -> TileShape:
    """The tile shape that the attributes of `tile.fetch` state."""
    attributes = context.attributes
    return TileShape(attributes["rows"], attributes["columns"], attributes["gates"])


def _infer_fetch(context: OpContext) -> list[Type]:
    matrix = tensor(context, 0, "the matrix", 2)
    if context.types[1:] != (I32, I32, I32):
        raise Invalid("'tile.fetch' takes a matrix and the indices of group, window and slot")
    tiles = shape_of_tiles(context)
    if min(tiles.rows, tiles.columns, tiles.gates) < 1:
        raise Invalid("a tile has at least one row, one column and one gate")
    try:
        plan = geometry(matrix.static_shape, banks_of(matrix), tiles)
    except ValueError as error:
        raise Invalid(str(error)) from error
    shape = (tiles.rows, tiles.columns)
    values = TensorType(shape, matrix.element)
    if banks_of(matrix) is None:
        return [values]
    return [values, TensorType(shape, FixedType(False, plan.index_bits, 0))]


define(
    OpDefinition(
        "tile.fetch",
        "One tile of a matrix, wherever it is stored: its elements, and if sparse their indices.",
        operands=("matrix", "group", "window", "slot"),
        results=("elements", "indices?"),
        attributes=(
            Attribute("rows", "int", "rows of a tile"),
            Attribute("columns", "int", "stored elements of a row that a tile holds"),
            Attribute("gates", "int", "matrix rows that belong to one hidden unit"),
        ),
        infer=_infer_fetch,
        example=(
            "%e, %i = tile.fetch %w, %group, %window, %slot {rows = 4, columns = 1, gates = 4} : "
            "(tensor<8x6x!fx.s<8,7>, #sparse.bank<3, 1>>, i32, i32, i32) -> "
            "(tensor<4x1x!fx.s<8,7>>, tensor<4x1x!fx.u<2,0>>)"
        ),
    )
)


def _infer_gather(context: OpContext) -> list[Type]:
    window, indices = tensor(context, 0, "the window", 1), tensor(context, 1, "the indices", 2)
    require_fixed(context, 1, "the indices")
    banks = context.attributes["banks"]
    if banks < 1:
        raise Invalid("a window has at least one bank")
    if window.static_shape[0] % banks or indices.static_shape[1] % banks:
        raise Invalid(f"{window} and {indices} cannot be cut into {banks} banks")
    return [TensorType(indices.shape, window.element)]


define(
    OpDefinition(
        "tile.gather",
        "For each row and column of the indices, an element of that column's bank of the window.",
        operands=("window", "indices"),
        results=("operands",),
        attributes=(Attribute("banks", "int", "banks in the window, each for as many columns"),),
        infer=_infer_gather,
        example=(
            "%v = tile.gather %m, %i {banks = 1} : "
            "(tensor<4x!fx.s<8,7>>, tensor<8x2x!fx.u<2,0>>) -> tensor<8x2x!fx.s<8,7>>"
        ),
    )
)


def _verify_mac(context: OpContext, results: Sequence[Type]) -> None:
    accumulators = tensor(context, 0, "the accumulators", 1)
    weights = tensor(context, 1, "the weights", 2)
    operands = tensor(context, 2, "the operands")
    if list(results) != [accumulators] or weights.shape[0] != accumulators.shape[0]:
        raise Invalid(f"{weights} cannot be accumulated in {accumulators}")
    if operands.shape not in (weights.shape, weights.shape[1:]):
        raise Invalid(f"{operands} cannot be multiplied by {weights}")
    fracs = [require_fixed(context, index, "each operand").frac for index in range(3)]
    if fracs[0] < fracs[1] + fracs[2]:
        raise Invalid(f"{accumulators} has too few fraction bits for the products")


define(
    OpDefinition(
        "tile.mac",
        "Accumulators plus, row by row, the products of weights and operands.",
        operands=("accumulators", "weights", "operands"),
        results=("sums",),
        verify=_verify_mac,
        example=(
            "%s = tile.mac %a, %w, %v : (tensor<8x!fx.s<20,12>>, tensor<8x2x!fx.s<8,7>>, "
            "tensor<2x!fx.s<8,5>>) -> tensor<8x!fx.s<20,12>>"
        ),
    )
)
