"""What the rules that print operations work with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from lstmir.backends.hls_cpp.constants import Constants
from lstmir.backends.hls_cpp.formats import Types
from lstmir.backends.hls_cpp.names import Scope
from lstmir.backends.hls_cpp.parallel import find_accesses
from lstmir.backends.hls_cpp.places import Move, Place, find_places
from lstmir.backends.hls_cpp.sequences import Sequences
from lstmir.backends.hls_cpp.writer import Writer
from lstmir.ir.module import Module
from lstmir.ir.operands import segment
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.steps import width_of
from lstmir.ir.types import shape_of

OWN_NAMES = ("input", "output", "last", "step", "steps", "tile", "packet", "ap_fixed", "ap_ufixed")
"""What the text of a design means by names of its own."""


class Program:
    """The C++ of a function, while it is printed."""

    def __init__(self, module: Module, name: str) -> None:
        region = module.main.region
        self.places = find_places(region)
        self.sequences = Sequences(module.main)
        self.accesses = find_accesses(list(region.walk()), self.places)
        outermost = Scope(taken=[*OWN_NAMES, name])
        self.constants = Constants(module.resources, outermost)
        self.type = Types()
        self.writer = Writer(1)
        self.labels = Scope()
        self._names: dict[Place, str] = {}
        self._scope = Scope(outermost)

    # -- text -------------------------------------------------------------------------------

    def region(self, region: Region) -> None:
        """Print a region's operations, and what must be copied between them."""
        for op in region.operations():
            if any(value in self.sequences.parts for value in op.results) and not op.regions:
                continue  # words of a sequence that lives elsewhere
            if op in self.sequences.shapes:
                continue
            for move in self.places.before[op]:
                self.move(move)
            if op is region.end:
                self.emit(region)
                for move in self.places.at_end[region]:
                    self.move(move)
            RULES[op.name](self, op)

    @property
    def answers_at_once(self) -> bool:
        """Whether each step is answered before the next one is read."""
        return self.sequences.is_streamed and self.sequences.gives_steps

    def emit(self, body: Region) -> None:
        """Print what becomes of the values that a step emits, before the next step overwrites them."""
        scan = body.owner
        if scan is None or scan.name != "rnn.scan":
            return
        emitted = dict(zip(scan.results, segment(body.end, "emit"), strict=False))
        if self.sequences.is_streamed:
            emitted |= dict(zip(segment(scan, ""), body.arguments, strict=False))
            if self.sequences.gives_steps:
                self.write_words({v: self.name(inner) for v, inner in emitted.items()}, "last")
            return
        for value, inner in emitted.items():
            self.call("tile::copy", f"{self.name(value)}[step]", self.name(inner))

    def write_words(self, sources: Mapping[Value, str], last: str) -> None:
        """Print how a step of the results leaves, given the arrays with the words of its sources."""
        *front, end = self.sequences.answer
        for words, ends in [*((each, "false") for each in front), (end, last)]:
            arguments = sources[words.source], str(words.start), str(words.size), ends
            self.call("packet::write_words", "output", *arguments)

    def buffer(self, value: Value) -> str:
        """Name and declare the memory of all steps of a sequence."""
        name = self.declare(self.places.of[value])
        sizes = f"[MOST_STEPS][{width_of(value)}]"
        self.writer.line(f"static {self.type(value.type)} {name}{sizes};")
        return name

    @contextmanager
    def nested(self) -> Iterator[None]:
        """Names taken in here are free again afterwards."""
        outer, self._scope = self._scope, Scope(self._scope)
        yield
        self._scope = outer

    def call(self, function: str, *arguments: str) -> None:
        """Print a call of one of the functions that come with the program."""
        self.writer.line(f"{function}({', '.join(arguments)});")

    # -- values -----------------------------------------------------------------------------

    def name(self, value: Value) -> str:
        """How the program calls a value."""
        return self.place_name(self.places.of[value])

    def place_name(self, place: Place) -> str:
        """How the program calls a place."""
        return self.constants.name(place.value) if place.kind == "bits" else self._names[place]

    def is_stored(self, value: Value) -> bool:
        """Whether a value is the stored bits of a constant, to be decoded where it is read."""
        return self.places.of[value].kind == "bits"

    def declare(self, place: Place) -> str:
        """Name a new place; an array is also declared."""
        name = self._scope.take(_hint(place.value))
        self._names[place] = name
        if place.kind == "array":
            type_ = place.value.type
            sizes = "".join(f"[{size}]" for size in shape_of(type_))
            self.writer.line(f"{self.type(type_)} {name}{sizes};")
            for pragma in self.accesses[place].pragmas(place, name):
                self.writer.pragma(pragma)
        return name

    def stored_pragmas(self) -> Iterator[str]:
        """The directives for the constants that the program reads."""
        stored = [place for place in self.places.of.values() if place.kind == "bits"]
        named = {self.constants.name(place.value): place for place in stored}
        for name, place in named.items():
            yield from self.accesses[place].pragmas(place, name)

    def result(self, op: Operation) -> str:
        """The array of an operation's one result, declared if it is new."""
        place = self.places.of[op.result]
        return self._names[place] if place in self._names else self.declare(place)

    def define(self, op: Operation, expression: str) -> None:
        """Print an operation with a scalar result."""
        name = self.declare(self.places.of[op.result])
        self.writer.line(f"const {self.type(op.result.type)} {name} = {expression};")

    def move(self, move: Move) -> None:
        """Print a copy from one place to another."""
        source, target = move.source, move.target
        is_bits = source.kind == "bits"
        if target.kind == "array":
            array = self.declare(target) if move.fresh else self.place_name(target)
            self.call("tile::fill" if is_bits else "tile::copy", array, self.place_name(source))
            return
        type_ = self.type(target.value.type)
        text = self.place_name(source)
        text = f"tile::decoded<{type_}>({text})" if is_bits else text
        head = f"{type_} {self.declare(target)}" if move.fresh else self.place_name(target)
        self.writer.line(f"{head} = {text};")


Rule = Callable[[Program, Operation], None]
RULES: dict[str, Rule] = {}


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Enter how operations are printed."""

    def enter(print_: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, print_))
        return print_

    return enter


def _hint(value: Value) -> str:
    """Its name in the IR, or what made it."""
    return value.name or value.op.name.rpartition(".")[2].replace("entry", "argument")
