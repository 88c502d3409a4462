"""When everything happens: the vocabulary of schedules, and how long values take through the array.

Cycle 0 of a nest is the one in which the sequencer shows its first tile. A value is `ready` in the
cycle in which it can be used.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from lstmir.passes.machine.nest import Nest
from lstmir.passes.machine.orders import Order
from lstmir.passes.machine.program import Program, Result

# Between registers stands at most one memory read, or one multiplication, or one addition.
NEAR_READY = 2  # the neighbours, read from a vector's memory a cycle after its address


def adder_levels(columns: int) -> int:
    """Levels of two-input adders that sum the products of a row."""
    return (columns - 1).bit_length()


def adder_stages(program: Program) -> int:
    """Cycles in which the products of a row are added up, before what is left is added to the sum."""
    return adder_levels(max(program.columns)) // program.adders


def chosen_ready(program: Program) -> int:
    """The cycle after a tile in which each multiplier's neighbour is chosen."""
    held = program.is_indexed and program.phases > 1
    return NEAR_READY + (program.is_indexed or program.is_deep) + held


def operand_ready(program: Program) -> int:
    """The cycle after a tile in which its operands and weights meet."""
    return chosen_ready(program) + program.input_stages


def sums_ready(program: Program) -> int:
    """The cycle after a tile in which its products are in the sums."""
    return operand_ready(program) + 2 + adder_stages(program)


def argmax_latency(words: int, tails: int) -> int:
    """Cycles from the last score's store to that of the index.

    Scores are registered, compared with each other in levels, and with the best so far.
    """
    return 2 + adder_levels(min(words, tails))


def tail_begins(program: Program, nest: Nest) -> int:
    """Cycle 0 of the tail for a group's first unit, after the group's last tile.

    The sums of several units are held, and chosen from; those of one are taken as they come.
    """
    return sums_ready(program) + (2 if nest.turns > 1 else 0)


@dataclass(frozen=True)
class Access:
    """A load or store of a nest's tail: the memory, and the cycle of the tail."""

    nest: int
    memory: int
    start: int
    is_store: bool
    is_new: bool


@dataclass(frozen=True)
class Slot:
    """When a nest starts, from the step's or the finish's first tile on, and in which order it runs."""

    start: int
    order: Order


@dataclass(frozen=True, slots=True)
class Timing:
    """Cycles of the machine.

    The next step may start `step` cycles after a step. The finish starts `gap` cycles after the
    last step has ended, and takes `finish` cycles. A step's input is read for the last time
    `release` cycles after its start. `results` are the cycles, from the start of the step or the
    finish that writes them, in which each word can leave; `room` words wait for the output at most.
    Each multiplier of the array has `input_stages` registers of its own in front; between registers
    stand at most so many levels of `adders`; where vectors are `forwarding`, the array reads words in the
    cycle in which they are stored. One that `takes_packets` begins when a whole sequence is
    there. A beat has so many `lanes`, and `buffers` steps of the input are held. The nest `reader` reads
    a step's input last: its tail in its cycle `tail_reads`, or the array. `latest` is the part of the
    result that is whole last. Where `steps_promise`, the room for a result is that of its last step,
    which gives a part of it, although more runs behind.

    Where a sequence is worked off in phases, `step` is the first one's, `later` has for each other
    one its gap, from the end of the one before, and the interval of its steps; the input is read to the
    last in phase `reads`, and steps of phase `promises` take room. A result that `is_whole` leaves when
    all of its sequence is there; then `room` counts sequences.
    """

    step: int
    gap: int
    finish: int
    release: int
    results: tuple[int, ...]
    every_step: bool
    room: int
    input_stages: int
    adders: int
    takes_packets: bool
    lanes: int = 1
    buffers: int = 2
    reader: int = 0
    tail_reads: int | None = None
    latest: int = 0
    steps_promise: bool | None = None
    later: tuple[tuple[int, int], ...] | None = None
    reads: int | None = None
    promises: int | None = None
    is_whole: bool | None = None
    forwarding: bool | None = None

    @property
    def gaps(self) -> tuple[int, ...]:
        """The idle cycles before each phase."""
        return (0, *(gap for gap, _ in self.later or ()))

    @property
    def steps(self) -> tuple[int, ...]:
        """The interval of the steps of each phase."""
        return (self.step, *(step for _, step in self.later or ()))

    @property
    def all_steps(self) -> int:
        """The cycles that a step of the input takes, in all phases."""
        return sum(self.steps)

    def attribute(self) -> dict[str, object]:
        """As an attribute of the module."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def timing_from(attribute: dict[str, object]) -> Timing:
    """The attribute read back."""
    later = attribute.get("later")
    if later is not None:
        attribute = {**attribute, "later": tuple(map(tuple, later))}  # type: ignore[call-overload]
    return Timing(**attribute)  # type: ignore[arg-type]


def result_tails(program: Program) -> int:
    """How many words of the result are stored at once; those of several parts come one by one."""
    if any(part.pick for part in program.result.parts):
        return 1
    (tails,) = {nest.tails for nest in program.nests if nest.stores & {*program.result.memories}}
    return tails


def output_rows(result: Result, tails: int, results: int) -> int:
    """Rows of the output's memory, of a word from each tail, for so many results."""
    turns = -(-result.count // tails)
    return 1 << max(1, (turns * results - 1).bit_length())
