"""Writes a design as Python source: each signal a local variable, each cycle straight-line code.

The source defines `cycle`, one clock with any inputs, and, for a design with streams, `run`, which
clocks it until the wanted beats have come, while nobody asks its registers. State lives in a list of
integers (registers) and a tuple of lists (memories), which both leave up to date. If it is to be
probed, `run` calls its `probe` in each cycle.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import indent

from lstmir.interpreter import rtl_rules
from lstmir.interpreter.rtl_design import Design, memory_type, signal_type
from lstmir.ir.operation import Operation, Value

# Python's own parser gives up on parentheses nested 200 deep.
_LONGEST_INLINE = 300

_CYCLE = """
def cycle(state, memories, reset, {inputs}):
    {registers} = state
    {memories} = memories
{body}
{updates}
    if reset:
{reset}
    state[:] = {registers}
    return {outputs}
"""

_RUN = """
def run(state, memories, beats, expected, max_cycles, stall_cycles, valid, ready, probe):
    {registers} = state
    {memories} = memories
    cycle = moved = taken = {data} = {last} = {valid} = {idle} = 0
    count, beats_out, packet_cycles = len(beats), [], []
    while len(beats_out) < expected and cycle < max_cycles and cycle - moved < stall_cycles:
        cycle += 1
        if not {valid} and taken < count and (valid is None or valid(cycle)):
            {valid} = 1
            {data}, {last} = beats[taken]
        {ready} = ready is None or ready(cycle)
{body}
        if {out_valid} and {ready}:
            beats_out.append(({out_data}, {out_last}, {out_user}))
            moved = cycle
            if {out_last}:
                packet_cycles.append(cycle)
{updates}
        if {valid} and {out_ready}:
            taken += 1
            moved = cycle
            {data} = {last} = {valid} = 0
    state[:] = {registers}
    return beats_out, taken, cycle, packet_cycles
