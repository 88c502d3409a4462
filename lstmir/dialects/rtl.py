"""`rtl`: synchronous logic with one clock. Signals are `i1` or fixed point; memories are tensors.

State (`rtl.reg`, `rtl.ram`) is a source of the graph and is driven once, by the terminator
`rtl.next`: a path from a state to itself is no cycle, and a loop without one does not verify.
Arithmetic is that of `arith` and `fx`: exact, with `fx.requantize` where bits are dropped.

A clocked function is flat. Its attribute `outputs` names its ports out; what its operations say in
`unit`, a path such as `array.lane_3`, is the hierarchy in which it prints as Verilog:

- Each unit is an instance of a module; units whose modules read the same share one. An operation
  without a unit is where it is used first; reads and writes are where their memory is.
- Names that begin with the path, `%array_lane_3_sum`, are said without it inside: `sum`. Ports are
  found from what is read where. `rtl.cast` of a signal from outside, if it is all that reads it,
  names the port.
- The function's attribute `units` has a sentence about each unit, for the head of its module:
  `units = {array = "Multiplies.", array.lane = "One multiplier."}`; `array.lane` stands for all
  that differ in their numbers, the function's own name for the whole.
"""

from __future__ import annotations

from collections.abc import Sequence

from lstmir.dialects.shapes import check_stored, require_fixed, tensor
from lstmir.dialects.signals import check_integer, exactly, unsigned, width_of
from lstmir.ir.attributes import Attribute
from lstmir.ir.context import OpContext
from lstmir.ir.definition import Group, OpDefinition, define
from lstmir.ir.diagnostics import Invalid
from lstmir.ir.operation import Operation, Value
from lstmir.ir.types import I1, TensorType, Type

STYLES = ("block", "distributed")


def _verify_reg(context: OpContext, results: Sequence[Type]) -> None:
    check_integer(context.attributes.get("init", 0), results[0], "initial integer")


define(
    OpDefinition(
        "rtl.reg",
        "A register: its value now. Reset sets the integer `init`; without it, reset leaves it.",
        results=("value",),
        attributes=(Attribute("init", "int", "the integer after reset", False),),
        verify=_verify_reg,
        example="%q = rtl.reg {init = 0} : !fx.u<4,0>",
    )
)


def _verify_ram(context: OpContext, results: Sequence[Type]) -> None:
    if not isinstance(results[0], TensorType) or len(results[0].static_shape) != 1:
        raise Invalid(f"a memory is a tensor with one axis, not {results[0]}")
    width_of(results[0].element)
    check_stored(results[0])
    if context.attributes.get("style", "block") not in STYLES:
        raise Invalid(f"the style must be one of {', '.join(STYLES)}")


define(
    OpDefinition(
        "rtl.ram",
        "A memory: its content now. Reset leaves it; it starts at zero.",
        results=("content",),
        attributes=(Attribute("style", "str", f"one of {', '.join(STYLES)}", False),),
        verify=_verify_ram,
        example="%m = rtl.ram : tensor<16x!fx.s<8,7>>",
    )
)


def _check_port(context: OpContext) -> TensorType:
    memory = tensor(context, 0, "the memory", 1)
    address = require_fixed(context, 1, "the address")
    if address.signed or address.frac != 0:
        raise Invalid(f"an address is a natural number, not {address}")
    width_of(memory.element)
    return memory


def _infer_read(context: OpContext) -> list[Type]:
    return [_check_port(context).element]


define(
    OpDefinition(
        "rtl.read",
        "The word at an address, in the same cycle; zero beyond the last. A register behind it "
        "makes the read synchronous.",
        operands=("memory", "address"),
        results=("word",),
        infer=_infer_read,
        verify=exactly(_infer_read),
        example="%w = rtl.read %m, %a : (tensor<16x!fx.s<8,7>>, !fx.u<4,0>) -> !fx.s<8,7>",
    )
)


def _infer_write(context: OpContext) -> list[Type]:
    memory = _check_port(context)
    if context.types[2] != memory.element or context.types[3] != I1:
        raise Invalid(f"a write into {memory} takes {memory.element} and an i1 enable")
    return [memory]


def written_ram(content: Value) -> Operation:
    """The `rtl.ram` whose content this is, through its writes. Raises `Invalid` if there is none."""
    while content.op.name == "rtl.write":
        content = content.op.operands[0]
    if content.op.name != "rtl.ram":
        raise Invalid(f"only a memory can be written, not '{content.op.name}'")
    return content.op


