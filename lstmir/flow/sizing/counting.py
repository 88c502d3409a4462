"""How much there is of each kind of logic in a design: what the coefficients of the families weigh."""

from __future__ import annotations

from collections import Counter

from lstmir.flow.sizing.choices import choice_luts
from lstmir.flow.sizing.constants import Constants
from lstmir.flow.sizing.cover import Cover
from lstmir.flow.sizing.memories import Stored, made_of
from lstmir.flow.sizing.multipliers import dsp_blocks
from lstmir.flow.sizing.needs import needed_bits
from lstmir.flow.sizing.netlist import (
    LITERAL,
    REGISTER,
    ROM,
    Netlist,
    clips,
    is_wires,
    rounds,
    width,
)
from lstmir.flow.sizing.packing import Packing
from lstmir.flow.sizing.roms import distinct_bits, rom_luts
from lstmir.flow.sizing.rules import Rules
from lstmir.flow.sizing.shifts import shift_registers
from lstmir.interpreter.rtl_design import rounded_range
from lstmir.ir.operation import Operation, Value
from lstmir.numeric.fixed import narrowest

_CARRIES = ("arith.add", "arith.sub", "arith.neg")
_MERGED = ("arith.add", "arith.sub")
"""Sums that take in the sums that are their terms."""
_LEAST_CHAIN = 5
"""Bits of a sum from which on it is a chain of carries everywhere."""
_CHOICE = 3
"""Inputs of what chooses one of two."""
_CONTROLS = 4
"""Decisions in a row that enables and resets of registers can say, at most."""


