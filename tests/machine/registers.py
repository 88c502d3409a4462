"""A model of the register block, cycle by cycle."""

from __future__ import annotations

from dataclasses import dataclass, field

from lstmir.passes.machine.memory_map import MEMORY_MAP

AT = {register.name: register.address for register in MEMORY_MAP}
NAMED = {register.address: register.name for register in MEMORY_MAP}
ENABLE, ONCE, WATCH, CLEAR, CLEAR_COUNTS = (1 << bit for bit in range(5))
OKAY, SLVERR = 0, 2
WORD = 0xFFFFFFFF
COUNTS = ("packets_answered", "packets_refused", "cycles_last", "cycles_total")
UNPREDICTED = "saturations"

Integers = dict[str, int]


@dataclass
class Model:
    """What the registers hold and the bus shows, by the streams that it sees."""

    constants: Integers
    control: int = ENABLE
    counts: Integers = field(default_factory=lambda: dict.fromkeys(COUNTS, 0))
    kept_high: int = 0
    now: int = 0
    under_way: int = 0
    in_packet: bool = False
    pulses: int = 0
    write_address: int | None = None
    write_data: tuple[int, int] | None = None
    read_address: int | None = None
    written: int | None = None
    answer: tuple[int, int | None] | None = None

    @property
    def is_quiet(self) -> bool:
        """No access is under way."""
        waiting = self.write_address, self.write_data, self.read_address, self.written, self.answer
        return waiting == (None,) * len(waiting)

    @property
    def open(self) -> bool:
        return bool(self.control & ENABLE) and not self.pulses & CLEAR

    @property
    def busy(self) -> bool:
        return self.under_way > 0 or self.in_packet

    def check(self, seen: Integers) -> None:
        """The outputs of the bus in this cycle."""
        assert seen["s_axi_awready"] == (self.write_address is None)
        assert seen["s_axi_wready"] == (self.write_data is None)
        assert seen["s_axi_arready"] == (self.read_address is None)
        assert seen["s_axi_bvalid"] == (self.written is not None)
        assert seen["s_axi_rvalid"] == (self.answer is not None)
        if self.written is not None:
            assert seen["s_axi_bresp"] == self.written
        if self.answer is not None:
            assert seen["s_axi_rresp"] == self.answer[0]
            assert self.answer[1] in (None, seen["s_axi_rdata"])
        assert self.open or not seen["s_axis_tready"]

    def register(self, name: str) -> int | None:
        """What is read of it; None for what this model cannot know."""
        if name == "control":
            return self.control
        if name == "status":
            return self.busy << 1 | (not self.busy and not self.open)
        if name == "cycles_total_low":
            return self.counts["cycles_total"] & WORD
        if name == "cycles_total_high":
            return self.kept_high
        if name == UNPREDICTED:
            return None
        return self.counts.get(name, self.constants.get(name))

    def clock(self, given: Integers, seen: Integers) -> None:
        """One clock edge, with these inputs and outputs in front of it."""
        pulses, self.pulses = self.pulses, 0
        self._read(given)
        accepts = given["s_axis_tvalid"] and seen["s_axis_tready"]
        written = self._write(given)
        self._count(given, seen, bool(accepts), pulses)
        taken = accepts and given["s_axis_tlast"]
        if written is not None:
            self.control, self.pulses = (
                written & (ENABLE | ONCE | WATCH),
                written & (CLEAR | CLEAR_COUNTS),
            )
        elif taken and self.control & ONCE:
            self.control &= ~ENABLE

    def _count(self, given: Integers, seen: Integers, accepts: bool, pulses: int) -> None:
        ends = seen["m_axis_tvalid"] and given["m_axis_tready"] and seen["m_axis_tlast"]
        counted = self.busy or accepts
        self.now += counted
        self.counts["cycles_total"] += counted
        if ends:
            self.counts[f"packets_{'refused' if seen['m_axis_tuser'] else 'answered'}"] += 1
            self.counts["cycles_last"], self.now = self.now, 0
        if accepts:
            self.in_packet = not given["s_axis_tlast"]
            self.under_way += given["s_axis_tlast"]
        self.under_way -= bool(ends)
        if pulses & CLEAR:
            self.in_packet, self.under_way, self.now = False, 0, 0
        if pulses & CLEAR_COUNTS:
            self.counts = dict.fromkeys(COUNTS, 0)

    def _read(self, given: Integers) -> None:
        if self.answer is not None:
            self.answer = None if given["s_axi_rready"] else self.answer
        elif self.read_address is not None:
            name = NAMED.get(self.read_address & ~3)
            self.answer = (OKAY, self.register(name)) if name else (SLVERR, 0)
            if name == "cycles_total_low":
                self.kept_high = self.counts["cycles_total"] >> 32
            self.read_address = None
            return
        if self.read_address is None and given["s_axi_arvalid"]:
            self.read_address = given["s_axi_araddr"]

    def _write(self, given: Integers) -> int | None:
        """What is written to `control` now."""
        free = self.write_address is None, self.write_data is None
        found = None
        if self.written is not None:
            self.written = None if given["s_axi_bready"] else self.written
        elif self.write_address is not None and self.write_data is not None:
            data, strobes = self.write_data
            mine = NAMED.get(self.write_address & ~3) == "control"
            self.written = OKAY if mine else SLVERR
            found = data if mine and strobes & 1 else None
            self.write_address = self.write_data = None
        if free[0] and given["s_axi_awvalid"]:
            self.write_address = given["s_axi_awaddr"]
        if free[1] and given["s_axi_wvalid"]:
            self.write_data = given["s_axi_wdata"], given["s_axi_wstrb"]
        return found
