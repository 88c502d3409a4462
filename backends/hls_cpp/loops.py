"""How loops and the ends of regions are printed."""

from __future__ import annotations

from lstmir.backends.hls_cpp.program import Program, rule
from lstmir.ir.operation import Operation


@rule("tile.for")
def for_(program: Program, op: Operation) -> None:
    """A labelled loop. The innermost are pipelined; a pipeline around them would unroll them."""
    region, writer = op.regions[0], program.writer
    index = program.places.of[region.arguments[0]]
    writer.label(program.labels.take(f"{region.arguments[0].name or op.name}_loop"))
    with program.nested():
        name = program.declare(index)
        with writer.block(f"for (int {name} = 0; {name} < {op.attributes['trip']}; ++{name})"):
            if not any(inner.regions for inner in region.operations()):
                writer.pragma(f"PIPELINE II={op.attributes.get('pipeline', 1)}")
            program.region(region)


@rule("rnn.scan")
def scan(program: Program, op: Operation) -> None:
    """A loop until the packet ends. A packet that ends inside a step gets no result."""
    body, writer = op.regions[0], program.writer
    writer.line("bool last = false;")
    writer.label(program.labels.take("time_loop"))
    with program.nested(), writer.block("while (!last)"):
        step = program.declare(program.places.of[body.arguments[0]])
        with writer.block(f"if (!packet::read_step(input, {step}, last))"):
            program.call("packet::refuse", "output")
            writer.line("return;")
        program.region(body)


@rule("tile.yield", "rnn.yield")
def yield_(program: Program, op: Operation) -> None:
    """What is yielded is where it must be: the copies in front saw to it."""


@rule("return")
def return_(program: Program, op: Operation) -> None:
    """The result leaves as a packet."""
    program.call("packet::write", "output", program.name(op.operands[0]))