class Counting:
    """The sums: `kinds` in bits, `dsp` and `bram` in blocks."""

    def __init__(self, netlist: Netlist, rules: Rules) -> None:
        self.netlist, self.rules = netlist, rules
        self.needs = needed_bits(netlist)
        self.cover = Cover(netlist, rules, self.needs)
        self.packing = Packing(netlist, rules)
        self.constants = Constants(netlist)
        self.kinds: Counter[str] = Counter()
        self.made = {memory: made_of(netlist, memory, rules) for memory in netlist.reads}
        self._decided: set[tuple[tuple[Value, bool], ...]] = set()
        self.dsp, self.bram = 0, sum(made.blocks for made in self.made.values())
        self.shifted = self._shifted()
        for op in netlist.design.operations:
            self._operation(op)
        for state, value in netlist.nexts.items():
            self._register(state, value)
        self.kinds["control"] = len(self._decided)
        for value in netlist.design.outputs.values():
            self.cover.demand(value)
        for made in self.made.values():
            self._memory(made)
        self.kinds.update(self.cover.kinds)

    def _memory(self, made: Stored) -> None:
        self.kinds["lutram"] += made.luts
        self.kinds["file"] += made.registers
        self.kinds["file_word"] += made.written
        choice = choice_luts(made.rows, self.rules.choices) if self.rules.choices else made.rows - 1
        kind = "file_choice" if made.registers else "bank_choice"
        self.kinds[kind] += round(made.chosen * choice) if made.rows > 1 else 0

    def _operation(self, op: Operation) -> None:
        if op.name in ("rtl.write", "rtl.read"):
            for value in op.operands[1:]:
                self.cover.demand(value)
        if op.name in _CARRIES:
            self._sum(op)
        elif op.name == "arith.mul":
            self._product(op)
        elif op.name == "fx.requantize" and not is_wires(op):
            self._requantize(op)
        elif op.name == "arith.compare" and not self.cover.is_narrow(op):
            self._compare(op)
        elif op.name == "rtl.read":
            self._table(op.operands[0])

    def _product(self, op: Operation) -> None:
        for value in op.operands:
            self.cover.demand(value)
        blocks = dsp_blocks(op, self.rules)
        self.dsp += blocks
        if not blocks:
            self.kinds["product"] += width(op.operands[0]) * width(op.operands[1])

    def _sum(self, op: Operation) -> None:
        terms = [value for value in op.operands if not self.netlist.is_constant(value)]
        for value in terms:
            if not self._is_chosen_within(value):
                self.cover.demand(value)
        added, carried = self.constants.summed(op, self.needs.get(op.result, 0))
        bits = added + carried
        if bits >= _LEAST_CHAIN and self._is_merged(op):
            self.kinds["carry_save"] += bits
        elif len(terms) < 2 and op.name != "arith.neg":
            self.kinds["step"] += bits
        elif bits < _LEAST_CHAIN:
            self.kinds["narrow_sum"] += bits
        elif self._adds_product(op):
            self.kinds["product_sum"] += bits
        else:
            self.kinds["sum"] += added
            self.kinds["step"] += carried

    def _is_merged(self, op: Operation) -> bool:
        """Whether a sum is only a term of another one: only the last of such sums has a chain of carries.

        Yosys (`alumacc`, `maccmap`) saves the carries of the others, and adds them as one more term.
        """
        readers = self.netlist.readers.get(op.result, set())
        if len(readers) != 1 or op in self.packing.sums:
            return False
        (reader,) = readers
        return reader is not None and reader.name in _MERGED and op.result in reader.operands

    def _is_chosen_within(self, term: Value) -> bool:
        """Whether a term is made by the sum itself: a choice that nobody else reads."""
        source = self.netlist.source(term)
        is_own = source.op.name == "arith.select" and self.netlist.uses[source] == 1
        return self.rules.sums_choose and is_own and len(self.cover.inputs(source)) <= _CHOICE

    def _adds_product(self, op: Operation) -> bool:
        """Whether a term is a product, or was one before registers: blocks that multiply add, too."""
        if self.rules.blocks_add:
            return op in self.packing.sums
        return any(self.netlist.origin(value).op.name == "arith.mul" for value in op.operands)

    def _requantize(self, op: Operation) -> None:
        self.cover.demand(op.operands[0])
        rounded = narrowest(*rounded_range(op), 0).width
        if rounds(op):
            self.kinds["round"] += rounded
        if clips(op):
            self.kinds["clip"] += width(op.result)
            self.kinds["clip_top"] += max(0, rounded - width(op.result) + 1)

    def _compare(self, op: Operation) -> None:
        a, b = op.operands
        for value in op.operands:
            self.cover.demand(value)
        is_constant = LITERAL in (a.op.name, b.op.name)
        carries = op.attributes["predicate"] not in ("eq", "ne") and not is_constant
        self.kinds["order" if carries else "equal"] += width(a) * (
            1 if is_constant or carries else 2
        )

    def _table(self, memory: Value) -> None:
        if memory.op.name != ROM or self.made[memory].blocks:
            return
        words = self.netlist.words(memory)
        functions, choices = rom_luts(words, width(memory), self.rules.lut_inputs)
        self.kinds["rom"] += functions
        self.kinds["rom_choice"] += choices

    # -- registers --------------------------------------------------------------------------

    def _register(self, state: Value, value: Value) -> None:
        """What is in front of a register; its enable and its reset cost no logic of its width.

        Registers that share the decisions share what says them, too.
        """
        if state in self.shifted:
            return
        if state not in self.packing.registers:
            self.kinds[f"ff_{self._stands_behind(value)}"] += self._kept_bits(state)
        decisions: list[tuple[Value, bool]] = []
        for _ in range(_CONTROLS):
            op = self.netlist.source(value).op
            if op.name != "arith.select" or width(op.result) != width(state):
                break
            condition, yes, no = op.operands
            kept = (self.netlist.source(yes), self.netlist.source(no))
            if state in kept:
                value = no if self.netlist.source(yes) == state else yes
            elif LITERAL in (yes.op.name, no.op.name) and self.netlist.uses[op.result] == 1:
                value = no if yes.op.name == LITERAL else yes
            else:
                break
            self.cover.demand(condition)
            decisions.append((self.netlist.source(condition), state in kept))
            self._decided.add(tuple(decisions))
        self.cover.demand(value)

    def _kept_bits(self, state: Value) -> int:
        """The bits that registers are for; of a constant memory's word, those that differ from each other."""
        bits, op = self.needs.get(state, 0), self.netlist.origin(state).op
        if (
            op.name != "rtl.read"
            or op.operands[0].op.name != ROM
            or self.made[op.operands[0]].blocks
        ):
            return bits
        memory = op.operands[0]
        return min(bits, distinct_bits(self.netlist.words(memory), width(memory)))

    def _stands_behind(self, value: Value) -> str:
        """What gives a register its value, by whether that has registers inside."""
        op = self.netlist.source(value).op
        if op.name == "rtl.read" and op.operands[0].op.name == ROM:
            return "block" if self.made[op.operands[0]].blocks else "table"
        if op.name in _CARRIES and self._adds_product(op):
            return "product_sum"
        return {"arith.mul": "product", REGISTER: "delay"}.get(op.name, "logic")

    def _shifted(self) -> set[Value]:
        """The registers of shift registers, which are LUTs where there are any."""
        if not self.rules.shift_stages:
            return set()
        chains = shift_registers(self.netlist, {s for s in self.netlist.nexts if self._is_logic(s)})
        for chain in chains:
            self.kinds["shift"] += self.needs.get(chain[0], 0) * -(
                -len(chain) // self.rules.shift_stages
            )
            self.cover.demand(self.netlist.source(self.netlist.nexts[chain[-1]]))
        return {state for chain in chains for state in chain}

    def _is_logic(self, state: Value) -> bool:
        """Whether a register is none that blocks have inside."""
        behind = self._stands_behind(self.netlist.nexts[state])
        return state not in self.packing.registers and behind != "block"