"""

STREAM_INPUTS = {
    "data": "s_axis_tdata", "last": "s_axis_tlast", "valid": "s_axis_tvalid", "ready": "m_axis_tready",
}  # fmt: skip
STREAM_OUTPUTS = {
    "out_data": "m_axis_tdata", "out_last": "m_axis_tlast", "out_user": "m_axis_tuser",
    "out_valid": "m_axis_tvalid", "out_ready": "s_axis_tready",
}  # fmt: skip


BUS = "s_axi_"
"""How the ports of a register block begin."""


def has_streams(design: Design) -> bool:
    """Whether the ports are those of one stream in and one stream out, and of no more than registers."""
    inputs, outputs = set(STREAM_INPUTS.values()), set(STREAM_OUTPUTS.values())
    return _without_bus(design.inputs) == inputs and _without_bus(design.outputs) == outputs


def _without_bus(names: Iterable[str]) -> set[str]:
    return {name for name in names if not name.startswith(BUS)}


def source_of(design: Design, *, probed: bool = False) -> str:
    """The Python source of a design. Without `probed`, `run` shows nothing to its probe."""
    writer = _Writer(design)
    parts = {"registers": _names(writer.registers), "memories": _names(writer.memories)}
    cycle = _CYCLE.format(
        **parts,
        inputs=", ".join(writer.inputs.values()),
        outputs=_names(writer.outputs.values()),
        body=_block(writer.body, 1),
        updates=_block(writer.updates, 1),
        reset=_block(writer.reset(), 2),
    )
    if not has_streams(design):
        return cycle
    ports = {key: writer.inputs[name] for key, name in STREAM_INPUTS.items()}
    ports |= {key: writer.outputs[name] for key, name in STREAM_OUTPUTS.items()}
    probe = [f"probe(False, {_signals(writer)})"] if probed else []
    body, updates = _block([*writer.body, *probe], 2), _block(writer.updates, 2)
    bus = [text for name, text in writer.inputs.items() if name.startswith(BUS)]
    idle = " = ".join(bus or ["_"])
    return cycle + _RUN.format(**parts, **ports, idle=idle, body=body, updates=updates)


def _signals(writer: _Writer) -> str:
    """What a probe sees: registers, inputs and outputs."""
    return ", ".join(
        map(_names, (writer.registers, writer.inputs.values(), writer.outputs.values()))
    )


def _names(names: Iterable[str]) -> str:
    return f"[{', '.join(names)}]"


def _block(lines: Sequence[str], depth: int) -> str:
    return indent("\n".join(lines or ["pass"]), "    " * depth)


class _Writer:
    """Names and statements of one design. `body` is the logic, `updates` the clock edge."""

    def __init__(self, design: Design) -> None:
        self.design = design
        self.texts: dict[Value, str] = {}
        self.body: list[str] = []
        inputs = self.enter("i", design.inputs.values())
        self.inputs = dict(zip(design.inputs, inputs, strict=True))
        self.registers = self.enter("q", design.registers)
        self.memories = [*self.enter("m", design.rams), *self.enter("r", design.roms)]
        for op in design.operations:
            self.operation(op)
        self.outputs = {name: f"o{index}" for index, name in enumerate(design.outputs)}
        for name, value in design.outputs.items():
            self.body.append(f"{self.outputs[name]} = {self.texts[value]}")
        compute, assign = self.register_updates()
        self.updates = [*compute, *self.memory_updates(), *assign]

    def enter(self, letter: str, values: Iterable[Value]) -> list[str]:
        names = {value: f"{letter}{index}" for index, value in enumerate(values)}
        self.texts |= names
        return list(names.values())

    def operation(self, op: Operation) -> None:
        if op.name == "rtl.write" or op.result in self.texts:
            return
        text = self.expression(op)
        if not self.is_inline(op.result, text):
            name = f"v{len(self.body)}"
            self.body.append(f"{name} = {text}")
            text = name
        self.texts[op.result] = text

    def expression(self, op: Operation) -> str:
        operands = op.operands
        if op.name == "rtl.read" and operands[0].op.name == "rtl.write":
            return self.read_through(operands[0], operands[1])
        return rtl_rules.expression(op, [self.texts[value] for value in operands])

    def is_inline(self, value: Value, text: str) -> bool:
        if value.op.name == "rtl.literal":
            return True
        uses = value.op.parent.uses(value)
        return len(uses) == 1 and len(text) < _LONGEST_INLINE and not _is_written(uses[0][0])

    def read_through(self, content: Value, address: Value) -> str:
        """A word of a memory after writes of this very cycle."""
        writes = _writes(content)
        memory = writes[0].operands[0]
        at, words = self.texts[address], memory_type(memory)[0]
        text = f"{self.texts[memory]}[{at}]"
        for write in writes:
            where, word, enable = (self.texts[value] for value in write.operands[1:])
            text = f"({word} if {enable} and {where} == {at} else {text})"
        return f"({text} if {at} < {words} else 0)"

    def register_updates(self) -> tuple[list[str], list[str]]:
        """Compute all, then assign all: a register may take what another one held.

        Memories are written in between, from what registers held and behind all reads.
        """
        pairs = [(reg, self.design.updates[reg]) for reg in self.design.registers]
        moving = [(self.texts[reg], self.texts[value]) for reg, value in pairs if reg != value]
        if not moving:
            return [], []
        targets, sources = zip(*moving, strict=True)
        return [f"following = {_names(sources)}"], [f"{_names(targets)} = following"]

    def memory_updates(self) -> list[str]:
        """Behind all reads: what a write needs has a name, and was evaluated before."""
        return [
            line
            for ram in self.design.rams
            for write in _writes(self.design.updates[ram])
            for line in self.write(self.texts[ram], write)
        ]

    def write(self, memory: str, write: Operation) -> list[str]:
        words, _ = memory_type(write.result)
        address, word, enable = (self.texts[value] for value in write.operands[1:])
        if signal_type(write.operands[1].type).max_int >= words:
            enable = f"{enable} and {address} < {words}"
        return [f"if {enable}:", f"    {memory}[{address}] = {word}"]

    def reset(self) -> list[str]:
        """What a reset at the clock edge sets."""
        return [
            f"{self.texts[reg]} = {reg.op.attributes['init']}"
            for reg in self.design.registers
            if "init" in reg.op.attributes
        ]


def _writes(content: Value) -> list[Operation]:
    """The writes that lead from a memory to a content, first to last."""
    writes = []
    while content.op.name == "rtl.write":
        writes.append(content.op)
        content = content.op.operands[0]
    return writes[::-1]


def _is_written(user: Operation) -> bool:
    """Whether an operand of this operation is needed by name, at the clock edge or repeatedly."""
    if user.name == "rtl.write":
        return True
    return user.name == "rtl.read" and user.operands[0].op.name == "rtl.write"
