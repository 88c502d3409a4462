"""The two channels of an AXI4-Lite subordinate: one write and one read under way at a time."""

from __future__ import annotations

from dataclasses import dataclass

from lstmir.ir.operation import Value
from lstmir.ir.types import I1, Type
from lstmir.numeric.fixed import FixedType
from lstmir.passes.machine.logic import Logic
from lstmir.passes.machine.memory_map import ADDRESS_BITS, WORD_BYTES

WORD = FixedType(False, 8 * WORD_BYTES, 0)
_ADDRESS = FixedType(False, ADDRESS_BITS, 0)
_STROBES = FixedType(False, WORD_BYTES, 0)
_RESPONSE = FixedType(False, 2, 0)
OKAY, SLVERR = 0, 2

INPUTS: dict[str, Type] = {
    "s_axi_awaddr": _ADDRESS, "s_axi_awvalid": I1, "s_axi_wdata": WORD, "s_axi_wstrb": _STROBES,
    "s_axi_wvalid": I1, "s_axi_bready": I1, "s_axi_araddr": _ADDRESS, "s_axi_arvalid": I1,
    "s_axi_rready": I1,
}  # fmt: skip
OUTPUTS = (
    "s_axi_awready", "s_axi_wready", "s_axi_bresp", "s_axi_bvalid",
    "s_axi_arready", "s_axi_rdata", "s_axi_rresp", "s_axi_rvalid",
)  # fmt: skip


@dataclass
class Write:
    """In the cycle in which it is `now`: the register's number, whether there is one, and the data."""

    now: Value
    address: Value
    data: Value
    strobes: Value


@dataclass
class Read:
    """In the cycle in which it is `now`, the data and whether it failed are to be known."""

    now: Value
    address: Value


class Subordinate:
    """Address and data are taken as they come and wait in registers, so no `ready` looks at a `valid`.

    A write is done when both are there and no response waits, a read when its address is there and
    no data wait.
    """

    def __init__(self, logic: Logic, ports: dict[str, Value]) -> None:
        self.logic, self.ports = logic, ports
        address, self.aw_held = self.channel("aw", "addr")
        data, self.w_held = self.channel("w", "data")
        read, self.ar_held = self.channel("ar", "addr")
        strobes = logic.held(ports["s_axi_wstrb"], self.accepts("w", self.w_held), "write_strobes")
        self.bvalid = logic.reg(I1, "bvalid", 0)
        self.rvalid = logic.reg(I1, "rvalid", 0)
        writes = logic.all(self.aw_held, self.w_held, logic.no(self.bvalid), hint="writes")
        reads = logic.all(self.ar_held, logic.no(self.rvalid), hint="reads")
        self.write = Write(writes, address, data, strobes)
        self.read = Read(reads, read)

    def accepts(self, channel: str, held: Value) -> Value:
        return self.logic.all(self.ports[f"s_axi_{channel}valid"], self.logic.no(held))

    def channel(self, channel: str, word: str) -> tuple[Value, Value]:
        """What waits of a channel, and whether something does; `build` says until when."""
        logic = self.logic
        held = logic.reg(I1, f"{channel}_held", 0)
        accepted = self.accepts(channel, held)
        names = {"aw": "write_address", "w": "write_data", "ar": "read_address"}
        return logic.held(self.ports[f"s_axi_{channel}{word}"], accepted, names[channel]), held

    def build(self, write_fails: Value, data: Value, read_fails: Value) -> dict[str, Value]:
        """The outputs; what is told is that of the cycles in which `write` and `read` are now."""
        logic, ports = self.logic, self.ports
        for channel, held, done in (
            ("aw", self.aw_held, self.write.now),
            ("w", self.w_held, self.write.now),
            ("ar", self.ar_held, self.read.now),
        ):
            waits = logic.all(held, logic.no(done))
            logic.drive(held, logic.any(self.accepts(channel, held), waits))
        for valid, done, ready in (
            (self.bvalid, self.write.now, ports["s_axi_bready"]),
            (self.rvalid, self.read.now, ports["s_axi_rready"]),
        ):
            logic.drive(valid, logic.any(done, logic.all(valid, logic.no(ready))))
        return {
            "s_axi_awready": logic.no(self.aw_held),
            "s_axi_wready": logic.no(self.w_held),
            "s_axi_bresp": self.response(write_fails, self.write.now, "bresp"),
            "s_axi_bvalid": self.bvalid,
            "s_axi_arready": logic.no(self.ar_held),
            "s_axi_rdata": logic.held(data, self.read.now, "rdata"),
            "s_axi_rresp": self.response(read_fails, self.read.now, "rresp"),
            "s_axi_rvalid": self.rvalid,
        }

    def response(self, fails: Value, now: Value, name: str) -> Value:
        logic = self.logic
        error, okay = (logic.literal(code, _RESPONSE) for code in (SLVERR, OKAY))
        return logic.held(logic.select(fails, error, okay), now, name)
