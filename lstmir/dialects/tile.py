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
from lstmir.ir.operation import Attributes, Value
from lstmir.ir.types import I32, TensorType, Type, of_shape
from lstmir.numeric.fixed import FixedType
from lstmir.numeric.geometry import Layout, TileShape, dense


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
            Attribute(
                "order",
                "ints",
                "the walks inside, in the order in which the array runs them",
                False,
            ),
            Attribute("ahead", "int", "iterations that begin before the first one ends", False),
            Attribute(
                "cuts", "ints", "the tiles before which those are cut, to run part by part", False
            ),
            Attribute("tails", "int", "units that leave the array at once", False),
            Attribute("array", "int", "the array that runs it, if not the first one", False),
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


_LAYOUT = (
    Attribute("window", "int", "neighbours of the vector that serve the tiles of a window", False),
    Attribute("slots", "int", "tiles of a window", False),
    Attribute("size", "int", "neighbours in a bank", False),
    Attribute("banks", "int", "banks that a tile sees, each for as many entries", False),
    Attribute("block", "int", "neighbours that an entry holds", False),
    Attribute("lists", "int", "lists of a tile: lane p reads list p % lists", False),
)
_LANES = Attribute("lanes", "ints", "first lane and step, if not all lanes take part", False)


def shape_of_tiles(attributes: Attributes) -> TileShape:
    """The tile shape that the attributes of `tile.fetch` state."""
    first, step = attributes.get("lanes", (0, 1))
    return TileShape(attributes["rows"], attributes["columns"], attributes["gates"], first, step)


def layout_of_tiles(attributes: Attributes) -> Layout:
    """The layout that the attributes of `tile.fetch` state; without any, a dense one."""
    stated = {each.name: attributes[each.name] for each in _LAYOUT if each.name in attributes}
    return Layout(**stated) if "window" in stated else dense(attributes["columns"])


def _check_lanes(attributes: Attributes, rows: int) -> None:
    lanes = attributes.get("lanes", (0, 1))
    if len(lanes) != 2 or not 0 <= lanes[0] < min(rows, lanes[1]):
        raise Invalid(f"the lanes of {rows} rows are a first one and a step beyond it")


def _infer_fetch(context: OpContext) -> list[Type]:
    matrix = tensor(context, 0, "the matrix", 2)
    if context.types[1:] != (I32, I32, I32):
        raise Invalid("'tile.fetch' takes a matrix and the indices of group, window and slot")
    if min(context.attributes[name] for name in ("rows", "columns", "gates")) < 1:
        raise Invalid("a tile has at least one row, one column and one gate")
    _check_lanes(context.attributes, context.attributes["rows"])
    tiles, layout = shape_of_tiles(context.attributes), layout_of_tiles(context.attributes)
    try:
        tiles.groups(matrix.static_shape[0])
        layout.check(tiles)
        _check_room(context, tiles, layout)
    except ValueError as error:
        raise Invalid(str(error)) from error
    values = TensorType((tiles.lanes, tiles.columns), matrix.element)
    if not layout.is_indexed:
        return [values]
    entries = tiles.columns // layout.block
    return [values, TensorType((layout.lists, entries), FixedType(False, layout.index_bits, 0))]


def _check_room(context: OpContext, tiles: TileShape, layout: Layout) -> None:
    array = context.constant(0)
    if array is None:
        return
    from lstmir.numeric.packing import check_room

    check_room(array, tiles, layout)


define(
    OpDefinition(
        "tile.fetch",
        "One tile of a matrix, wherever it is stored: its elements, and the addresses of its entries.",
        operands=("matrix", "group", "window", "slot"),
        results=("elements", "indices?"),
        attributes=(
            Attribute("rows", "int", "lanes of the array"),
            Attribute("columns", "int", "stored elements of a lane that a tile holds"),
            Attribute("gates", "int", "matrix rows that belong to one hidden unit"),
            _LANES,
            *_LAYOUT,
        ),
        infer=_infer_fetch,
        example=(
            "%e, %i = tile.fetch %w, %group, %window, %slot {rows = 4, columns = 1, gates = 4, "
            "window = 3, size = 3, lists = 4} : "
            "(tensor<8x6x!fx.s<8,7>, #sparse.bank<3, 1>>, i32, i32, i32) -> "
            "(tensor<4x1x!fx.s<8,7>>, tensor<4x1x!fx.u<2,0>>)"
        ),
    )
)


