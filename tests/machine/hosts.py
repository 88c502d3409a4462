"""A host that talks to a design at random: the bus, the streams, and all that happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from lstmir.interpreter.rtl import Clocked
from tests.machine.machines import Packet
from tests.machine.registers import AT, CLEAR, OKAY, Integers, Model


@dataclass(frozen=True)
class Access:
    """A read, or a write of `data` with `strobes`."""

    address: int
    data: int | None = None
    strobes: int = 0xF


class Manager:
    """Drives the five channels: each waits as long as it likes, and what is offered stays."""

    def __init__(self, accesses: Sequence[Access], random: Random, chance: float) -> None:
        self.random, self.chance = random, chance
        reads = [each for each in accesses if each.data is None]
        writes = [each for each in accesses if each.data is not None]
        self.queues = {"aw": writes, "w": writes, "ar": reads}
        self.sent = dict.fromkeys(self.queues, 0)
        self.offered: dict[str, Access | None] = dict.fromkeys(self.queues)
        self.responses: list[tuple[int, int]] = []
        self.writes_done = 0

    @property
    def is_done(self) -> bool:
        """Nothing is left to offer."""
        return all(self.sent[name] == len(queue) for name, queue in self.queues.items())

    def moves(self) -> bool:
        return self.random.random() < self.chance

    def drive(self) -> Integers:
        """The inputs of this cycle; noise where nothing is valid."""
        for name, queue in self.queues.items():
            if self.offered[name] is None and self.sent[name] < len(queue) and self.moves():
                self.offered[name] = queue[self.sent[name]]
        noise = Access(*(self.random.getrandbits(bits) for bits in (8, 32, 4)))
        aw, w, ar = (self.offered[channel] or noise for channel in ("aw", "w", "ar"))
        valid = {f"s_axi_{name}valid": int(each is not None) for name, each in self.offered.items()}
        return valid | {
            "s_axi_awaddr": aw.address, "s_axi_wdata": w.data or 0, "s_axi_wstrb": w.strobes,
            "s_axi_araddr": ar.address, "s_axi_bready": int(self.moves()),
            "s_axi_rready": int(self.moves()),
        }  # fmt: skip

    def watch(self, given: Integers, seen: Integers) -> None:
        for channel in self.offered:
            if seen[f"s_axi_{channel}ready"] and given[f"s_axi_{channel}valid"]:
                self.offered[channel] = None
                self.sent[channel] += 1
        if seen["s_axi_rvalid"] and given["s_axi_rready"]:
            self.responses.append((seen["s_axi_rresp"], seen["s_axi_rdata"]))
        self.writes_done += seen["s_axi_bvalid"] and given["s_axi_bready"]

    def reset(self) -> None:
        """Accesses that are under way are lost."""
        self.offered = dict.fromkeys(self.offered)
        self.sent["aw"] = self.sent["w"] = max(self.sent["aw"], self.sent["w"])


class Streams:
    """Sends packets, and sends again what was not answered to its end when it was lost."""

    def __init__(self, packets: Sequence[Packet], random: Random, chance: float) -> None:
        self.packets, self.random, self.chance = packets, random, chance
        self.sent, self.beat, self.ended, self.got = 0, 0, 0, 0
        self.offered = False

    @property
    def done(self) -> bool:
        return self.ended == len(self.packets)

    def drive(self) -> Integers:
        moves = self.random.random() < self.chance
        self.offered = self.offered or (self.sent < len(self.packets) and moves)
        data, last = self.packets[self.sent].beats[self.beat] if self.offered else (0, False)
        ready = self.random.random() < self.chance
        return {"s_axis_tdata": data, "s_axis_tlast": int(last),
                "s_axis_tvalid": int(self.offered), "m_axis_tready": int(ready)}  # fmt: skip

    def watch(self, given: Integers, seen: Integers) -> None:
        if self.offered and seen["s_axis_tready"]:
            self.offered, self.beat = False, self.beat + 1
            if given["s_axis_tlast"]:
                self.sent, self.beat = self.sent + 1, 0
        if seen["m_axis_tvalid"] and given["m_axis_tready"]:
            beat = tuple(seen[f"m_axis_t{part}"] for part in ("data", "last", "user"))
            assert beat == self.packets[self.ended].answer[self.got]
            self.got += 1
            if seen["m_axis_tlast"]:
                self.ended, self.got = self.ended + 1, 0

    def lose(self) -> None:
        self.sent, self.beat, self.got, self.offered = self.ended, 0, 0, False


@dataclass
class Talk:
    """A host, streams and a design; what went in and came out is kept, cycle by cycle."""

    design: Clocked
    model: Model
    manager: Manager
    streams: Streams
    given: list[tuple[Integers, bool]] = field(default_factory=list)
    seen: list[Integers] = field(default_factory=list)

    def cycle(self, reset: bool = False) -> None:
        given = self.manager.drive() | self.streams.drive()
        seen = self.design.step(given, reset)
        self.given.append((given, reset))
        self.seen.append(seen)
        if reset:
            self.model = Model(self.model.constants)
            self.manager.reset()
            self.streams.lose()
            return
        self.model.check(seen)
        cleared = self.model.pulses & CLEAR
        self.manager.watch(given, seen)
        self.streams.watch(given, seen)
        self.model.clock(given, seen)
        if cleared:
            self.streams.lose()

    def run(self, cycles: int, resets: Sequence[int] = ()) -> None:
        for number in range(cycles):
            self.cycle(number in resets)

    def finish(self, most: int = 20_000) -> None:
        """Until all packets are answered."""
        for _ in range(most):
            if self.streams.done and not self.model.busy:
                return
            self.cycle()
        raise AssertionError("packets are not answered")

    def ask(self, *accesses: Access) -> list[tuple[int, int]]:
        """Make accesses, one behind the other; gives the responses to reads."""
        self.quiet()
        found = []
        for access in accesses:
            self.manager = Manager([access], self.manager.random, self.manager.chance)
            self.quiet()
            found += self.manager.responses
        return found

    def quiet(self) -> None:
        """Until the bus has nothing left to do."""
        while not (self.manager.is_done and self.model.is_quiet):
            self.cycle()

    def read(self, name: str) -> int:
        ((response, word),) = self.ask(Access(AT[name]))
        assert response == OKAY
        return word
