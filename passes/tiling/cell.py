"""Reads a cell: which products it accumulates, and what its tail does with each hidden unit."""

from __future__ import annotations

from dataclasses import dataclass

from lstmir.ir.module import Module
from lstmir.ir.operands import captured_value, constant_of, segment
from lstmir.ir.operation import Operation, Value
from lstmir.ir.types import is_fixed, shape_of
from lstmir.pipeline.passes import Pass, cannot


@dataclass(frozen=True)
class Product:
    """A matrix by a vector: `matrix` is the constant outside, `vector` the body's argument."""

    matrix: Value
    vector: Value


@dataclass(frozen=True)
class Accumulation:
    """An exact sum of products and constants; `value` is the sum, one element a matrix row.

    Products with a matrix of zeros are left out, as long as there are others.
    """

    value: Value
    products: tuple[Product, ...]
    addends: tuple[Value, ...]


@dataclass(frozen=True)
class Cell:
    """A recurrence as the array runs it.

    `hidden` units, each with `gates` rows of the accumulation. `states` are the body's arguments,
    `next_states` what it yields for them.
    """

    scan: Operation
    accumulation: Accumulation
    hidden: int
    gates: int
    inputs: tuple[Value, ...]
    states: tuple[Value, ...]
    next_states: tuple[Value, ...]


def accumulation_of(pass_: Pass, module: Module, matvecs: list[Operation]) -> Accumulation:
    """The one exact sum that some matvecs of a region feed."""
    sums = {user for op in matvecs for user, _ in op.parent.uses(op.result)}
    adds = [op for op in sums if op.name == "arith.add"]
    if len(matvecs) == 1 and not adds:
        return Accumulation(matvecs[0].result, (_product(pass_, module, matvecs[0]),), ())
    if len(sums) != 1 or not adds:
        why = "the products of a cell must meet in one 'arith.add'"
        note = "those of an LSTM and of a simple RNN do; a GRU adds them up in several places"
        raise cannot(pass_, why, matvecs[0].location, note)
    total = adds[0]
    products = [v.op for v in total.operands if v.op in matvecs]
    addends = tuple(v for v in total.operands if v.op not in matvecs)
    for addend in addends:
        if constant_of(addend, module.resources) is None:
            raise cannot(
                pass_, "only constants may be added to the products of a cell", total.location
            )
    found = [_product(pass_, module, op) for op in products]
    live = [each for each in found if _any(module, each.matrix)]
    return Accumulation(total.result, tuple(live or found[:1]), addends)


def _any(module: Module, matrix: Value) -> bool:
    """Whether a constant matrix has an element at all: one without is not walked."""
    array = constant_of(matrix, module.resources)
    return array is not None and bool(array.any())


def _product(pass_: Pass, module: Module, op: Operation) -> Product:
    matrix, vector = op.operands
    if not is_fixed(op.result.type):
        raise cannot(pass_, "the network is still in floats: run quantize first", op.location)
    source = outermost(matrix)
    if source.op.name != "tensor.constant":
        raise cannot(pass_, "the matrix of a product must be a constant", op.location)
    return Product(source, vector)


def outermost(value: Value) -> Value:
    """The value outside all regions that a capture stands for."""
    outer = captured_value(value)
    return value if outer is None else outermost(outer)


def analyse_cell(pass_: Pass, module: Module, scan: Operation) -> Cell:
    """The recurrence of a scan. Raises `UserError` that names what the array cannot run."""
    body = scan.regions[0]
    if scan.attributes.get("direction", "forward") != "forward":
        raise cannot(pass_, "the array runs forward in time only", scan.location)
    if segment(scan, "length"):
        why = "the array runs to the end of its packet: a recurrence with a length has no form"
        raise cannot(pass_, why, scan.location, "give the model sequences of their own lengths")
    _check_emits(pass_, scan)
    matvecs = [op for op in body.operations() if op.name == "linalg.matvec"]
    if not matvecs:
        raise cannot(pass_, "the recurrence multiplies no matrix", scan.location)
    accumulation = accumulation_of(pass_, module, matvecs)
    arguments = body.arguments
    inputs = len(segment(scan, ""))
    states = inputs + len(segment(scan, "state"))
    for product in accumulation.products:
        if product.vector not in arguments[:states]:
            why = "a matrix may be multiplied by an input or a state only"
            raise cannot(pass_, why, product.vector.op.location)
    held = arguments[inputs:states]
    hidden = _hidden(pass_, scan, held)
    rows = shape_of(accumulation.value.type)[0] or 0
    if rows % hidden:
        raise cannot(
            pass_, f"{rows} rows are no whole number of gates for {hidden} units", scan.location
        )
    return Cell(
        scan, accumulation, hidden, rows // hidden, arguments[:inputs], held,
        segment(body.end, "state"),
    )  # fmt: skip


def _hidden(pass_: Pass, scan: Operation, states: tuple[Value, ...]) -> int:
    shapes = {shape_of(state.type) for state in states}
    if len(shapes) != 1 or len(shape := shapes.pop()) != 1 or shape[0] is None:
        raise cannot(
            pass_, "the states of the recurrence must be vectors of one length", scan.location
        )
    return shape[0]


def _check_emits(pass_: Pass, scan: Operation) -> None:
    emits = len(segment(scan.regions[0].end, "emit"))
    for value in scan.results[:emits]:
        if scan.parent.uses(value):
            why = "the values of every step are used behind the recurrence; the array gives the last only"
            raise cannot(
                pass_,
                why,
                scan.location,
                "export the network up to its last step as a model of its own",
            )
