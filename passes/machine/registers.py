"""The register block: what a host may ask of a design and tell it, by AXI4-Lite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lstmir.ir.operation import Value
from lstmir.ir.types import I1
from lstmir.numeric.fixed import FixedType
from lstmir.passes.machine.axi_lite import WORD, Subordinate
from lstmir.passes.machine.logic import Logic, natural
from lstmir.passes.machine.memory_map import ADDRESS_BITS, MEMORY_MAP, Register
from lstmir.passes.machine.saturations import Saturations

UNIT = "registers"
_NUMBER = {register.name: number for number, register in enumerate(MEMORY_MAP)}
_BEHIND = 6  # packets on their way between what is buffered and what waits, and some more


class RegisterBlock:
    """Stands between the streams and the machine, and counts what passes.

    It gives `saturations` to the tails and the stream's valid, while beats are accepted, to the
    receiver; `build` then looks at the machine's streams. At most so many packets are buffered or wait
    to leave.
    """

    def __init__(
        self, logic: Logic, ports: dict[str, Value], known: Mapping[str, int], most: int
    ) -> None:
        self.logic, self.ports, self.known = logic, ports, known
        logic.enter(
            UNIT, "Registers that a host reads and writes by AXI4-Lite: control, status, counts."
        )
        self.bus = Subordinate(logic, ports)
        self.enable = logic.reg(I1, "enable", 1)
        self.once = logic.reg(I1, "once", 0)
        self.watch = logic.reg(I1, "watch", 0)
        self.clear = logic.reg(I1, "clear", 0)
        self.clear_counts = logic.reg(I1, "clear_counts", 0)
        self.in_packet = logic.reg(I1, "in_packet", 0)
        self.under_way = logic.reg(natural(most + _BEHIND), "under_way", 0)
        self.open = logic.all(self.enable, logic.no(self.clear), hint="open")
        self.valid = logic.all(ports["s_axis_tvalid"], self.open, hint="offered")
        self.saturations = Saturations(logic)

    def gated(self) -> dict[str, Value]:
        """The ports as the machine sees them: nothing is offered to it while it is closed."""
        return {**self.ports, "s_axis_tvalid": self.valid}

    def build(self, streams: Sequence[Value]) -> list[Value]:
        """All outputs, of which the machine's `streams` are the first. What `clear` clears is driven."""
        logic = self.logic
        ready, data, valid, last, user = streams
        self._clear_machine()
        logic.enter(UNIT)
        ready = logic.all(ready, self.open, hint="stream_ready")
        accept = logic.all(self.ports["s_axis_tvalid"], ready, hint="accept")
        taken = logic.all(accept, self.ports["s_axis_tlast"], hint="taken")
        ends = logic.all(valid, self.ports["m_axis_tready"], last, hint="ends")
        refused = logic.all(ends, logic.equals(user, 1), hint="refused")
        answered = logic.all(ends, logic.no(refused), hint="answered")
        busy = self.follow(accept, taken, ends)
        counts = self.counts(answered, refused, ends, logic.any(busy, accept, hint="counted"))
        self.control(taken)
        idle = logic.all(logic.no(busy), logic.no(self.open))
        words = {
            **{name: logic.literal(word, WORD) for name, word in self.known.items()},
            **counts,
            "control": self.word(self.watch, self.once, self.enable),
            "status": self.word(busy, idle),
        }
        axi = self.bus.build(*self.answers(words))
        return [ready, data, valid, last, user, *axi.values()]

    # -- the bus ------------------------------------------------------------------------------

    def answers(self, words: Mapping[str, Value]) -> tuple[Value, Value, Value]:
        """Whether the write fails, the word that is read, and whether the read fails."""
        logic = self.logic
        wrong_write = logic.no(self.addresses(self.bus.write.address, "control"))
        number = self.number(self.bus.read.address)
        limit = logic.literal(len(MEMORY_MAP), number.type)
        known = logic.op("arith.compare", number, limit, predicate="lt", hint="is_known")
        low = logic.bits(number, 0, natural(len(MEMORY_MAP)).width)
        word = logic.pick([words[register.name] for register in MEMORY_MAP], low, hint="word")
        return (
            wrong_write,
            logic.select(known, word, logic.literal(0, WORD)),
            logic.no(known),
        )

    def number(self, address: Value) -> Value:
        """Which register an address is of: the lowest bits say which byte of it."""
        return self.logic.bits(address, 2, ADDRESS_BITS - 2)

    def addresses(self, address: Value, name: str) -> Value:
        return self.logic.equals(self.number(address), _NUMBER[name])

    def word(self, *flags: Value) -> Value:
        """Flags, the highest one first, in the low bits of a word."""
        logic = self.logic
        zeros = logic.literal(0, FixedType(False, WORD.width - len(flags), 0))
        return logic.op("rtl.concat", zeros, *flags)

    def control(self, taken: Value) -> None:
        """What is written to `control`; `once`, the end of a packet closes the input."""
        logic, write = self.logic, self.bus.write
        low_byte = logic.equals(logic.bits(write.strobes, 0, 1), 1)
        mine = self.addresses(write.address, "control")
        writes = logic.all(write.now, mine, low_byte, hint="writes_control")
        bits = {
            field.name: logic.equals(logic.bits(write.data, field.low, 1), 1)
            for field in _register("control").fields
        }
        stops = logic.all(taken, self.once)
        enable = logic.all(self.enable, logic.no(stops))
        logic.drive(self.enable, logic.select(writes, bits["enable"], enable))
        for state, name in ((self.once, "once"), (self.watch, "watch")):
            logic.drive(state, logic.select(writes, bits[name], state))
        for state, name in ((self.clear, "clear"), (self.clear_counts, "clear_counts")):
            logic.drive(state, logic.all(writes, bits[name]))

    # -- what is under way --------------------------------------------------------------------

    def follow(self, accept: Value, taken: Value, ends: Value) -> Value:
        """Whether a packet that began earlier is under way."""
        logic, type_ = self.logic, self.under_way.type
        assert isinstance(type_, FixedType)
        none, one = logic.literal(0, type_), logic.literal(1, type_)
        more = logic.select(taken, one, none)
        less = logic.select(ends, logic.literal(type_.max_int, type_), none)
        count = logic.wrapped(logic.op("arith.add", self.under_way, more, less), type_)
        logic.drive(self.under_way, logic.select(self.clear, none, count))
        inside = logic.select(accept, logic.no(taken), self.in_packet)
        logic.drive(self.in_packet, logic.all(inside, logic.no(self.clear)))
        return logic.any(logic.no(logic.equals(self.under_way, 0)), self.in_packet, hint="busy")

    def counts(
        self, answered: Value, refused: Value, ends: Value, counted: Value
    ) -> dict[str, Value]:
        """The counting registers. The cycles of packets that overlap are counted once."""
        logic = self.logic
        current = logic.reg(WORD, "cycles_now", 0)
        following = logic.plus_one(current)
        zero = logic.literal(0, WORD)
        now = logic.select(counted, following, current)
        logic.drive(current, logic.select(logic.any(ends, self.clear), zero, now))
        low = self.count("cycles_total_low", counted)
        all_ones = logic.equals(low, WORD.max_int)
        high = self.count("cycles_total", logic.all(counted, all_ones))
        reads_low = logic.all(
            self.bus.read.now, self.addresses(self.bus.read.address, "cycles_total_low")
        )
        return {
            "packets_answered": self.count("packets_answered", answered),
            "packets_refused": self.count("packets_refused", refused),
            "cycles_last": self.kept("cycles_last", following, ends),
            "cycles_total_low": low,
            "cycles_total_high": logic.held(high, reads_low, "cycles_total_high", 0),
            "saturations": self.clipped(),
        }

    def count(self, name: str, event: Value) -> Value:
        """How often something happened."""
        state = self.logic.reg(WORD, name, 0)
        return self._drive_count(state, self.logic.plus_one(state), event)

    def kept(self, name: str, value: Value, event: Value) -> Value:
        """What something was when it happened last."""
        return self._drive_count(self.logic.reg(WORD, name, 0), value, event)

    def _drive_count(self, state: Value, value: Value, event: Value) -> Value:
        logic = self.logic
        going_on = logic.select(event, value, state)
        zero = logic.literal(0, WORD)
        logic.drive(state, logic.select(self.clear_counts, zero, going_on))
        return state

    def clipped(self) -> Value:
        """The count of saturations."""
        logic = self.logic
        more = self.saturations.sum()
        logic.enter(UNIT)
        state = logic.reg(WORD, "saturations", 0)
        if more is None:
            logic.drive(state, state)
            return state
        total = logic.wrapped(logic.op("arith.add", state, more), WORD)
        return self._drive_count(state, total, self.watch)

    # -- clear --------------------------------------------------------------------------------

    def _clear_machine(self) -> None:
        """Every register of the machine that a reset sets, `clear` sets, too."""
        logic = self.logic
        for index, (state, value) in enumerate(logic.updates):
            unit = state.op.attributes.get("unit", "")
            init = state.op.attributes.get("init")
            if init is None or unit == UNIT:
                continue
            logic.enter(unit)
            cleared = logic.select(self.clear, logic.literal(init, state.type), value)
            logic.updates[index] = (state, cleared)


def _register(name: str) -> Register:
    return MEMORY_MAP[_NUMBER[name]]
