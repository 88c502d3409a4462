"""How loops and the ends of regions are printed."""

from __future__ import annotations

from collections.abc import Sequence

from lstmir.backends.hls_cpp.program import Program, rule
from lstmir.ir.operands import segment
from lstmir.ir.operation import Operation, Value
from lstmir.ir.types import shape_of


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
    """A loop over the steps of the packet: from the stream, or from buffers."""
    if program.sequences.is_streamed:
        streamed(program, op)
    else:
        buffered(program, op)


def buffered(program: Program, op: Operation) -> None:
    """A loop over sequences that are there already."""
    body, writer = op.regions[0], program.writer
    for value in op.results[: len(op.results) - len(segment(op, "state"))]:
        program.buffer(value)
    is_reverse = op.attributes.get("direction") == "reverse"
    writer.label(program.labels.take("time_loop"))
    with program.nested(), writer.block("for (int count = 0; count < steps; ++count)"):
        writer.line(f"const int step = {'steps - 1 - count' if is_reverse else 'count'};")
        for argument, value in zip(body.arguments, segment(op, ""), strict=False):
            target, first = program.declare(program.places.of[argument]), 0
            for source, start, size in program.sequences.parts[value]:
                words = f"{program.name(source)}[step]"
                program.call("tile::put", target, str(first), words, str(start), str(size))
                first += size
        program.region(body)


def streamed(program: Program, op: Operation) -> None:
    """A loop until the packet ends. A packet that ends inside a step gets no result."""
    body, writer = op.regions[0], program.writer
    writer.line("bool last = false;")
    writer.label(program.labels.take("time_loop"))
    with program.nested(), writer.block("while (!last)"):
        arguments = body.arguments[: len(program.sequences.inputs)]
        *front, end = [program.declare(program.places.of[argument]) for argument in arguments]
        reads = [f"packet::read_part(input, {part}, last)" for part in front]
        reads.append(f"packet::read_step(input, {end}, last)")
        for read in reads:
            with writer.block(f"if (!{read})"):
                program.call("packet::refuse", "output")
                writer.line("return;")
        program.region(body)


@rule("tile.yield", "rnn.yield")
def yield_(program: Program, op: Operation) -> None:
    """What is yielded is where it must be: the copies in front saw to it."""


@rule("return")
def return_(program: Program, op: Operation) -> None:
    """The results leave as a packet; those of a stream of steps have left."""
    sequences = program.sequences
    if not sequences.gives_steps:
        write_packet(program, sequences.results)
    elif not sequences.is_streamed:
        program.writer.label(program.labels.take("write_loop"))
        with program.writer.block("for (int step = 0; step < steps; ++step)"):
            sources = {words.source for words in sequences.answer}
            names = {source: f"{program.name(source)}[step]" for source in sources}
            program.write_words(names, "step == steps - 1")


def write_packet(program: Program, results: Sequence[Value]) -> None:
    """Vectors, one behind the other."""
    names = list(map(program.name, results))
    if len(names) == 1:
        program.call("packet::write", "output", names[0])
        return
    for number, (name, value) in enumerate(zip(names, results, strict=True), 1):
        size, last = shape_of(value.type)[0], "true" if number == len(names) else "false"
        program.call("packet::write_words", "output", name, "0", str(size), last)


def read_packet(program: Program, parameters: Sequence[Value]) -> None:
    """Take the whole packet, where steps are not taken one by one."""
    if program.sequences.is_streamed:
        return
    names = list(map(program.buffer, parameters))
    program.writer.line("int steps = 0;")
    if len(names) == 1:
        whole = f"packet::read_steps(input, {names[0]}, steps)"
    else:
        read_parts(program, names)
        whole = "packet::read_rest(input, whole, last)"
    with program.writer.block(f"if (!{whole})"):
        program.call("packet::refuse", "output")
        program.writer.line("return;")


def read_parts(program: Program, names: Sequence[str]) -> None:
    """A loop over the steps of a packet that has a part of each input in every step."""
    writer = program.writer
    writer.line("bool last = false, whole = true;")
    writer.label(program.labels.take("read_loop"))
    with writer.block("for (; !last && whole && steps < MOST_STEPS; ++steps)"):
        *front, end = [f"(input, {name}[steps], last)" for name in names]
        for arguments in front:
            writer.line(f"whole = whole && packet::read_part{arguments};")
        writer.line(f"whole = whole && packet::read_step{end};")