def _infer_gather(context: OpContext) -> list[Type]:
    window, indices = tensor(context, 0, "the window", 1), tensor(context, 1, "the indices", 2)
    require_fixed(context, 1, "the indices")
    banks, block = context.attributes["banks"], context.attributes.get("block", 1)
    if banks < 1 or block < 1:
        raise Invalid("a window has at least one bank, and a block one element")
    lists, entries = indices.static_shape
    if window.static_shape[0] % (banks * block) or entries % banks:
        blocks = "" if block == 1 else f" of blocks of {block}"
        raise Invalid(f"{window} and {indices} cannot be cut into {banks} banks{blocks}")
    return [TensorType((lists, entries * block), window.element)]


define(
    OpDefinition(
        "tile.gather",
        "For each entry of the indices, a block of neighbours from its bank of the window.",
        operands=("window", "indices"),
        results=("operands",),
        attributes=(
            Attribute("banks", "int", "banks in the window, each for as many entries"),
            Attribute("block", "int", "neighbours that an entry stands for", False),
        ),
        infer=_infer_gather,
        example=(
            "%v = tile.gather %m, %i {banks = 1} : "
            "(tensor<4x!fx.s<8,7>>, tensor<8x2x!fx.u<2,0>>) -> tensor<8x2x!fx.s<8,7>>"
        ),
    )
)


def _infer_midrise(context: OpContext) -> list[Type]:
    codes = tensor(context, 0, "the codes")
    element = require_fixed(context, 0, "the codes")
    if not element.signed:
        raise Invalid(f"codes have a sign, those of {codes} have none")
    return [TensorType(codes.shape, FixedType(True, element.width + 1, element.frac + 1))]


define(
    OpDefinition(
        "tile.midrise",
        "The odd integers that codes stand for: twice the code, plus one. One bit is a sign.",
        operands=("codes",),
        results=("weights",),
        infer=_infer_midrise,
        example="%w = tile.midrise %c : (tensor<4x1x!fx.s<1,4>>) -> tensor<4x1x!fx.s<2,5>>",
    )
)


def _verify_mac(context: OpContext, results: Sequence[Type]) -> None:
    accumulators = tensor(context, 0, "the accumulators", 1)
    weights = tensor(context, 1, "the weights", 2)
    operands = tensor(context, 2, "the operands")
    (rows,) = accumulators.static_shape
    _check_lanes(context.attributes, rows)
    first, step = context.attributes.get("lanes", (0, 1))
    lanes, columns = weights.static_shape
    if list(results) != [accumulators] or lanes != len(range(first, rows, step)):
        raise Invalid(f"{weights} cannot be accumulated in {accumulators}")
    *lists, width = operands.static_shape
    if width != columns or len(lists) > 1 or (lists and lanes % max(1, lists[0])):
        raise Invalid(f"{operands} cannot be multiplied by {weights}")
    fracs = [require_fixed(context, index, "each operand").frac for index in range(3)]
    if fracs[0] < fracs[1] + fracs[2]:
        raise Invalid(f"{accumulators} has too few fraction bits for the products")


define(
    OpDefinition(
        "tile.mac",
        "Accumulators plus, lane by lane, the products of weights and operands.",
        operands=("accumulators", "weights", "operands"),
        results=("sums",),
        attributes=(_LANES,),
        verify=_verify_mac,
        example=(
            "%s = tile.mac %a, %w, %v : (tensor<8x!fx.s<20,12>>, tensor<8x2x!fx.s<8,7>>, "
            "tensor<2x!fx.s<8,5>>) -> tensor<8x!fx.s<20,12>>"
        ),
    )
)