def _verify_write(context: OpContext, results: Sequence[Type]) -> None:
    exactly(_infer_write)(context, results)
    assert context.op is not None
    written_ram(context.op.result)


define(
    OpDefinition(
        "rtl.write",
        "The memory with one word replaced if the enable is true and the address is in range.",
        operands=("memory", "address", "word", "enable"),
        results=("content",),
        infer=_infer_write,
        verify=_verify_write,
        example=(
            "%n = rtl.write %m, %a, %w, %e : "
            "(tensor<16x!fx.s<8,7>>, !fx.u<4,0>, !fx.s<8,7>, i1) -> tensor<16x!fx.s<8,7>>"
        ),
    )
)


def _infer_bits(context: OpContext) -> list[Type]:
    width = width_of(context.types[0])
    low, count = context.attributes["low"], context.attributes["width"]
    if count < 1 or low < 0 or low + count > width:
        raise Invalid(f"bits {low} to {low + count - 1} are not all in {context.types[0]}")
    return [unsigned(count)]


define(
    OpDefinition(
        "rtl.bits",
        "Neighbouring wires as a natural number.",
        operands=("source",),
        results=("bits",),
        attributes=(
            Attribute("low", "int", "the lowest wire"),
            Attribute("width", "int", "how many wires"),
        ),
        infer=_infer_bits,
        verify=exactly(_infer_bits),
        example="%b = rtl.bits %x {low = 4, width = 4} : (!fx.s<8,0>) -> !fx.u<4,0>",
    )
)


def _infer_concat(context: OpContext) -> list[Type]:
    return [unsigned(sum(width_of(type_) for type_ in context.types))]


define(
    OpDefinition(
        "rtl.concat",
        "Wires side by side as a natural number; the first operand is the highest.",
        operands=("first", "rest*"),
        results=("bits",),
        infer=_infer_concat,
        verify=exactly(_infer_concat),
        example="%b = rtl.concat %x, %y : (!fx.u<4,0>, i1) -> !fx.u<5,0>",
    )
)


def _verify_cast(context: OpContext, results: Sequence[Type]) -> None:
    if width_of(context.types[0]) != width_of(results[0]):
        raise Invalid(f"a cast keeps the wires: {context.types[0]} cannot become {results[0]}")


define(
    OpDefinition(
        "rtl.cast",
        "The same wires read as another type of the same width.",
        operands=("source",),
        results=("value",),
        verify=_verify_cast,
        example="%y = rtl.cast %x : (!fx.u<8,0>) -> !fx.s<8,5>",
    )
)


def _verify_literal(context: OpContext, results: Sequence[Type]) -> None:
    check_integer(context.attributes["integer"], results[0], "integer")


define(
    OpDefinition(
        "rtl.literal",
        "A constant signal.",
        results=("value",),
        attributes=(Attribute("integer", "int", "the integer behind the value"),),
        verify=_verify_literal,
        example="%one = rtl.literal {integer = 1} : !fx.u<4,0>",
    )
)


def _verify_next(context: OpContext, results: Sequence[Type]) -> None:
    assert context.op is not None
    operands = context.op.operands
    outputs, states = context.attributes["segments"]
    driven = set()
    for state, value in zip(operands[outputs::2], operands[outputs + 1 :: 2], strict=True):
        if state.op.name not in ("rtl.reg", "rtl.ram"):
            raise Invalid(f"'rtl.next' drives registers and memories, not '{state.op.name}'")
        if state.type != value.type:
            raise Invalid(f"a state of type {state.type} cannot become {value.type}")
        if state.op.name == "rtl.ram" and written_ram(value) is not state.op:
            raise Invalid("a memory becomes itself, with words written: it cannot become another")
        driven.add(state.op)
    if len(driven) * 2 != states:
        raise Invalid("a state is driven twice")
    declared = [op for op in context.op.parent.operations() if op.name in ("rtl.reg", "rtl.ram")]
    idle = [op.result_names[0] or op.name for op in declared if op not in driven]
    if idle:
        raise Invalid(f"not driven: {', '.join(idle[:5])}")


define(
    OpDefinition(
        "rtl.next",
        "The end of a clocked function: its outputs now, and each state in the next cycle.",
        operands=("values*",),
        groups=(Group("output"), Group("update", "pairs")),
        verify=_verify_next,
        terminator=True,
        example="rtl.next output (%y) update (%q = %d) : !fx.u<4,0>",
    )
)
